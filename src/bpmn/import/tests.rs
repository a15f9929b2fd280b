//! What a text becomes: keys, references, inlined fields, style, and marks for what is broken.

use super::*;
use crate::bpmn::materialise;
use crate::bpmn::model::Namespace;

const HEAD: &str = "<bpmn:definitions xmlns:bpmn=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
    xmlns:bpmndi=\"http://www.omg.org/spec/BPMN/20100524/DI\" \
    xmlns:dc=\"http://www.omg.org/spec/DD/20100524/DC\" \
    xmlns:di=\"http://www.omg.org/spec/DD/20100524/DI\" \
    xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
    xmlns:tns=\"urn:t\" xmlns:other=\"urn:o\" targetNamespace=\"urn:t\">\n  ";

fn records(body: &str) -> Records {
    let text = format!("{HEAD}{body}\n</bpmn:definitions>\n");
    let records = import(text.as_bytes()).unwrap();
    assert_eq!(
        crate::bpmn::c14n(materialise(&records).as_bytes()),
        crate::bpmn::c14n(text.as_bytes()),
        "nothing is lost"
    );
    records
}

fn keys(records: &Records) -> Vec<&str> {
    records.nodes.keys().map(String::as_str).collect()
}

fn refers(record: &Record, field: &str, items: &[&str]) {
    let list = record.list(field).unwrap_or_else(|| panic!("{field} is no list: {record:?}"));
    assert_eq!(list, items);
}

#[test]
fn keys_are_ids_roles_or_numbers_in_document_order() {
    let records = records(
        "<bpmn:process id=\"p\"><bpmn:documentation>d</bpmn:documentation>\
        <bpmn:task id=\"t\"><bpmn:extensionElements><x xmlns=\"urn:x\" id=\"t\"/></bpmn:extensionElements>\
        <bpmn:standardLoopCharacteristics/></bpmn:task>\
        <bpmn:task id=\"t\"/><bpmn:task id=\"a~b\"/><bpmn:task id=\"#c\"/><bpmn:task/></bpmn:process>",
    );
    assert_eq!(
        keys(&records),
        [
            "p",
            "t",
            "t~extensionElements",
            "t~loopCharacteristics",
            "~0",
            "~1",
            "~2",
            "~3",
            "~4",
            "~5",
            "~6"
        ]
    );
    assert_eq!(records.nodes["~0"].tag(), Some("bpmn:definitions"));
    assert_eq!(records.nodes["~3"].text("#dup"), Some("t"));
    assert_eq!(records.nodes["~4"].text("id"), Some("a~b"));
}

#[test]
fn the_same_text_gives_the_same_records() {
    let text = "<a><b/>text<b c='1'/></a>";
    assert_eq!(import(text.as_bytes()), import(text.as_bytes()));
}

#[test]
fn references_hold_keys_and_keep_their_lexical_form() {
    let records = records(
        "<bpmn:message id=\"m\"/><bpmn:process id=\"p\">\
        <bpmn:receiveTask id=\"t\" messageRef=\"tns:m\" operationRef=\"other:m\"/>\
        <bpmn:task id=\"u\" default=\" f \"/>\
        <bpmn:sequenceFlow id=\"f\" sourceRef=\"t\" targetRef=\"gone\"/>\
        <bpmn:subProcess id=\"s\"><bpmn:outgoing>\n f </bpmn:outgoing></bpmn:subProcess>\
        <bpmn:callActivity id=\"c\" calledElement=\"p\"/></bpmn:process>",
    );
    refers(&records.nodes["t"], "messageRef", &["m", "tns:"]);
    assert_eq!(records.nodes["t"].text("operationRef"), Some("other:m"), "another namespace");
    refers(&records.nodes["u"], "default", &["f", " ", " "]);
    refers(&records.nodes["f"], "sourceRef", &["t"]);
    assert_eq!(records.nodes["f"].text("targetRef"), Some("gone"));
    let entry = records.nodes.values().find(|r| r.tag() == Some("bpmn:outgoing")).unwrap();
    refers(entry, "#x", &["f", "\n ", " "]);
    assert_eq!(records.nodes["c"].text("calledElement"), Some("p"), "never a reference");
}

