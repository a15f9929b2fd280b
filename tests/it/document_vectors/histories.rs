//! Golden cases that start from edits: each closure is a replica that knows nothing of the others.

use atelier::bpmn::model::{CREATION, Namespace, Record, Value};
use atelier::bpmn::{self, crdt};
use yrs::updates::decoder::Decode;
use yrs::{Any, Map, MapPrelim, MapRef, Out, Transact, TransactionMut, Update, WriteTxn, any};

use super::cases::{BASE, Case, Source, definitions};

/// All of them.
pub(super) fn all() -> Vec<Case> {
    let mut cases = readings();
    cases.extend(merges());
    cases.extend(sheets_and_containers());
    cases.extend(bytes());
    cases
}

fn readings() -> Vec<Case> {
    vec![
        merge(
            "n0-overrides",
            &["D8"],
            "later writes win field by field, null removes",
            &[
                |txn| {
                    set(txn, "Task_1", "name", "Approve");
                    crdt::remove_field(txn, "Task_1", "implementation");
                },
                |txn| set(txn, "Task_1", "zz", "new"),
            ],
        ),
        merge(
            "n0-kinds",
            &["N0"],
            "values of other kinds count as absent",
            &[|txn| {
                let task = node(txn, "Task_1");
                task.insert(txn, "name", 5);
                task.insert(txn, "implementation", any!({ "a": "b" }));
                task.insert(txn, "default", any!(["Flow_2", 1]));
                task.insert(txn, "nested", MapPrelim::from([("a", "b")]));
                let nodes = txn.get_or_insert_map("nodes");
                nodes.insert(txn, "Sub_2", "no map");
                nodes.insert(txn, "Lane_2", MapPrelim::from([(CREATION, "[\"no object\"]")]));
                let json = r##"{"#t":"bpmn:task","#p":"zz Process_1","id":"\ud800\u0001","a":1,"b":[2],"c":{"d":[]}}"##;
                nodes.insert(txn, "odd", MapPrelim::from([(CREATION, json)]));
                let meta = txn.get_or_insert_map("meta");
                meta.insert(txn, "style", Any::from(1));
                let ns = txn.get_or_insert_map("ns");
                ns.insert(txn, "number", any!(["urn:x", 1]));
            }],
        ),
        merge(
            "n0-names",
            &["N0"],
            "names that XML lacks hide their node or attribute",
            &[|txn| {
                create(txn, "a", &[("#t", "bad name"), ("#p", "x0 Process_1"), ("id", "a")]);
                create(txn, "b", &[("#t", "nowhere:task"), ("#p", "x1 Process_1"), ("id", "b")]);
                create(
                    txn,
                    "c",
                    &[("#t", "#pi"), ("#p", "x2 Process_1"), ("#pn", "XML"), ("#x", "y")],
                );
                create(txn, "d", &[("#t", "#unknown"), ("#p", "x3 Process_1")]);
                set(txn, "Task_1", "1st", "x");
                set(txn, "Task_1", "xmlns", "urn:x");
                set(txn, "Task_1", "nowhere:a", "x");
                set(txn, "Task_1", "#later", "an unknown system field");
            }],
        ),
        merge(
            "n0-geometry",
            &["D11"],
            "what is no geometry counts as absent",
            &[|txn| {
                set(txn, "Task_1_di", "#b", "1 2 3");
                set(txn, "Start_1_di", "#lb", "a b c d");
                set(txn, "Flow_1_di", "#w", "1,2 3");
            }],
        ),
    ]
}

