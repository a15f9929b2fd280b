//! Each rule on records made for it.

use super::*;
use crate::bpmn::import;
use crate::bpmn::model::{Namespace, Record, Value};
use crate::limits::MAX_XML_DEPTH;

/// A diagram that holds one of everything.
const SAMPLE: &str = include_str!("../../../tests/fixtures/one-of-everything.bpmn");

fn sample() -> Records {
    import(SAMPLE.as_bytes()).unwrap()
}

fn record(fields: &[(&str, &str)]) -> Record {
    let mut record = Record::default();
    for (field, value) in fields {
        record.set(field, *value);
    }
    record
}

fn list(items: &[&str]) -> Value {
    Value::List(items.iter().map(|i| (*i).to_owned()).collect())
}

trait Edits {
    fn put(&mut self, key: &str, field: &str, value: impl Into<Value>);
    fn add(&mut self, key: &str, fields: &[(&str, &str)]);
    fn delete(&mut self, key: &str);
    /// As a later write reads: the first parent stays known.
    fn hang(&mut self, key: &str, place: &str);
    /// As a later write reads: the first tag stays known.
    fn retag(&mut self, key: &str, tag: &str);
}

impl Edits for Records {
    fn put(&mut self, key: &str, field: &str, value: impl Into<Value>) {
        self.nodes.get_mut(key).unwrap().set(field, value);
    }

    fn add(&mut self, key: &str, fields: &[(&str, &str)]) {
        assert!(self.nodes.insert(key.to_owned(), record(fields)).is_none(), "{key} is new");
    }

    fn delete(&mut self, key: &str) {
        assert!(self.nodes.remove(key).is_some(), "{key} was there");
    }

    fn hang(&mut self, key: &str, place: &str) {
        let parent = self.nodes[key].place().unwrap().1.to_owned();
        self.put(key, "#p0", parent);
        self.put(key, "#p", place);
    }

    fn retag(&mut self, key: &str, tag: &str) {
        let first = self.nodes[key].tag().unwrap().to_owned();
        self.put(key, "#t0", first);
        self.put(key, "#t", tag);
    }
}

/// The XML with all rules, and with one of them off.
fn with_and_without(records: &Records, rule: usize) -> (String, String) {
    (materialise(records), materialise_with(records, &Rules::without(rule)))
}

fn count(xml: &str, what: &str) -> usize {
    xml.matches(what).count()
}

#[test]
fn an_untouched_diagram_comes_out_as_it_went_in() {
    let xml = materialise(&sample());
    let expected = SAMPLE.replace(
        "<bpmn:textAnnotation id=\"TextAnnotation_1\"><bpmn:text>Note &amp; \"quotes\"</bpmn:text></bpmn:textAnnotation>",
        "<bpmn:textAnnotation id=\"TextAnnotation_1\">\n      <bpmn:text>Note &amp; \"quotes\"</bpmn:text>\n    </bpmn:textAnnotation>",
    );
    let expected = expected.replace(
        "<bpmn:scriptTask id=\"Task_3\"><bpmn:script><![CDATA[x]]></bpmn:script></bpmn:scriptTask>",
        "<bpmn:scriptTask id=\"Task_3\">\n        <bpmn:script><![CDATA[x]]></bpmn:script>\n      </bpmn:scriptTask>",
    );
    assert_eq!(xml, expected);
}

#[test]
fn n1_nodes_without_tag_or_place_do_not_count() {
    let mut records = sample();
    records.add("No_place", &[("#t", "bpmn:task"), ("id", "No_place")]);
    records.add("No_tag", &[("#p", "a0 Process_1"), ("id", "No_tag")]);
    records.add("Bad_place", &[("#t", "bpmn:task"), ("#p", "Process_1"), ("id", "Bad_place")]);
    assert_eq!(materialise(&records), materialise(&sample()));
}