#[test]
fn regular_lists_and_geometry_become_fields() {
    let records = records(
        "<bpmn:process id=\"p\"><bpmn:laneSet id=\"ls\"><bpmn:lane id=\"l\">\
        <bpmn:flowNodeRef>b</bpmn:flowNodeRef><bpmn:flowNodeRef>a</bpmn:flowNodeRef></bpmn:lane>\
        </bpmn:laneSet><bpmn:task id=\"a\"><bpmn:outgoing>f</bpmn:outgoing></bpmn:task>\
        <bpmn:task id=\"b\"><bpmn:documentation>d</bpmn:documentation>\
        <bpmn:incoming>f</bpmn:incoming></bpmn:task>\
        <bpmn:sequenceFlow id=\"f\" sourceRef=\"a\" targetRef=\"b\"/></bpmn:process>\
        <bpmndi:BPMNDiagram id=\"di\"><bpmndi:BPMNPlane id=\"pl\" bpmnElement=\"p\">\
        <bpmndi:BPMNShape id=\"as\" bpmnElement=\"a\"><dc:Bounds x=\"1\" y=\"-2.50\" width=\"3\" height=\"4\"/>\
        <bpmndi:BPMNLabel><dc:Bounds x=\"5\" y=\"6\" width=\"7\" height=\"8\"/></bpmndi:BPMNLabel></bpmndi:BPMNShape>\
        <bpmndi:BPMNShape id=\"bs\" bpmnElement=\"b\"><dc:Bounds x=\"1\" y=\"2\" width=\"3\" height=\"4\"/></bpmndi:BPMNShape>\
        <bpmndi:BPMNEdge id=\"fs\" bpmnElement=\"f\"><di:waypoint xsi:type=\"dc:Point\" x=\"1\" y=\"2\"/>\
        <di:waypoint xsi:type=\"dc:Point\" x=\"3\" y=\"4\"/><bpmndi:BPMNLabel/></bpmndi:BPMNEdge>\
        </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>",
    );
    let field = |key: &str, field: &str| records.nodes[key].text(field).map(str::to_owned);
    assert_eq!(field("as", "#b").as_deref(), Some("1 -2.50 3 4"));
    assert_eq!(field("as", "#lb").as_deref(), Some("5 6 7 8"));
    assert_eq!(field("fs", "#w").as_deref(), Some("+1,2 3,4"));
    assert_eq!(field("fs", "#lb").as_deref(), Some(""));
    assert_eq!(field("f", "#i").as_deref(), Some("a0"));
    assert_eq!(field("f", "#u").as_deref(), Some("a0"));
    refers(&records.nodes["a"], "#l", &["l", "a1"]);
    refers(&records.nodes["b"], "#l", &["l", "a0"]);
    assert_eq!(records.nodes.len(), 13, "{:?}", keys(&records));
}

#[test]
fn what_is_not_regular_stays_a_node() {
    for (what, body) in [
        (
            "an entry behind other children",
            "<bpmn:task id=\"a\"><bpmn:property id=\"x\"/><bpmn:outgoing>f</bpmn:outgoing></bpmn:task>",
        ),
        (
            "outgoing before incoming",
            "<bpmn:task id=\"a\"><bpmn:outgoing>f</bpmn:outgoing><bpmn:incoming>g</bpmn:incoming></bpmn:task>",
        ),
        (
            "a comment among them",
            "<bpmn:task id=\"a\"><!-- c --><bpmn:outgoing>f</bpmn:outgoing></bpmn:task>",
        ),
        (
            "an attribute",
            "<bpmn:task id=\"a\"><bpmn:outgoing id=\"o\">f</bpmn:outgoing></bpmn:task>",
        ),
        (
            "twice the same",
            "<bpmn:task id=\"a\"><bpmn:outgoing>f</bpmn:outgoing><bpmn:outgoing>f</bpmn:outgoing></bpmn:task>",
        ),
        (
            "a flow that starts elsewhere",
            "<bpmn:task id=\"a\"><bpmn:outgoing>g</bpmn:outgoing></bpmn:task>",
        ),
        (
            "documentation behind it",
            "<bpmn:task id=\"a\"><bpmn:outgoing>f</bpmn:outgoing><bpmn:documentation/></bpmn:task>",
        ),
        ("space around it", "<bpmn:task id=\"a\"><bpmn:outgoing> f</bpmn:outgoing></bpmn:task>"),
    ] {
        let records = records(&format!(
            "<bpmn:process id=\"p\">{body}<bpmn:task id=\"b\"/>\
            <bpmn:sequenceFlow id=\"f\" sourceRef=\"a\" targetRef=\"b\"/>\
            <bpmn:sequenceFlow id=\"g\" sourceRef=\"b\" targetRef=\"a\"/></bpmn:process>"
        ));
        let entries = records.nodes.values().filter(|r| r.tag() == Some("bpmn:outgoing"));
        assert!(entries.count() > 0, "{what}");
        assert!(!records.nodes["f"].0.contains_key("#u"), "{what}");
    }
}