fn sheets_and_containers() -> Vec<Case> {
    vec![
        merge(
            "n5-sheets",
            &["N5"],
            "a collapsed sub-process without a plane, one with a plane, and an event whose host nobody draws",
            &[
                |txn| {
                    let task = [("#t", "bpmn:task"), ("#p", "b0 Sub_2"), ("id", "Task_4")];
                    create(txn, "Task_4", &task);
                    let link =
                        [("#t", "bpmn:association"), ("#p", "b0 Process_1"), ("id", "Link_1")];
                    create(txn, "Link_1", &link);
                    refer(txn, "Link_1", "sourceRef", &["Sub_2"]);
                    refer(txn, "Link_1", "targetRef", &["Task_4"]);
                    draw(txn, "BPMNShape", "b0 Plane_1", "Sub_2");
                    draw(txn, "BPMNShape", "b1 Plane_1", "Task_4");
                    draw(txn, "BPMNEdge", "b2 Plane_1", "Link_1");
                },
                |txn| {
                    draw(txn, "BPMNShape", "b3 Plane_1", "Sub_1");
                    draw(txn, "BPMNShape", "b4 Plane_1", "Task_2");
                },
                |txn| {
                    create(txn, "again", &[("#t", "bpmndi:BPMNShape"), ("#p", "a0 Plane_2")]);
                    refer(txn, "again", "bpmnElement", &["Task_2"]);
                },
                |txn| {
                    delete(txn, &["Task_1_di"]);
                    draw(txn, "BPMNShape", "b5 Plane_1", "Boundary_1");
                },
            ],
        ),
        merge(
            "n11-together",
            &["N11"],
            "the ends of a flow, one of them with an event on it, are moved by two people",
            &[
                |txn| set(txn, "Start_1", "#p", "b0 Sub_1"),
                |txn| set(txn, "Task_1", "#p", "b1 Sub_1"),
                |txn| connect(txn, "Flow_3", "Boundary_1", "Sub_2"),
            ],
        ),
        merge(
            "n11-gone",
            &["N11", "N4"],
            "what two draw in a sub-process that another empties and deletes; one flow loses an end with it",
            &[
                |txn| {
                    connect(txn, "Flow_3", "Boundary_1", "Task_2");
                    connect(txn, "Flow_4", "Sub_2", "Task_2");
                    for key in ["Flow_3", "Flow_4", "Boundary_1"] {
                        set(txn, key, "#p", "b0 Sub_2");
                    }
                    draw(txn, "BPMNShape", "b0 Plane_1", "Task_2");
                    draw(txn, "BPMNShape", "b1 Plane_1", "Boundary_1");
                    draw(txn, "BPMNEdge", "b2 Plane_1", "Flow_3");
                },
                |txn| {
                    set(txn, "Task_2", "#p", "b1 Process_1");
                    delete(txn, &["Sub_2"]);
                },
            ],
        ),
        merge(
            "n11-torn",
            &["N11", "N4", "N8"],
            "a flow whose ends stand apart is not shown",
            &[
                |txn| set(txn, "Task_1", "#p", "b0 Sub_1"),
                |txn| connect(txn, "Flow_3", "Boundary_1", "Task_2"),
                |txn| connect(txn, "Flow_4", "Sub_1", "Sub_2"),
            ],
        ),
    ]
}