#[test]
fn n1_a_second_root_is_hidden_and_definitions_stand_before_others() {
    let mut records = sample();
    records.add("Rogue", &[("#t", "bpmn:task"), ("#p", "A #"), ("id", "Rogue")]);
    records.add("Second", &[("#t", "bpmn:definitions"), ("#p", "z0 #"), ("id", "Second")]);
    let (with, without) = with_and_without(&records, 1);
    assert_eq!(with, materialise(&sample()));
    assert!(without.contains("Rogue") && without.contains("Second"));
}

#[test]
fn n2_a_cycle_is_cut_at_its_least_key_below_the_first_process() {
    let mut records = sample();
    records.hang("Sub_1", "a0 Sub_2");
    records.hang("Sub_2", "a1 Sub_1");
    let (with, without) = with_and_without(&records, 2);
    let sub_1 = with.find("<bpmn:subProcess id=\"Sub_1\"").unwrap();
    let sub_2 = with.find("<bpmn:subProcess id=\"Sub_2\"").unwrap();
    assert!(sub_1 < sub_2 && with[sub_1..sub_2].matches("</bpmn:subProcess>").count() == 0);
    assert!(!without.contains("<bpmn:subProcess"), "without the rule both are lost");
}

#[test]
fn n2_a_node_that_is_its_own_parent_comes_back_to_the_process() {
    let mut records = sample();
    records.hang("Sub_1", "a0 Sub_1");
    assert!(materialise(&records).contains("<bpmn:subProcess id=\"Sub_1\""));
}

#[test]
fn n3_what_hangs_on_a_deleted_node_is_hidden_with_its_references() {
    let mut records = sample();
    records.delete("Sub_1");
    let (with, without) = with_and_without(&records, 3);
    for hidden in ["Sub_1", "Task_2", "Flow_2", "Plane_2"] {
        assert!(!with.contains(&format!("\"{hidden}\"")), "{hidden} is hidden");
    }
    assert!(without.contains("id=\"Task_2\""));
    let mut restored = records.clone();
    restored.nodes.insert("Sub_1".to_owned(), sample().nodes["Sub_1"].clone());
    assert_eq!(materialise(&restored), materialise(&sample()), "undo brings all back");
}

#[test]
fn n4_flows_without_an_end_are_dropped_with_their_drawing_and_lists() {
    let mut records = sample();
    records.delete("Start_1");
    let (with, without) = with_and_without(&records, 4);
    for dropped in ["Flow_1", "Flow_1_di", "Start_1_di", "Association_2"] {
        assert!(!with.contains(&format!("\"{dropped}\"")), "{dropped} is dropped");
    }
    assert_eq!(count(&with, "<bpmn:incoming>Flow_1"), 0);
    assert!(without.contains("sourceRef=\"Start_1\""));
}

#[test]
fn n4_a_boundary_event_goes_with_its_host() {
    let mut records = sample();
    records.delete("Task_1");
    assert!(!materialise(&records).contains("Boundary_1"));
}

#[test]
fn n4_other_references_are_dropped_alone() {
    let mut records = sample();
    records.delete("DataObject_1");
    records.delete("Flow_2");
    records.delete("Message_1");
    let xml = materialise(&records);
    assert!(xml.contains("<bpmn:dataObjectReference id=\"DataObjectReference_1\" />"));
    assert!(xml.contains("id=\"MessageEventDefinition_1\" />"));
    assert!(!xml.contains("default="));
}

#[test]
fn n4_a_data_association_goes_with_its_last_source() {
    let mut records = sample();
    records.delete("DataObjectReference_1");
    assert!(!materialise(&records).contains("DataInputAssociation_1"));
}

#[test]
fn n4_strings_that_never_resolved_are_shown_as_they_are() {
    let mut records = sample();
    records.put("Flow_1", "sourceRef", "elsewhere");
    assert!(materialise(&records).contains("sourceRef=\"elsewhere\""));
}

#[test]
fn n4_what_the_source_itself_had_broken_comes_out_as_it_came_in() {
    let source = "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\">\n  \
        <process id=\"p\">\n    <sequenceFlow id=\"f\" targetRef=\"gone\"/>\n    \
        <boundaryEvent id=\"b\"/>\n    <task id=\"p\"/>\n  </process>\n</definitions>\n";
    let records = import(source.as_bytes()).unwrap();
    assert_eq!(materialise(&records), source);
}