#[test]
fn geometry_that_is_not_regular_stays_nodes() {
    for body in [
        "<bpmndi:BPMNShape id=\"s\"><dc:Bounds x=\"1\" y=\"2\" width=\"3\"/></bpmndi:BPMNShape>",
        "<bpmndi:BPMNShape id=\"s\"><dc:Bounds x=\"1\" y=\"2\" width=\"3\" height=\"a\"/></bpmndi:BPMNShape>",
        "<bpmndi:BPMNShape id=\"s\"><dc:Bounds x=\"1\" y=\"2\" width=\"3\" height=\"4\" id=\"b\"/></bpmndi:BPMNShape>",
        "<bpmndi:BPMNShape id=\"s\"><di:extension/><dc:Bounds x=\"1\" y=\"2\" width=\"3\" height=\"4\"/></bpmndi:BPMNShape>",
        "<bpmndi:BPMNShape id=\"s\"><dc:Bounds x=\"1\" y=\"2\" width=\"3\" height=\"4\"/><dc:Bounds x=\"1\" y=\"2\" width=\"3\" height=\"4\"/></bpmndi:BPMNShape>",
        "<bpmndi:BPMNShape id=\"s\" xml:space=\"preserve\"><dc:Bounds x=\"1\" y=\"2\" width=\"3\" height=\"4\"/> </bpmndi:BPMNShape>",
        "<bpmndi:BPMNEdge id=\"s\"><di:waypoint x=\"1\" y=\"2\"/><di:waypoint x=\"1\" y=\"2\" id=\"w\"/></bpmndi:BPMNEdge>",
        "<bpmndi:BPMNEdge id=\"s\"><di:waypoint x=\"1\" y=\"2\"/><bpmndi:BPMNLabel/><di:waypoint x=\"1\" y=\"2\"/></bpmndi:BPMNEdge>",
    ] {
        let records = records(&format!(
            "<bpmndi:BPMNDiagram><bpmndi:BPMNPlane>{body}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>"
        ));
        let shape = &records.nodes["s"];
        assert!(!shape.0.contains_key("#b") && !shape.0.contains_key("#w"), "{body}");
    }
}

#[test]
fn aliases_are_prefixes_and_default_namespaces_get_a_name() {
    let text = "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" xmlns:p=\"urn:1\">\
        <bpmn:task xmlns:bpmn=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" xmlns:p=\"urn:2\" p:a=\"1\"/>\
        <x xmlns=\"\" p:a=\"1\"/><y xmlns=\"urn:3\"/></definitions>";
    let records = import(text.as_bytes()).unwrap();
    let namespace = |uri: &str, at_root, prefix: Option<&str>| Namespace {
        uri: uri.to_owned(),
        at_root,
        prefix: prefix.map(str::to_owned),
    };
    let bpmn = crate::bpmn::tables::BPMN_URI;
    assert_eq!(
        records.ns,
        BTreeMap::from([
            ("bpmn".to_owned(), namespace(bpmn, true, Some(""))),
            ("bpmn$2".to_owned(), namespace(bpmn, false, Some("bpmn"))),
            ("none".to_owned(), namespace("", false, Some(""))),
            ("ns".to_owned(), namespace("urn:3", false, Some(""))),
            ("p".to_owned(), namespace("urn:1", true, None)),
            ("p$2".to_owned(), namespace("urn:2", false, Some("p"))),
        ])
    );
    assert!(records.nodes.values().any(|r| r.text("p$2:a") == Some("1")));
    assert!(records.nodes.values().any(|r| r.tag() == Some("x") && r.text("#n") == Some("none")));
    assert_eq!(
        crate::bpmn::c14n(materialise(&records).as_bytes()),
        crate::bpmn::c14n(text.as_bytes())
    );
}