fn merges() -> Vec<Case> {
    vec![
        merge(
            "n1-second-root",
            &["N1"],
            "one root, definitions before others; nodes without a place",
            &[
                |txn| create(txn, "Rogue", &[("#t", "bpmn:task"), ("#p", "A #"), ("id", "Rogue")]),
                |txn| {
                    create(txn, "Lost", &[("#t", "bpmn:task"), ("#p", "nowhere"), ("id", "Lost")]);
                },
            ],
        ),
        merge(
            "n2-cycle",
            &["N2"],
            "two moves that make a cycle",
            &[|txn| set(txn, "Sub_1", "#p", "a0 Sub_2"), |txn| set(txn, "Sub_2", "#p", "a0 Sub_1")],
        ),
        merge(
            "n3-orphan",
            &["N3", "N4", "N5"],
            "a child added below what another deletes",
            &[
                |txn| delete(txn, &["Sub_1", "Task_2"]),
                |txn| {
                    create(
                        txn,
                        "Task_3",
                        &[("#t", "bpmn:task"), ("#p", "b0 Sub_1"), ("id", "Task_3")],
                    );
                },
            ],
        ),
        merge(
            "n4-lost-ends",
            &["N4", "N5", "N8"],
            "a flow to what another deletes",
            &[
                |txn| delete(txn, &["Task_1", "Boundary_1", "Task_1_di"]),
                |txn| connect(txn, "Flow_3", "Start_1", "Task_1"),
            ],
        ),
        merge(
            "n4-attributes",
            &["N4"],
            "other references are dropped alone, strings stay",
            &[
                |txn| delete(txn, &["Flow_2"]),
                |txn| {
                    set(txn, "Participant_2", "processRef", "elsewhere");
                    refer(txn, "Sub_2", "default", &["gone"]);
                },
            ],
        ),
        merge(
            "n5-planes",
            &["N5"],
            "planes that lost their element",
            &[
                |txn| {
                    delete(
                        txn,
                        &["Collaboration_1", "Participant_1", "Participant_2", "MessageFlow_1"],
                    );
                },
                |txn| delete(txn, &["Sub_1", "Task_2"]),
            ],
        ),
        merge(
            "n5-bare-plane",
            &["N5", "N10"],
            "a plane that never said what it shows; what it gains stands last where no order says otherwise",
            &[|txn| {
                crdt::remove_field(txn, "Plane_1", "bpmnElement");
                set(txn, "Plane_1", "zz", "1");
                set(txn, "Plane_1", "#o", "id");
            }],
        ),
        merge(
            "n5-retyped",
            &["N5", "N6"],
            "a sub-process with a plane of its own becomes a task",
            &[|txn| set(txn, "Sub_1", "#t", "bpmn:task")],
        ),
        merge(
            "n5-doubles",
            &["N5", "N7"],
            "two draw the same element, and edges lose an end",
            &[
                |txn| {
                    create(
                        txn,
                        "Sub_2_di",
                        &[
                            ("#t", "bpmndi:BPMNShape"),
                            ("#p", "b1 Plane_1"),
                            ("id", "Sub_2_di"),
                            ("#b", "1 1 1 1"),
                        ],
                    );
                    refer(txn, "Sub_2_di", "bpmnElement", &["Sub_2"]);
                },
                |txn| {
                    create(
                        txn,
                        "Sub_2_di2",
                        &[
                            ("#t", "bpmndi:BPMNShape"),
                            ("#p", "b0 Plane_1"),
                            ("id", "Sub_2_di"),
                            ("#b", "2 2 2 2"),
                        ],
                    );
                    refer(txn, "Sub_2_di2", "bpmnElement", &["Sub_2"]);
                    delete(txn, &["Start_1_di"]);
                },
            ],
        ),
        merge(
            "n6-replace",
            &["N6"],
            "a task becomes a gateway while another hangs things on it",
            &[
                |txn| set(txn, "Task_1", "#t", "bpmn:exclusiveGateway"),
                |txn| {
                    create(
                        txn,
                        "l",
                        &[("#t", "bpmn:standardLoopCharacteristics"), ("#p", "b0 Task_1")],
                    );
                    set(txn, "Task_1", "own", "kept: BPMN does not know it");
                },
            ],
        ),
        merge(
            "n6-sub-process",
            &["N6"],
            "a sub-process becomes a task while another moves something in",
            &[
                |txn| set(txn, "Sub_1", "#t", "bpmn:task"),
                |txn| set(txn, "Boundary_1", "#p", "b0 Sub_1"),
                |txn| set(txn, "Lane_2", "#p", "b0 Process_1"),
            ],
        ),
        merge(
            "n6-one-key",
            &["N6"],
            "of two types created under one key the loser leaves its children behind",
            &[|txn| {
                create(
                    txn,
                    "Inner_1",
                    &[("#t", "bpmn:task"), ("#p", "a0 Task_2"), ("id", "Inner_1")],
                );
            }],
        ),
        merge(
            "n7-exempt",
            &["D13", "N7"],
            "an id that the source itself doubled is not made unique, and nobody else gets it",
            &[
                |txn| set(txn, "Task_2", "id", "Task_1"),
                |txn| {
                    set(txn, "Sub_2", "id", "Task_1_2");
                    set(txn, "Sub_2", "#dup", "Task_1_2");
                },
            ],
        ),
        merge(
            "n7-ids",
            &["N7"],
            "two rename to one id, a third has the first free one",
            &[
                |txn| set(txn, "Task_1", "id", "Task_2"),
                |txn| set(txn, "Sub_2", "id", "Task_2_2"),
                |txn| set(txn, "Start_1", "id", " Task_2 "),
            ],
        ),
        merge(
            "n8-lists",
            &["N8"],
            "a flow is led elsewhere, a node goes to two lanes at once",
            &[
                |txn| refer(txn, "Flow_1", "targetRef", &["Sub_1"]),
                |txn| refer(txn, "Task_1", "#l", &["Lane_2", "a0", "gone", "a0", "Lane_2", "a1"]),
                |txn| {
                    create(txn, "own", &[("#t", "bpmn:incoming"), ("#p", "z0 Task_1")]);
                    refer(txn, "own", "#x", &["Flow_1"]);
                },
            ],
        ),
        merge(
            "n9-declared",
            &["N9"],
            "what an element declares gives way to its own tag, and its attributes to both",
            &[|txn| {
                for (alias, uri, prefix) in [
                    ("x", "urn:one", None),
                    ("x$2", "urn:two", Some("x")),
                    ("d", "urn:three", Some("")),
                ] {
                    let (uri, prefix) = (uri.to_owned(), prefix.map(str::to_owned));
                    crdt::set_namespace(txn, alias, &Namespace { uri, at_root: false, prefix });
                }
                let e = [("#t", "x:e"), ("#p", "b0 Sub_2"), ("#n", "x$2 nope x"), ("x$2:a", "1")];
                create(txn, "e", &e);
                create(txn, "g", &[("#t", "x:g"), ("#p", "a0 e"), ("x$2:a", "2")]);
                let f = [("#t", "bpmn:documentation"), ("#p", "b1 Sub_2"), ("#n", "d x$2 x")];
                create(txn, "f", &f);
            }],
        ),
        merge(
            "n9-namespaces",
            &["N9"],
            "one prefix for two namespaces; a well-known alias that is gone",
            &[
                |txn| {
                    let space = |uri: &str, at_root, prefix: Option<&str>| Namespace {
                        uri: uri.to_owned(),
                        at_root,
                        prefix: prefix.map(str::to_owned),
                    };
                    crdt::set_namespace(txn, "x", &space("urn:one", true, None));
                    crdt::set_namespace(txn, "x$2", &space("urn:two", true, Some("x")));
                    crdt::set_namespace(txn, "d", &space("urn:three", false, Some("")));
                    set(txn, "Task_2", "x:a", "1");
                    set(txn, "Task_2", "x$2:a", "2");
                    set(txn, "Task_2", "d:a", "3");
                    create(txn, "e", &[("#t", "x$2:extra"), ("#p", "b0 Sub_2")]);
                    create(txn, "f", &[("#t", "plain"), ("#p", "b1 Sub_2")]);
                },
                |txn| {
                    let ns = txn.get_or_insert_map("ns");
                    ns.remove(txn, "dc");
                    ns.remove(txn, "bpmndi");
                },
            ],
        ),
    ]
}