#[test]
fn n5_the_first_lost_plane_shows_the_process_and_the_others_go() {
    let mut records = sample();
    records.delete("Collaboration_1");
    records.delete("Sub_1");
    let (with, without) = with_and_without(&records, 5);
    assert!(with.contains("<bpmndi:BPMNPlane id=\"Plane_1\" bpmnElement=\"Process_1\">"));
    assert!(!with.contains("Diagram_2"));
    assert!(without.contains("Diagram_2"));
}

#[test]
fn n5_a_lost_plane_never_doubles_another() {
    let mut records = sample();
    records.delete("Sub_1");
    let xml = materialise(&records);
    assert_eq!(count(&xml, "bpmnElement=\"Collaboration_1\""), 1);
    assert!(!xml.contains("Diagram_2"));
}

#[test]
fn n5_of_two_drawings_of_one_element_the_first_stays() {
    let mut records = sample();
    let place = "a0V Plane_1";
    records.add(
        "Task_1_di_2",
        &[("#t", "bpmndi:BPMNShape"), ("#p", place), ("id", "Task_1_di_2"), ("#b", "1 2 3 4")],
    );
    records.put("Task_1_di_2", "bpmnElement", list(&["Task_1"]));
    let (with, without) = with_and_without(&records, 5);
    assert_eq!(count(&with, "bpmnElement=\"Task_1\""), 1);
    assert!(with.contains("Task_1_di_2"), "a0V is before a1");
    assert_eq!(count(&without, "bpmnElement=\"Task_1\""), 2);
}

#[test]
fn n5_an_edge_needs_both_ends_on_its_plane() {
    let mut records = sample();
    records.delete("Start_1_di");
    let (with, without) = with_and_without(&records, 5);
    assert!(with.contains("id=\"Flow_1\"") && !with.contains("\"Flow_1_di\""));
    assert!(!with.contains("\"Association_2_di\""), "its end was drawn by the edge that went");
    assert!(with.contains("Association_1_di"));
    assert!(without.contains("\"Flow_1_di\""));
}

#[test]
fn n5_a_boundary_event_is_drawn_beside_its_host_alone() {
    let mut records = sample();
    records.add("shape", &[("#t", "bpmndi:BPMNShape"), ("#p", "b0 Plane_1")]);
    records.put("shape", "bpmnElement", list(&["Boundary_1"]));
    assert!(materialise(&records).contains("bpmnElement=\"Boundary_1\""));
    records.delete("Task_1_di");
    let (with, without) = with_and_without(&records, 5);
    assert!(!with.contains("bpmnElement=\"Boundary_1\""));
    assert!(with.contains("<bpmn:boundaryEvent id=\"Boundary_1\""), "the event itself stays");
    assert!(without.contains("bpmnElement=\"Boundary_1\""));
}

#[test]
fn n6_a_replaced_element_keeps_only_what_its_type_admits() {
    let mut records = sample();
    records.retag("Task_1", "bpmn:task");
    records.put("Task_1", "custom", "kept");
    records.put("Task_1", "zeebe:modelerTemplate", "kept");
    let (with, without) = with_and_without(&records, 6);
    assert!(!with.contains("implementation="), "declared for user tasks only");
    assert!(with.contains("custom=\"kept\"") && with.contains("zeebe:modelerTemplate=\"kept\""));
    assert!(without.contains("implementation="));
}

#[test]
fn n6_children_of_a_sub_process_that_became_a_task_are_hidden() {
    let mut records = sample();
    records.retag("Sub_1", "bpmn:task");
    let (with, without) = with_and_without(&records, 6);
    assert!(with.contains("<bpmn:task id=\"Sub_1\">") && !with.contains("Task_2"));
    assert!(without.contains("id=\"Task_2\""));
}

#[test]
fn n6_an_element_moved_to_where_it_may_not_be_is_hidden() {
    let mut records = sample();
    records.hang("Task_2", "a0 Lane_1");
    let (with, without) = with_and_without(&records, 6);
    assert!(!with.contains("Task_2"));
    assert!(without.contains("id=\"Task_2\""));
}

