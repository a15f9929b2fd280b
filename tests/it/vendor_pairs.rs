//! Files that tools exported of one reference model, saved over each other by REST: the way of a team that
//! edits one diagram with two tools.
//!
//! `ATELIER_CORPUS` names a folder of BPMN files that stay out of the project; those of the BPMN Model Interchange
//! Working Group carry the model's number in their names. Without it, fixtures stand in for them.

use std::collections::BTreeMap;
use std::path::Path;

use atelier::bpmn::{self, c14n};
use futures_util::{StreamExt, stream};
use reqwest::StatusCode;
use serde_json::Value;

use crate::corpus_roundtrip::bpmn_files;
use crate::editor::{Editor, xml_of};
use crate::harness::Server;

/// Fixtures that hold about the same, as two tools would write it.
const ALIKE: [&str; 5] =
    ["prefix-bpmn", "prefix-bpmn2", "prefix-default", "prefix-semantic", "single-quotes"];

/// Pairs that are saved at the same time, each in a diagram of its own.
const AT_ONCE: usize = 4;

/// An exported file.
struct Export {
    file: String,
    bytes: Vec<u8>,
}

/// Readable files by the model that they are of.
fn exports() -> BTreeMap<String, Vec<Export>> {
    let mut models = BTreeMap::<_, Vec<_>>::new();
    let mut add = |model: String, path: &Path| {
        let bytes = std::fs::read(path).unwrap();
        if bpmn::import(&bytes).is_ok() {
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            models.entry(model).or_default().push(Export { file, bytes });
        }
    };
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for name in ALIKE {
        add("fixtures".to_owned(), &fixtures.join(name).with_extension("bpmn"));
    }
    if let Some(folder) = std::env::var_os("ATELIER_CORPUS") {
        for path in bpmn_files(Path::new(&folder)) {
            if let Some(model) = reference_model(&path.file_name().unwrap().to_string_lossy()) {
                add(model, &path);
            }
        }
    }
    models
}

/// `A.4.0` of `miwg-058-Bizagi-Modeler-2.8.0.8-A.4.0-roundtrip.bpmn`.
fn reference_model(file: &str) -> Option<String> {
    let parts = file.strip_prefix("miwg-")?.split('-');
    parts.into_iter().find_map(|part| {
        let number = part.strip_prefix(['A', 'B', 'C'])?.strip_prefix('.')?;
        let digits: Vec<_> = number.split('.').take(2).collect();
        let is_number = |d: &&str| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit());
        let model = format!("{}.{}", &part[..1], digits.join("."));
        (digits.len() == 2 && digits.iter().all(is_number)).then_some(model)
    })
}

/// Where the way from `a` to `b` goes wrong; nothing if it does not.
async fn fault(server: &Server, a: &Export, b: &Export) -> Option<String> {
    let ana = server.member();
    let created = server.post_xml(&ana, a.bytes.clone()).await;
    if created.status() != StatusCode::CREATED {
        return Some(format!("not created: {}", created.text().await.unwrap()));
    }
    let id = created.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    let mut live = Editor::join(server, &ana, &id, 11).await;

    let saved = server.put_xml(&ana, &id, "\"v1\"", b.bytes.clone()).await;
    if saved.status() != StatusCode::OK {
        return Some(format!("not saved: {}", saved.text().await.unwrap()));
    }
    let saved: Value = saved.json().await.unwrap();
    if saved["conflicts"] != Value::Array(Vec::new()) {
        return Some(format!("conflicts: {}", saved["conflicts"]));
    }
    if (live.updates_by_now().await > 0) != (saved["changed"] == true) {
        return Some(format!("live clients did not see what the answer says: {saved}"));
    }
    let (tag, text) = xml_of(server, &ana, &id).await;
    if c14n(text.as_bytes()) != c14n(&b.bytes) {
        return Some("the diagram is not what was saved".to_owned());
    }
    let again = server.put_xml(&ana, &id, &tag, b.bytes.clone()).await;
    let again: Value = again.json().await.unwrap();
    if again["changed"] != false {
        return Some(format!("the second save changed something: {again}"));
    }
    let updates = live.updates_by_now().await;
    (updates > 0).then(|| "the second save reached the live diagram".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_saved_over_another_of_the_same_model_gives_it_and_saved_again_nothing() {
    let server = Server::start_with(|config| {
        config.rates.writes_per_minute = 0;
        config.rates.requests_per_second = 0;
    })
    .await;
    let exports = exports();
    let pairs: Vec<_> = exports
        .values()
        .flat_map(|model| model.iter().flat_map(move |a| model.iter().map(move |b| (a, b))))
        .filter(|(a, b)| a.file != b.file)
        .collect();
    let faults: Vec<_> = stream::iter(&pairs)
        .map(async |(a, b)| {
            fault(&server, a, b).await.map(|fault| format!("{} <- {}: {fault}", a.file, b.file))
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(async |fault| fault)
        .collect()
        .await;
    println!("{} pairs of {} models", pairs.len(), exports.len());
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}