fn bytes() -> Vec<Case> {
    vec![
        merge(
            "n10-escapes",
            &["N10"],
            "what XML cannot hold is escaped, split or replaced",
            &[|txn| {
                set(txn, "Task_2", "name", "<&\"'>\r\n\t\u{1}]]>");
                create(txn, "c", &[("#t", "#comment"), ("#p", "b0 Sub_2"), ("#x", "a--b-\r")]);
                create(
                    txn,
                    "i",
                    &[("#t", "#pi"), ("#p", "b1 Sub_2"), ("#pn", "t"), ("#x", " a?>b")],
                );
                create(
                    txn,
                    "d",
                    &[
                        ("#t", "bpmn:documentation"),
                        ("#p", "a0 Task_2"),
                        ("#x", "a]]>b"),
                        ("#cd", "1"),
                    ],
                );
                create(
                    txn,
                    "e",
                    &[("#t", "bpmn:documentation"), ("#p", "a1 Task_2"), ("#x", "]]>\r\"'")],
                );
            }],
        ),
        merge(
            "n10-attributes",
            &["N10"],
            "profiles, own orders and what neither names",
            &[|txn| {
                crdt::set_attribute_order(txn, "bpmn:userTask", "name  id nobody name");
                set(txn, "Task_1", "zz", "1");
                set(txn, "Task_1", "\u{1F600}", "no name");
                set(txn, "Task_1", "\u{10000}", "above the basic plane");
                set(txn, "Task_1", "\u{F900}", "below it");
                set(txn, "Sub_2", "name", "n");
                set(txn, "Sub_2", "#o", "name id");
            }],
        ),
        merge(
            "n10-text",
            &["N10", "D12"],
            "white space beside elements goes, real text stays",
            &[|txn| {
                create(txn, "a", &[("#t", "bpmn:documentation"), ("#p", "a0 Task_2"), ("#x", " ")]);
                create(txn, "b", &[("#t", "ext"), ("#p", "a0 a")]);
                create(txn, "c", &[("#t", "#text"), ("#p", "a1 a"), ("#x", "\n ")]);
                create(
                    txn,
                    "d",
                    &[("#t", "bpmn:documentation"), ("#p", "a1 Task_2"), ("#x", "]]")],
                );
                create(txn, "e", &[("#t", "#text"), ("#p", "a0 d"), ("#x", ">")]);
                create(txn, "f", &[("#t", "ext"), ("#p", "a1 d")]);
                create(txn, "g", &[("#t", "ext"), ("#p", "a0 f")]);
            }],
        ),
        merge(
            "n10-meta",
            &["N10", "N0"],
            "style, declaration and geometry names that are none",
            &[|txn| {
                crdt::set_meta(
                    txn,
                    "style",
                    r#"{"indent":"xy","eol":"\r\n","sc":" />","nl":"0","gt":1}"#,
                );
                crdt::set_meta(txn, "decl", r#"{"encoding":"latin1","standalone":"maybe"}"#);
                crdt::set_meta(txn, "geo", r#"{"b":"bpmn:Bounds","w":"di:point","wx":"x=1"}"#);
                crdt::set_meta(txn, "nso", "dc @id di nobody dc");
            }],
        ),
    ]
}

type Edit = fn(&mut TransactionMut<'_>);

/// Replicas of the base that each made their edits without knowing of the others.
fn merge(
    name: &'static str,
    rules: &'static [&'static str],
    about: &'static str,
    edits: &[Edit],
) -> Case {
    let records = bpmn::import(definitions(BASE).as_bytes()).unwrap();
    let seed = bpmn::seed_update(&records, 1 << 40);
    let docs = (1..).zip(edits).map(|(client, edit)| {
        let doc = bpmn::new_doc(client);
        let mut txn = doc.transact_mut();
        txn.apply_update(Update::decode_v1(&seed).unwrap()).unwrap();
        edit(&mut txn);
        drop(txn);
        doc
    });
    Case { name, rules, about, source: Source::Docs(docs.collect()) }
}

fn set(txn: &mut TransactionMut<'_>, key: &str, field: &str, value: &str) {
    assert!(crdt::set_field(txn, key, field, &Value::from(value)), "{key} {field}");
}

fn refer(txn: &mut TransactionMut<'_>, key: &str, field: &str, items: &[&str]) {
    let list = Value::List(items.iter().map(|i| (*i).to_owned()).collect());
    assert!(crdt::set_field(txn, key, field, &list), "{key} {field}");
}

fn create(txn: &mut TransactionMut<'_>, key: &str, fields: &[(&str, &str)]) {
    let mut record = Record::default();
    for (field, value) in fields {
        record.set(field, *value);
    }
    assert!(crdt::create_node(txn, key, &record), "{key}");
}

/// A sequence flow in the process.
fn connect(txn: &mut TransactionMut<'_>, key: &str, source: &str, target: &str) {
    let place = [("#t", "bpmn:sequenceFlow"), ("#p", "b0 Process_1"), ("id", key)];
    create(txn, key, &[&place[..], &[("#i", "a1"), ("#u", "a1")]].concat());
    refer(txn, key, "sourceRef", &[source]);
    refer(txn, key, "targetRef", &[target]);
}

/// A shape or an edge.
fn draw(txn: &mut TransactionMut<'_>, what: &str, place: &str, element: &str) {
    let key = format!("{element}_di");
    create(txn, &key, &[("#t", &format!("bpmndi:{what}")), ("#p", place), ("id", &key)]);
    refer(txn, &key, "bpmnElement", &[element]);
}

fn delete(txn: &mut TransactionMut<'_>, keys: &[&str]) {
    for key in keys {
        assert!(crdt::delete_node(txn, key), "{key}");
    }
}

fn node(txn: &mut TransactionMut<'_>, key: &str) -> MapRef {
    let nodes = txn.get_or_insert_map("nodes");
    match nodes.get(txn, key) {
        Some(Out::YMap(node)) => node,
        other => panic!("{key}: {other:?}"),
    }
}