#[test]
fn n6_sequence_flows_join_flow_nodes_only() {
    let mut records = sample();
    records.put("Flow_1", "targetRef", list(&["DataObjectReference_1"]));
    let (with, without) = with_and_without(&records, 6);
    assert!(!with.contains("\"Flow_1\""));
    assert!(without.contains("targetRef=\"DataObjectReference_1\""));
}

#[test]
fn n6_a_gateway_hosts_no_boundary_event_and_takes_no_message() {
    let mut records = sample();
    records.retag("Task_1", "bpmn:exclusiveGateway");
    let xml = materialise(&records);
    assert!(!xml.contains("Boundary_1") && !xml.contains("MessageFlow_1"));
}

#[test]
fn n7_the_creator_keeps_its_id_and_the_others_follow_in_key_order() {
    let mut records = sample();
    records.put("Task_2", "id", "Task_1");
    records.put("Task_3", "id", "Task_1");
    records.put("Sub_2", "id", "Task_1_2");
    let (with, without) = with_and_without(&records, 7);
    assert!(with.contains("<bpmn:userTask id=\"Task_1\""));
    assert!(with.contains("<bpmn:task id=\"Task_1_3\""), "Task_1_2 is taken");
    assert!(with.contains("<bpmn:scriptTask id=\"Task_1_4\""));
    assert!(with.contains("bpmnElement=\"Task_1_3\""), "references follow");
    assert_eq!(count(&without, " id=\"Task_1\""), 3);
}

#[test]
fn n7_vendor_ids_are_no_business_of_ours() {
    let mut records = sample();
    let header = records.nodes.iter().find(|(_, r)| r.tag() == Some("zeebe:header")).unwrap().0;
    let header = header.clone();
    records.put(&header, "id", "Task_1");
    assert_eq!(count(&materialise(&records), " id=\"Task_1\""), 2);
}

#[test]
fn n7_renaming_is_one_write_and_references_follow() {
    let mut records = sample();
    records.put("Task_1", "id", "Approve");
    let xml = materialise(&records);
    assert_eq!(count(&xml, "\"Task_1\"") + count(&xml, ">Task_1<"), 0);
    assert!(xml.contains("<bpmn:flowNodeRef>Approve</bpmn:flowNodeRef>"));
    assert!(xml.contains("messageRef=\"tns:Message_1\""), "prefixes of references stay");
}

#[test]
fn n8_lists_follow_the_flows() {
    let mut records = sample();
    records.put("Flow_3", "targetRef", list(&["Sub_1"]));
    let (with, without) = with_and_without(&records, 8);
    let sub_1 = &with[with.find("<bpmn:subProcess id=\"Sub_1\"").unwrap()..];
    assert!(sub_1.trim_start().contains(
        "<bpmn:incoming>Flow_2</bpmn:incoming>\n      <bpmn:incoming>Flow_3</bpmn:incoming>"
    ));
    assert!(!without.contains("<bpmn:incoming>Flow_2"));
}

#[test]
fn n8_a_node_stands_in_the_lanes_of_one_writer() {
    let mut records = sample();
    records.put("Task_1", "#l", list(&["Lane_3", "a0", "gone", "a0", "Lane_3", "a1", "Sub_1"]));
    let xml = materialise(&records);
    assert_eq!(count(&xml, "<bpmn:flowNodeRef>Task_1</bpmn:flowNodeRef>"), 1);
    let lane_3 = xml.find("<bpmn:lane id=\"Lane_3\">").unwrap();
    assert!(xml.find("<bpmn:flowNodeRef>Task_1").unwrap() > lane_3);
}

#[test]
fn n8_an_ordinary_entry_counts_only_if_its_flow_agrees() {
    let mut records = sample();
    let entry = [("#t", "bpmn:incoming"), ("#p", "z0 Sub_1")];
    records.add("~own", &entry);
    records.put("~own", "#x", list(&["Flow_2"]));
    records.add("~stale", &entry);
    records.put("~stale", "#x", list(&["Flow_3"]));
    let xml = materialise(&records);
    assert_eq!(count(&xml, "<bpmn:incoming>Flow_2</bpmn:incoming>"), 1, "listed once");
    assert_eq!(count(&xml, "<bpmn:incoming>Flow_3</bpmn:incoming>"), 1, "only where it leads");
}

