//! The golden cases, and how those that start from a text come about.

use yrs::Doc;

/// A golden case.
pub(super) struct Case {
    pub(super) name: &'static str,
    /// The rules of DOCUMENT.md that it shows.
    pub(super) rules: &'static [&'static str],
    pub(super) about: &'static str,
    pub(super) source: Source,
}

/// What a case starts from.
pub(super) enum Source {
    /// A text.
    Text(String),
    /// A text in some encoding.
    Bytes(Vec<u8>),
    /// Replicas of one document, to be merged.
    Docs(Vec<Doc>),
}

const BPMN: &str = "xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\"";
const DI: &str = "xmlns:bpmndi=\"http://www.omg.org/spec/BPMN/20100524/DI\" \
    xmlns:dc=\"http://www.omg.org/spec/DD/20100524/DC\" \
    xmlns:di=\"http://www.omg.org/spec/DD/20100524/DI\"";

/// The diagram that the merged cases start from.
pub(super) const BASE: &str = r#"  <message id="Message_1"/>
  <collaboration id="Collaboration_1">
    <participant id="Participant_1" processRef="Process_1"/>
    <participant id="Participant_2"/>
    <messageFlow id="MessageFlow_1" sourceRef="Task_1" targetRef="Participant_2"/>
  </collaboration>
  <process id="Process_1">
    <laneSet id="LaneSet_1">
      <lane id="Lane_1">
        <flowNodeRef>Start_1</flowNodeRef>
        <flowNodeRef>Task_1</flowNodeRef>
      </lane>
      <lane id="Lane_2"/>
    </laneSet>
    <startEvent id="Start_1">
      <outgoing>Flow_1</outgoing>
    </startEvent>
    <userTask id="Task_1" name="Do" implementation="x" default="Flow_2">
      <incoming>Flow_1</incoming>
      <outgoing>Flow_2</outgoing>
    </userTask>
    <boundaryEvent id="Boundary_1" attachedToRef="Task_1"/>
    <subProcess id="Sub_1">
      <incoming>Flow_2</incoming>
      <task id="Task_2"/>
    </subProcess>
    <subProcess id="Sub_2"/>
    <sequenceFlow id="Flow_1" sourceRef="Start_1" targetRef="Task_1"/>
    <sequenceFlow id="Flow_2" sourceRef="Task_1" targetRef="Sub_1"/>
  </process>
  <bpmndi:BPMNDiagram id="Diagram_1">
    <bpmndi:BPMNPlane id="Plane_1" bpmnElement="Collaboration_1">
      <bpmndi:BPMNShape id="Start_1_di" bpmnElement="Start_1">
        <dc:Bounds x="0" y="10" width="36" height="36"/>
      </bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="Task_1_di" bpmnElement="Task_1">
        <dc:Bounds x="100" y="0.50" width="100" height="80"/>
        <bpmndi:BPMNLabel/>
      </bpmndi:BPMNShape>
      <bpmndi:BPMNEdge id="Flow_1_di" bpmnElement="Flow_1">
        <di:waypoint x="36" y="28"/>
        <di:waypoint x="100" y="28"/>
      </bpmndi:BPMNEdge>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
  <bpmndi:BPMNDiagram id="Diagram_2">
    <bpmndi:BPMNPlane id="Plane_2" bpmnElement="Sub_1"/>
  </bpmndi:BPMNDiagram>
"#;

pub(super) fn definitions(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<definitions {BPMN} {DI} id=\"Definitions_1\">\n{body}</definitions>\n"
    )
}

fn text(
    name: &'static str,
    rules: &'static [&'static str],
    about: &'static str,
    text: &str,
) -> Case {
    Case { name, rules, about, source: Source::Text(text.to_owned()) }
}

/// All cases.
pub(super) fn all() -> Vec<Case> {
    let mut cases = imports();
    cases.extend(encodings_and_refusals());
    cases.extend(super::histories::all());
    cases
}