#[test]
fn the_style_of_a_text_is_kept() {
    for text in [
        "<?xml version='1.0' encoding='utf-8' standalone='yes'?>\r\n<a>\r\n\t<b c=\"1\" />\r\n</a>\r\n",
        "<?xml version=\"1.0\"?><a><b/><c>x</c></a>",
        "<a>\n<b>\n<c/>\n</b>\n</a>",
        "<a>\n    <b d=\"&#xA;&#x9;\" c=\"&gt;\">&gt;&quot;&apos;</b>\n</a>\n",
        "<!-- c -->\n<a z=\"1\" xmlns:p=\"u\" a=\"2\" xmlns=\"v\" b=\"3\"/>\n<?e f?>\n",
        "<a>text<b>\n  <c/>\n</b></a>\n",
        "<a xml:space=\"preserve\"> <b/> <c xml:space=\"default\">\n    <d/>\n  </c></a>\n",
        "<a><![CDATA[x]]><![CDATA[y]]>z</a>\n",
    ] {
        let out = materialise(&import(text.as_bytes()).unwrap());
        let expected = text.replace("<c/>\n</b></a>", "<c/>\n </b></a>");
        assert_eq!(out, expected);
    }
}

#[test]
fn the_title_is_the_name_of_the_definitions_or_the_first_named_process() {
    let title = |attributes: &str, body: &str| {
        let text = format!(
            "<definitions xmlns=\"{}\" {attributes}>{body}</definitions>",
            crate::bpmn::tables::BPMN_URI
        );
        import(text.as_bytes()).unwrap().meta.get("title").cloned()
    };
    let body = "<process id=\"a\" name=\" \"/><process id=\"b\" name=\"B\"/>";
    assert_eq!(title("name=\"A\"", body).as_deref(), Some("A"));
    assert_eq!(title("", body).as_deref(), Some("B"));
    assert_eq!(title("", "<process id=\"a\"/>"), None);
}

#[test]
fn broken_sources_are_marked_and_come_out_as_they_came_in() {
    let records = records(
        "<bpmn:process id=\"p\"><bpmn:sequenceFlow id=\"f\" sourceRef=\"g\"/>\
        <bpmn:exclusiveGateway id=\"g\"><bpmn:incoming>h</bpmn:incoming></bpmn:exclusiveGateway>\
        <bpmn:sequenceFlow id=\"h\" sourceRef=\"p\" targetRef=\"p\"/></bpmn:process>\
        <bpmndi:BPMNDiagram><bpmndi:BPMNPlane id=\"pl\"><bpmndi:BPMNShape id=\"s\"/>\
        <bpmndi:BPMNShape id=\"t\" bpmnElement=\"g\"/><bpmndi:BPMNShape id=\"u\" bpmnElement=\"g\"/>\
        <bpmndi:BPMNEdge id=\"e\" bpmnElement=\"h\"/></bpmndi:BPMNPlane></bpmndi:BPMNDiagram>",
    );
    let raw = |key: &str| records.nodes[key].text("#raw");
    assert_eq!(raw("f"), Some("N4"));
    assert_eq!(raw("h"), Some("N6"));
    assert_eq!(
        (raw("pl"), raw("s"), raw("t"), raw("u")),
        (Some("N5"), Some("N4"), None, Some("N5"))
    );
    assert_eq!(raw("e"), Some("N5"));
    let entry = records.nodes.values().find(|r| r.tag() == Some("bpmn:incoming")).unwrap();
    assert_eq!(entry.text("#raw"), Some("N8"));
}