#[test]
fn n9_a_namespace_is_declared_where_it_is_needed() {
    let mut records = sample();
    let local = Namespace { uri: "urn:x".into(), at_root: false, prefix: None };
    records.ns.insert("x".into(), local);
    records.put("Task_2", "x:attr", "v");
    let (with, without) = with_and_without(&records, 9);
    assert!(with.contains("<bpmn:task xmlns:x=\"urn:x\" id=\"Task_2\" x:attr=\"v\">"));
    assert!(import(without.as_bytes()).is_err());
}

#[test]
fn n9_two_namespaces_may_want_one_prefix() {
    let mut records = sample();
    let namespace = |uri: &str, prefix: Option<&str>| Namespace {
        uri: uri.into(),
        at_root: true,
        prefix: prefix.map(Into::into),
    };
    records.ns.insert("x".into(), namespace("urn:one", None));
    records.ns.insert("x$2".into(), namespace("urn:two", Some("x")));
    records.put("Task_2", "x:a", "1");
    records.put("Task_2", "x$2:a", "2");
    let xml = materialise(&records);
    let task = "<bpmn:task xmlns:x=\"urn:two\" xmlns:x_2=\"urn:one\" id=\"Task_2\" \
                x:a=\"2\" x_2:a=\"1\">";
    assert!(xml.contains(task), "{xml}");
    assert!(import(xml.as_bytes()).is_ok());
}

#[test]
fn n9_an_attribute_never_takes_the_default_namespace() {
    let mut records = sample();
    let default = Namespace { uri: "urn:d".into(), at_root: false, prefix: Some(String::new()) };
    records.ns.insert("d".into(), default);
    records.put("Task_2", "d:a", "1");
    assert!(
        materialise(&records).contains("<bpmn:task xmlns:d=\"urn:d\" id=\"Task_2\" d:a=\"1\">")
    );
}

#[test]
fn n9_the_first_drawing_brings_its_namespaces_to_the_root() {
    let source = "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
        xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><process id=\"p\"/></definitions>";
    let mut records = import(source.as_bytes()).unwrap();
    let root = records.nodes.iter().find(|(_, r)| r.tag() == Some("bpmn:definitions")).unwrap().0;
    let root = root.clone();
    records.add("d", &[("#t", "bpmndi:BPMNDiagram"), ("#p", &format!("b0 {root}"))]);
    records.add("pl", &[("#t", "bpmndi:BPMNPlane"), ("#p", "a0 d"), ("id", "pl")]);
    records.put("pl", "bpmnElement", list(&["p"]));
    records.add("s", &[("#t", "bpmndi:BPMNShape"), ("#p", "a0 pl"), ("#b", "1 2 3 4")]);
    records.put("s", "bpmnElement", list(&["p"]));
    let xml = materialise(&records);
    assert!(xml.contains("xmlns:dc_2=\"http://www.omg.org/spec/DD/20100524/DC\""), "{xml}");
    assert!(xml.contains("<dc_2:Bounds x=\"1\" y=\"2\" width=\"3\" height=\"4\"/>"), "{xml}");
    assert!(!xml.contains("DD/20100524/DI"), "waypoints were not needed");
}

#[test]
fn n10_attributes_stand_in_the_order_of_their_profile() {
    let mut records = sample();
    records.ao.insert("bpmn:task".into(), "name  id name".into());
    records.put("Task_2", "name", "n");
    records.put("Task_2", "zz", "z");
    records.put("Task_2", "aa", "a");
    assert!(
        materialise(&records).contains("<bpmn:task name=\"n\" id=\"Task_2\" aa=\"a\" zz=\"z\">")
    );
    records.put("Task_2", "#o", "zz id");
    assert!(
        materialise(&records).contains("<bpmn:task zz=\"z\" id=\"Task_2\" aa=\"a\" name=\"n\">")
    );
}