fn imports() -> Vec<Case> {
    let base = definitions(BASE);
    vec![
        text(
            "import-base",
            &["D3", "D6", "D7", "D11"],
            "ids, roles, references, lists, geometry",
            &base,
        ),
        text(
            "import-prefixes",
            &["D4", "N9"],
            "one prefix, two namespaces; an undeclared default namespace; a default below the root",
            "<b:definitions xmlns:b=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" xmlns:x=\"urn:1\">\n  \
             <b:task xmlns:x=\"urn:2\" x:a=\"1\" id=\"t\"/>\n  <y xmlns=\"urn:3\">\n    <z xmlns=\"\"/>\n  \
             </y>\n  <plain/>\n</b:definitions>\n",
        ),
        text(
            "import-text",
            &["D5", "D12"],
            "CDATA, mixed content, comments and instructions everywhere, significant white space",
            "<!-- before -->\n<?p  data?>\n<a>\n  <b><![CDATA[x < y]]></b>\n  <c>one <d/> two<![CDATA[3]]></c>\n  \
             <e xml:space=\"preserve\"> <f/> </e>\n  <g>  </g>\n  <!-- in -->\n</a>\n<!-- after -->\n",
        ),
        text(
            "import-references",
            &["D7"],
            "prefixes and white space of references stay; what does not resolve is a string",
            &format!(
                "<definitions {BPMN} xmlns:t=\"urn:t\" xmlns:o=\"urn:o\" targetNamespace=\"urn:t\">\n  \
                 <message id=\"m\"/>\n  <process id=\"p\">\n    <receiveTask id=\"a\" messageRef=\"t:m\"/>\n    \
                 <receiveTask id=\"b\" messageRef=\"o:m\"/>\n    <receiveTask id=\"c\" messageRef=\" m \"/>\n    \
                 <receiveTask id=\"d\" messageRef=\"gone\"/>\n    <task id=\"e\">\n      <property id=\"q\"/>\n      \
                 <outgoing>\n  f\n</outgoing>\n    </task>\n    \
                 <sequenceFlow id=\"f\" sourceRef=\"e\" targetRef=\"a\"/>\n  </process>\n</definitions>\n"
            ),
        ),
        text(
            "import-broken",
            &["D13"],
            "what the source has broken is marked and comes out as it came in",
            &definitions(
                "  <process id=\"p\">\n    <task id=\"a\">\n      <incoming>f</incoming>\n    </task>\n    \
                 <task id=\"a\"/>\n    <task id=\" b \"/>\n    <sequenceFlow id=\"f\" sourceRef=\"a\"/>\n    \
                 <sequenceFlow id=\"g\" sourceRef=\"a\" targetRef=\"p\"/>\n  </process>\n  \
                 <bpmndi:BPMNDiagram>\n    <bpmndi:BPMNPlane id=\"l\">\n      <bpmndi:BPMNShape id=\"s\"/>\n      \
                 <bpmndi:BPMNShape id=\"t\" bpmnElement=\"a\"/>\n      \
                 <bpmndi:BPMNShape id=\"u\" bpmnElement=\"a\"/>\n      \
                 <bpmndi:BPMNEdge id=\"v\" bpmnElement=\"g\"/>\n    </bpmndi:BPMNPlane>\n  \
                 </bpmndi:BPMNDiagram>\n",
            ),
        ),
        text(
            "import-apart",
            &["D13", "N11"],
            "flows between containers, and events and flows beside others than their ends, stay where the source has them",
            &definitions(
                "  <process id=\"p\">\n    <task id=\"a\"/>\n    <subProcess id=\"s\">\n      <task id=\"b\"/>\n      \
                 <boundaryEvent id=\"e\" attachedToRef=\"a\"/>\n    </subProcess>\n    \
                 <sequenceFlow id=\"f\" sourceRef=\"a\" targetRef=\"b\"/>\n    \
                 <sequenceFlow id=\"g\" sourceRef=\"b\" targetRef=\"b\"/>\n  </process>\n",
            ),
        ),
        text(
            "import-typed-waypoints",
            &["D11"],
            "waypoints that carry an attribute, labels with bounds, geometry that is not regular",
            &format!(
                "<definitions {BPMN} {DI} xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n  \
                 <process id=\"p\"/>\n  <bpmndi:BPMNDiagram>\n    <bpmndi:BPMNPlane bpmnElement=\"p\">\n      \
                 <bpmndi:BPMNEdge id=\"a\">\n        <di:waypoint xsi:type=\"dc:Point\" x=\"1\" y=\"-2.0\"/>\n        \
                 <bpmndi:BPMNLabel>\n          <dc:Bounds height=\"4\" width=\"3\" x=\"1\" y=\"2\"/>\n        \
                 </bpmndi:BPMNLabel>\n      </bpmndi:BPMNEdge>\n      <bpmndi:BPMNShape id=\"b\">\n        \
                 <dc:Bounds x=\"1\" y=\"2\" width=\"3\" height=\"4\"/>\n      </bpmndi:BPMNShape>\n    \
                 </bpmndi:BPMNPlane>\n  </bpmndi:BPMNDiagram>\n</definitions>\n"
            ),
        ),
        text(
            "import-style",
            &["D9", "D10", "N10"],
            "line ends, indentation, quotes, references, attribute order, interleaved declarations",
            "<?xml version='1.0' encoding='utf-8' standalone='yes'?>\r\n<a z=\"1\" xmlns:p=\"urn:p\" b=\"&#xA;&gt;\">\r\n\t\
             <c y=\"1\" x=\"2\" />\r\n\t<c x=\"2\" w=\"3\" />\r\n\t<c x=\"1\" y=\"2\" />\r\n\t<d>&quot;&gt;</d>\r\n</a>",
        ),
        text("import-flat", &["D10", "N10"], "no layout at all", "<a><b/><c>x</c><!--y--></a>"),
    ]
}

fn encodings_and_refusals() -> Vec<Case> {
    let latin =
        b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<a b=\"\xE9\">\x80</a>\n".to_vec();
    let windows =
        b"<?xml version=\"1.0\" encoding=\"windows-1252\"?>\n<a b=\"\xE9\">\x80</a>\n".to_vec();
    let wide: Vec<u8> = "\u{FEFF}<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n<a>é😀</a>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let encoded =
        |name, about, bytes| Case { name, rules: &["D1"], about, source: Source::Bytes(bytes) };
    vec![
        encoded("encoding-iso-8859-1", "comes out as UTF-8", latin),
        encoded("encoding-windows-1252", "comes out as UTF-8", windows),
        encoded("encoding-utf-16", "with a byte order mark, little endian", wide),
        encoded(
            "refused-bytes",
            "invalid UTF-8, counted in characters",
            b"<a>\n\xC3\xA9\xFF</a>".to_vec(),
        ),
        text("refused-doctype", &["D1"], "document type declarations", "<!DOCTYPE a><a/>"),
        text("refused-unclosed", &["D1"], "an element that never ends", "<a>\n  <b/>\n"),
        text("refused-prefix", &["D1"], "a prefix that nothing binds", "<a>\n  <p:b/>\n</a>"),
        text("refused-entity", &["D1"], "an entity that nothing defines", "<a>é&nbsp;</a>"),
        text(
            "refused-attribute",
            &["D1"],
            "one expanded name twice",
            "<a xmlns:p=\"u\" xmlns:q=\"u\" p:b=\"1\" q:b=\"2\"/>",
        ),
    ]
}
