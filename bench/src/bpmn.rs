//! What it costs to read, write and save a large diagram: CPU time of this process for the texts, and of a server
//! for saves.

use std::fmt::Write;
use std::path::Path;

use atelier::bpmn;

use crate::Failure;
use crate::server::{Server, usage_of};

/// How often each work is repeated: the kernel counts CPU time in steps of 10 ms.
const TIMES: u32 = 20;
/// Elements of the large diagram: as many tasks as flows between them.
const ELEMENTS: usize = 5_000;
const MIB: f64 = 1024.0 * 1024.0;

/// Runs it.
pub async fn run(binary: &Path) -> Result<(), Failure> {
    let text = large();
    let size = text.len() as f64 / MIB;
    println!("{ELEMENTS} elements, {size:.2} MiB");

    let import = cpu_ms(|| bpmn::import(text.as_bytes()).map(drop).map_err(Failure::from))?;
    let records = bpmn::import(text.as_bytes())?;
    let write = cpu_ms(|| {
        drop(bpmn::materialise(&records));
        Ok(())
    })?;
    let update = bpmn::seed_update(&records, 1);
    let read = cpu_ms(|| bpmn::read_update(&update).map(drop).ok_or_else(|| "no document".into()))?;
    println!("import                {import:.1} ms, {:.1} per MiB", import / size);
    println!("materialise           {write:.1} ms, {:.1} per MiB", write / size);
    println!("document to records   {read:.1} ms, {:.1} per MiB", read / size);

    // The same diagram in other bytes: what is equal need not be read.
    let other = text.replace('"', "'");
    let server = Server::start(binary, &[]).await?;
    let path = server.upload(&text).await?;
    server.save(&path, &other).await?;
    let before = server.usage()?.cpu_seconds;
    for _ in 0..TIMES {
        server.save(&path, &other).await?;
    }
    let cpu = (server.usage()?.cpu_seconds - before) * 1000.0 / f64::from(TIMES);
    server.stop().await?;
    println!("save without a change {cpu:.1} ms of the server's CPU");
    Ok(())
}

/// The mean CPU time of this process for a work, milliseconds.
fn cpu_ms(mut work: impl FnMut() -> Result<(), Failure>) -> Result<f64, Failure> {
    let me = std::process::id();
    let before = usage_of(me)?.cpu_seconds;
    for _ in 0..TIMES {
        work()?;
    }
    Ok((usage_of(me)?.cpu_seconds - before) * 1000.0 / f64::from(TIMES))
}

/// A chain of tasks with flows between them, in rows, as modelers write it.
fn large() -> String {
    let tasks = ELEMENTS / 2;
    let (mut model, mut drawing) = (String::new(), String::new());
    for n in 0..tasks {
        let next = (n + 1) % tasks;
        let (x, y) = (n % 50 * 150, n / 50 * 120);
        let _ = write!(
            model,
            "    <bpmn:task id=\"Task_{n}\" name=\"Work on step {n}\">\n      <bpmn:incoming>Flow_{}</bpmn:incoming>\n      \
             <bpmn:outgoing>Flow_{n}</bpmn:outgoing>\n    </bpmn:task>\n    <bpmn:sequenceFlow id=\"Flow_{n}\" \
             sourceRef=\"Task_{n}\" targetRef=\"Task_{next}\" />\n",
            (n + tasks - 1) % tasks,
        );
        let _ = write!(
            drawing,
            "      <bpmndi:BPMNShape id=\"Task_{n}_di\" bpmnElement=\"Task_{n}\">\n        <dc:Bounds x=\"{x}\" y=\"{y}\" \
             width=\"100\" height=\"80\" />\n      </bpmndi:BPMNShape>\n      <bpmndi:BPMNEdge id=\"Flow_{n}_di\" \
             bpmnElement=\"Flow_{n}\">\n        <di:waypoint x=\"{}\" y=\"{}\" />\n        <di:waypoint x=\"{}\" \
             y=\"{}\" />\n      </bpmndi:BPMNEdge>\n",
            x + 100,
            y + 40,
            next % 50 * 150,
            next / 50 * 120 + 40,
        );
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<bpmn:definitions \
         xmlns:bpmn=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
         xmlns:bpmndi=\"http://www.omg.org/spec/BPMN/20100524/DI\" \
         xmlns:dc=\"http://www.omg.org/spec/DD/20100524/DC\" xmlns:di=\"http://www.omg.org/spec/DD/20100524/DI\" \
         id=\"Definitions_1\" targetNamespace=\"http://example.com/large\">\n  <bpmn:process id=\"Process_1\" \
         isExecutable=\"false\">\n{model}  </bpmn:process>\n  <bpmndi:BPMNDiagram id=\"Diagram_1\">\n    \
         <bpmndi:BPMNPlane id=\"Plane_1\" bpmnElement=\"Process_1\">\n{drawing}    </bpmndi:BPMNPlane>\n  \
         </bpmndi:BPMNDiagram>\n</bpmn:definitions>\n"
    )
}