#[test]
fn n10_what_xml_cannot_hold_is_escaped_split_or_replaced() {
    let mut records = sample();
    let place = |n: usize| format!("{} Process_1", crate::bpmn::order::nth(60 + n));
    records.put("Task_2", "name", "<&\"'>\r\n\t\u{1}");
    records.add("~c", &[("#t", "#comment"), ("#p", &place(0)), ("#x", "a--b-\r")]);
    records.add("~i", &[("#t", "#pi"), ("#p", &place(1)), ("#pn", "t"), ("#x", " a?>b")]);
    records.add("~d", &[("#t", "bpmn:documentation"), ("#p", "a0 Task_2"), ("#cd", "1")]);
    records.put("~d", "#x", "a]]>b");
    records.add("~e", &[("#t", "bpmn:documentation"), ("#p", "a1 Task_2"), ("#x", "]]>\r")]);
    let (with, without) = with_and_without(&records, 10);
    assert!(with.contains("name=\"&lt;&amp;&quot;'>&#13;&#10;&#9;\u{FFFD}\""), "{with}");
    assert!(with.contains("<!--a- -b-\n-->"), "{with}");
    assert!(with.contains("<?t a? >b?>"), "{with}");
    assert!(with.contains("<![CDATA[a]]]]><![CDATA[>b]]>"), "{with}");
    assert!(with.contains("]]&gt;&#13;</bpmn:documentation>"), "{with}");
    assert!(import(without.as_bytes()).is_err());
}

#[test]
fn n10_no_element_means_no_text() {
    assert_eq!(materialise(&Records::default()), "");
    let mut records = Records::default();
    records.add("c", &[("#t", "#comment"), ("#p", "a0 #"), ("#x", "alone")]);
    records.add("t", &[("#t", "task"), ("#p", "a0 gone")]);
    assert_eq!(materialise(&records), "");
}

#[test]
fn n11_what_two_people_moved_together_takes_its_flow_and_its_event_with_it() {
    let mut records = sample();
    records.hang("Start_1", "b0 Sub_2");
    records.hang("Task_1", "b1 Sub_2");
    let (with, without) = with_and_without(&records, 11);
    let inside = |xml: &str, id: &str| {
        let sub = xml.split("<bpmn:subProcess id=\"Sub_2\"").nth(1).unwrap();
        sub.split("</bpmn:subProcess>").next().unwrap().contains(&format!(" id=\"{id}\""))
    };
    for id in ["Flow_1", "Boundary_1"] {
        assert!(inside(&with, id) && !inside(&without, id), "{id}");
    }
    assert!(with.contains("<bpmn:incoming>Flow_1</bpmn:incoming>"));
}

#[test]
fn n11_a_flow_between_containers_is_hidden_until_its_ends_meet_again() {
    let mut records = sample();
    records.hang("Start_1", "b0 Sub_2");
    let (with, without) = with_and_without(&records, 11);
    assert_eq!(
        count(&with, "\"Flow_1\"") + count(&with, ">Flow_1<"),
        0,
        "its drawing and lists go too"
    );
    assert!(without.contains("<bpmn:sequenceFlow id=\"Flow_1\""));
    let place = sample().nodes["Start_1"].text("#p").unwrap().to_owned();
    records.hang("Start_1", &place);
    assert_eq!(materialise(&records), materialise(&sample()));
}

#[test]
fn n11_what_hangs_on_something_gone_is_shown_where_its_ends_live_on() {
    let mut records = sample();
    records.hang("Flow_1", "b0 gone");
    records.hang("Boundary_1", "b0 gone");
    let (with, without) = with_and_without(&records, 11);
    for id in ["Flow_1", "Boundary_1"] {
        let id = format!(" id=\"{id}\"");
        assert_eq!((count(&with, &id), count(&without, &id)), (1, 0), "{id}");
    }
    assert!(with.contains("<bpmn:incoming>Flow_1</bpmn:incoming>"), "{with}");
    records.nodes.remove("Task_1");
    let alone = materialise(&records);
    assert_eq!(count(&alone, "Flow_1") + count(&alone, "Boundary_1"), 0, "{alone}");
}

#[test]
fn n11_what_hangs_on_the_document_itself_stays_there() {
    let mut records = sample();
    records.hang("Flow_1", "b0 #");
    assert_eq!(count(&materialise(&records), "\"Flow_1\""), 0);
    // Even the root may be a flow, and hold its own ends.
    let mut records = Records::default();
    records.add("f", &[("#t", "bpmn:sequenceFlow"), ("#p", "a0 #"), ("id", "f")]);
    records.add("p", &[("#t", "bpmn:process"), ("#p", "a0 f"), ("id", "p")]);
    for id in ["a", "b"] {
        records.add(id, &[("#t", "bpmn:task"), ("#p", "a0 p"), ("id", id)]);
    }
    records.put("f", "sourceRef", list(&["a"]));
    records.put("f", "targetRef", list(&["b"]));
    assert!(materialise(&records).starts_with("<bpmn:sequenceFlow"));
}

#[test]
fn n11_nobody_is_hung_below_himself() {
    let mut records = sample();
    // A host inside its own event, and two events each of which holds the host of the other.
    records.hang("Task_1", "b0 Boundary_1");
    for (event, host) in [("E_1", "T_2"), ("E_2", "T_1")] {
        let place = [("#t", "bpmn:boundaryEvent"), ("#p", "x0 Process_1"), ("id", event)];
        records.add(event, &place);
        records.put(event, "attachedToRef", list(&[host]));
    }
    for (holder, sub, task) in [("E_1", "S_1", "T_1"), ("E_2", "S_2", "T_2")] {
        let at = |parent: &str| format!("a0 {parent}");
        records.add(sub, &[("#t", "bpmn:subProcess"), ("#p", &at(holder)), ("id", sub)]);
        records.add(task, &[("#t", "bpmn:task"), ("#p", &at(sub)), ("id", task)]);
    }
    let xml = materialise(&records);
    assert_eq!(count(&xml, "\"E_1\"") + count(&xml, "\"Boundary_1\""), 0);
    assert_eq!(materialise(&import(xml.as_bytes()).unwrap()), xml);
}

#[test]
fn long_chains_and_deep_nests_cost_no_stack() {
    let mut records = sample();
    let mut parent = "Process_1".to_owned();
    for i in 0..20_000 {
        let key = format!("Deep_{i}");
        let place = format!("a0 {parent}");
        records.add(&key, &[("#t", "bpmn:subProcess"), ("#p", &place), ("id", &key)]);
        parent = key;
    }
    for i in 0..20_000 {
        let key = format!("Chain_{i}");
        records.add(&key, &[("#t", "bpmn:association"), ("#p", "z0 Process_1"), ("id", &key)]);
        let next = if i == 0 { "gone".to_owned() } else { format!("Chain_{}", i - 1) };
        records.put(&key, "sourceRef", list(&[&next]));
        records.put(&key, "targetRef", list(&["Task_1"]));
    }
    let xml = materialise(&records);
    assert_eq!(count(&xml, "\"Chain_"), 0, "each lost its end");
    assert_eq!(count(&xml, "\"Deep_"), MAX_XML_DEPTH - 2, "as deep as the reader goes");
    assert!(import(xml.as_bytes()).is_ok());
}

#[test]
fn nothing_long_is_written_once_per_use() {
    let mut records = sample();
    let long = "x".repeat(100_000);
    let far = format!("urn:{long}");
    records.put("Task_1", "id", long.as_str());
    records.meta.insert("style".into(), format!("{{\"indent\":\"{}\"}}", " ".repeat(100_000)));
    records.meta.insert("geo".into(), format!("{{\"wx\":\"foo={long}\"}}"));
    let namespace = Namespace { uri: far, at_root: false, prefix: Some(long.clone()) };
    records.ns.insert("far".into(), namespace);
    records.put("Flow_2", "#t", "far:odd");
    let xml = materialise(&records);
    assert!(xml.len() < 2 * long.len(), "{}", xml.len());
    assert_eq!(count(&xml, &long), 1, "the id itself, and no reference to it");
}
