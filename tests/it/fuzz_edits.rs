//! Random edits of one replica, as editors and careless peers make them.
//!
//! An edit reads the replica's records and answers with primitive writes. The weights are chosen so
//! that every rule of the normaliser is reached (`history_fuzz` shows it).

use atelier::bpmn::model::{DOCUMENT, Namespace, Record, Records, Value};
use atelier::bpmn::order;

/// A primitive write.
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    Create(String, Record),
    Set(String, String, Value),
    Remove(String, String),
    Delete(String),
    Ns(String, Namespace),
}

/// The kinds of edit, with their weights.
pub(crate) const KINDS: [(&str, u32); 25] = [
    ("create", 12),
    ("connect", 12),
    ("move", 8),
    ("waypoints", 4),
    ("reconnect", 8),
    ("rename", 6),
    ("rename-id", 5),
    ("replace", 8),
    ("reparent", 8),
    ("lane", 12),
    ("nest", 9),
    ("sub-to-task", 3),
    ("delete", 8),
    ("delete-node", 3),
    ("default", 3),
    ("condition", 3),
    ("extension", 4),
    ("colour", 3),
    ("show-again", 3),
    ("boundary", 4),
    ("participant", 2),
    ("drop-collaboration", 1),
    ("stray", 2),
    ("future-field", 3),
    ("text", 6),
];

/// Makes one edit of a random kind; an edit that finds nothing to work on makes no writes.
pub(crate) fn random(records: &Records, rng: &mut fastrand::Rng) -> (&'static str, Vec<Edit>) {
    let total: u32 = KINDS.iter().map(|(_, weight)| weight).sum();
    let mut pick = rng.u32(..total);
    for (kind, weight) in KINDS {
        if pick < weight {
            return (kind, make(kind, records, rng).unwrap_or_default());
        }
        pick -= weight;
    }
    unreachable!("the pick is below the total")
}

/// A new sub-process with its shape, where the diagram has a process and a plane.
pub(crate) fn sub_process(records: &Records, rng: &mut fastrand::Rng) -> Vec<Edit> {
    create_local("subProcess", &View { records }, rng).unwrap_or_default()
}

/// What the generator looks for in a diagram.
struct View<'r> {
    records: &'r Records,
}

const TASKS: [&str; 7] =
    ["task", "userTask", "serviceTask", "sendTask", "manualTask", "scriptTask", "callActivity"];
const NODES: [&str; 14] = [
    "task",
    "userTask",
    "serviceTask",
    "sendTask",
    "manualTask",
    "scriptTask",
    "callActivity",
    "subProcess",
    "exclusiveGateway",
    "parallelGateway",
    "startEvent",
    "endEvent",
    "intermediateThrowEvent",
    "boundaryEvent",
];

fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into())
}

fn refer(key: &str) -> Value {
    Value::List(vec![key.to_owned()])
}

impl<'r> View<'r> {
    fn local(&self, key: &str) -> &'r str {
        let tag = self.records.nodes.get(key).and_then(Record::tag).unwrap_or("");
        tag.split_once(':').map_or(tag, |(_, local)| local)
    }

    fn all(&self, locals: &[&str]) -> Vec<&'r str> {
        let keys = self.records.nodes.keys();
        keys.map(String::as_str).filter(|key| locals.contains(&self.local(key))).collect()
    }

    fn any(&self, locals: &[&str], rng: &mut fastrand::Rng) -> Option<&'r str> {
        let all = self.all(locals);
        (!all.is_empty()).then(|| all[rng.usize(..all.len())])
    }

    fn alias(&self, local: &str) -> &'r str {
        let known = self.all(&[local]).first().copied().and_then(|k| self.records.nodes[k].tag());
        known.and_then(|tag| tag.split_once(':')).map_or("", |(alias, _)| alias)
    }

    fn bpmn(&self, local: &str) -> Value {
        text(format!("{}:{local}", self.alias("definitions")))
    }

    fn di(&self, local: &str) -> Value {
        text(format!("{}:{local}", self.alias("BPMNPlane")))
    }

    fn parent(&self, key: &str) -> Option<&'r str> {
        self.records.nodes.get(key)?.place().map(|(_, parent)| parent)
    }

    fn children(&self, of: &str) -> Vec<&'r str> {
        let keys = self.records.nodes.keys().map(String::as_str);
        keys.filter(|key| self.parent(key) == Some(of)).collect()
    }

    fn subtree(&self, of: &'r str) -> Vec<&'r str> {
        let mut all = vec![of];
        let mut at = 0;
        while at < all.len() {
            for child in self.children(all[at]) {
                if !all.contains(&child) {
                    all.push(child);
                }
            }
            at += 1;
        }
        all
    }

    /// A place at the end of a parent.
    fn end(&self, parent: &str, rng: &mut fastrand::Rng) -> Value {
        let last = self.children(parent).into_iter().filter_map(|c| self.records.nodes[c].place());
        let last = last.map(|(order, _)| order).max();
        text(format!("{} {parent}", order::between(last, None, rng)))
    }

    fn free_key(&self, wish: &str, rng: &mut fastrand::Rng) -> String {
        if self.records.nodes.contains_key(wish) { random_key(rng) } else { wish.to_owned() }
    }

    fn referring(&self, key: &str) -> Vec<&'r str> {
        let refers = |record: &Record| {
            let of = |field: &str| {
                record.list(field).is_some_and(|l| l.first().is_some_and(|k| k == key))
            };
            ["sourceRef", "targetRef", "bpmnElement", "attachedToRef"].into_iter().any(of)
        };
        let nodes = self.records.nodes.iter().filter(|(_, record)| refers(record));
        nodes.map(|(key, _)| key.as_str()).collect()
    }
}

fn random_key(rng: &mut fastrand::Rng) -> String {
    std::iter::once('~').chain((0..8).map(|_| rng.alphanumeric())).collect()
}

fn record(fields: Vec<(&str, Value)>) -> Record {
    Record(fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect())
}

fn set(key: &str, field: &str, value: Value) -> Edit {
    Edit::Set(key.to_owned(), field.to_owned(), value)
}

/// Ids that several people choose.
fn pool_id(rng: &mut fastrand::Rng) -> String {
    format!("Pool_{}", rng.u32(..3))
}

fn fresh_id(prefix: &str, rng: &mut fastrand::Rng) -> String {
    let tail: String = (0..7).map(|_| rng.alphanumeric().to_ascii_lowercase()).collect();
    format!("{prefix}_{tail}")
}

fn make(kind: &str, records: &Records, rng: &mut fastrand::Rng) -> Option<Vec<Edit>> {
    let view = View { records };
    match kind {
        "create" => create(&view, rng),
        "connect" => connect(&view, rng),
        "move" => {
            let shape = view.any(&["BPMNShape"], rng)?;
            let plane = view.parent(shape)?;
            let bounds = format!("{} {} 100 80", rng.u32(..900), rng.u32(..900));
            Some(vec![set(shape, "#b", text(bounds)), set(shape, "#p", view.end(plane, rng))])
        }
        "waypoints" => {
            let edge = view.any(&["BPMNEdge"], rng)?;
            let way = format!("{},1 {},2 3,4", rng.u32(..900), rng.u32(..900));
            Some(vec![set(edge, "#w", text(way))])
        }
        "reconnect" => reconnect(&view, rng),
        "rename" => {
            let node = view.any(&NODES, rng)?;
            let names = ["A < B & \"C\"", "two\nlines\tand a tab", "plain", "😀 \u{FFFD}"];
            Some(vec![set(
                node,
                "name",
                text(format!("{} {}", names[rng.usize(..4)], rng.u32(..99))),
            )])
        }
        "rename-id" => {
            let node = view.any(&NODES, rng)?;
            Some(vec![set(node, "id", text(pool_id(rng)))])
        }
        "replace" => replace(&view, rng),
        "reparent" => {
            let node = view.any(&NODES, rng)?;
            let inner = view.subtree(node);
            let targets = view.all(&["subProcess", "process"]);
            let targets: Vec<_> = targets.into_iter().filter(|t| !inner.contains(t)).collect();
            let target = targets.get(rng.usize(..targets.len().max(1)))?;
            Some(vec![set(node, "#p", view.end(target, rng))])
        }
        "lane" => {
            let node = view.any(&NODES, rng)?;
            let Some(lane) = view.any(&["lane"], rng).filter(|_| rng.u32(..4) > 0) else {
                return add_lane(&view, rng);
            };
            let mut pairs = Vec::new();
            let mut walk = Some(lane);
            while let Some(up) = walk.filter(|_| pairs.len() < 8) {
                if view.local(up) == "lane" {
                    pairs.splice(0..0, [up.to_owned(), order::between(None, None, rng)]);
                }
                walk = view.parent(up);
            }
            Some(vec![set(node, "#l", Value::List(pairs))])
        }
        "nest" => {
            let subs = view.all(&["subProcess"]);
            if subs.len() < 2 {
                return create_local("subProcess", &view, rng);
            }
            // Mostly the same two, so that two editors nest them into each other.
            let of = if rng.u32(..4) > 0 { 2 } else { subs.len() };
            let (inner, outer) = (subs[rng.usize(..of)], subs[rng.usize(..of)]);
            let below = view.subtree(inner);
            (!below.contains(&outer)).then(|| vec![set(inner, "#p", text(format!("a0 {outer}")))])
        }
        "sub-to-task" => {
            let sub = view.any(&["subProcess"], rng)?;
            Some(vec![set(sub, "#t", view.bpmn("task"))])
        }
        "delete" => delete(&view, rng),
        "delete-node" => {
            // A client that knows nothing of the rest: no flows, no shapes, no children.
            let node = view.any(&NODES, rng)?;
            Some(vec![Edit::Delete(node.to_owned())])
        }
        "default" => {
            let gateway = view.any(&["exclusiveGateway", "task", "userTask"], rng)?;
            let flow = view.any(&["sequenceFlow"], rng)?;
            Some(vec![set(gateway, "default", refer(flow))])
        }
        "condition" => condition(&view, rng),
        "extension" => extension(&view, rng),
        "colour" => {
            let shape = view.any(&["BPMNShape"], rng)?;
            let uri = "http://www.omg.org/spec/BPMN/non-normative/color/1.0".to_owned();
            let ns = Namespace { uri, at_root: rng.bool(), prefix: None };
            let field = "color:background-color";
            Some(vec![Edit::Ns("color".to_owned(), ns), set(shape, field, text("#aabbcc"))])
        }
        "show-again" => {
            let node = view.any(&NODES, rng)?;
            let plane = view.any(&["BPMNPlane"], rng)?;
            let key = view.free_key(&format!("{node}_di"), rng);
            Some(vec![shape(&view, &key, node, plane, rng)])
        }
        "boundary" => {
            let host = view.any(&TASKS, rng)?;
            let parent = view.parent(host)?;
            let id = fresh_id("Boundary", rng);
            let place = view.end(parent, rng);
            let node = record(vec![
                ("#t", view.bpmn("boundaryEvent")),
                ("#p", place),
                ("id", text(id.clone())),
                ("attachedToRef", refer(host)),
            ]);
            let plane = view.any(&["BPMNPlane"], rng)?;
            let shape = shape(&view, &format!("{id}_di"), &id, plane, rng);
            Some(vec![Edit::Create(id, node), shape])
        }
        "participant" => participant(&view, rng),
        "drop-collaboration" => {
            let collaboration = view.any(&["collaboration"], rng)?;
            Some(
                view.subtree(collaboration)
                    .into_iter()
                    .map(|k| Edit::Delete(k.to_owned()))
                    .collect(),
            )
        }
        "stray" => stray(&view, rng),
        "future-field" => {
            let node = view.any(&NODES, rng)?;
            Some(vec![set(node, "#future", text(format!("v{}", rng.u32(..9))))])
        }
        "text" => {
            let note = view.any(&["documentation", "text", "conditionExpression"], rng)?;
            Some(vec![set(note, "#x", text(format!("]]> <{}> &amp;", rng.u32(..9))))])
        }
        _ => unreachable!("every kind has an arm"),
    }
}

fn shape(view: &View<'_>, key: &str, node: &str, plane: &str, rng: &mut fastrand::Rng) -> Edit {
    let bounds = format!("{} {} 100 80", rng.u32(..900), rng.u32(..900));
    let id = if node.contains('~') { fresh_id("Shape", rng) } else { format!("{node}_di") };
    let fields = vec![
        ("#t", view.di("BPMNShape")),
        ("#p", view.end(plane, rng)),
        ("id", text(id)),
        ("bpmnElement", refer(node)),
        ("#b", text(bounds)),
    ];
    Edit::Create(key.to_owned(), record(fields))
}

fn create(view: &View<'_>, rng: &mut fastrand::Rng) -> Option<Vec<Edit>> {
    let locals = ["task", "userTask", "subProcess", "subProcess", "exclusiveGateway", "scriptTask"];
    create_local(locals[rng.usize(..locals.len())], view, rng)
}

fn create_local(
    local: &'static str,
    view: &View<'_>,
    rng: &mut fastrand::Rng,
) -> Option<Vec<Edit>> {
    let parent = view.any(&["process", "subProcess"], rng)?;
    let plane = view.any(&["BPMNPlane"], rng)?;
    let id = if rng.u32(..10) == 0 { pool_id(rng) } else { fresh_id("Activity", rng) };
    let key = view.free_key(&id, rng);
    let mut fields = vec![
        ("#t", view.bpmn(local)),
        ("#p", view.end(parent, rng)),
        ("id", text(id)),
        ("name", text(format!("N{}", rng.u32(..99)))),
    ];
    match local {
        "scriptTask" => fields.push(("scriptFormat", text("js"))),
        "userTask" => fields.push(("implementation", text("##unspecified"))),
        _ => {}
    }
    let shape_key = view.free_key(&format!("{key}_di"), rng);
    let shape = shape(view, &shape_key, &key, plane, rng);
    Some(vec![Edit::Create(key, record(fields)), shape])
}

fn connect(view: &View<'_>, rng: &mut fastrand::Rng) -> Option<Vec<Edit>> {
    let source = view.any(&NODES, rng)?;
    let target = view.any(&NODES, rng)?;
    let parent = view.parent(source).filter(|p| *p != DOCUMENT)?;
    let id = fresh_id("Flow", rng);
    let flow = record(vec![
        ("#t", view.bpmn("sequenceFlow")),
        ("#p", view.end(parent, rng)),
        ("id", text(id.clone())),
        ("sourceRef", refer(source)),
        ("targetRef", refer(target)),
        ("#i", text(order::between(None, None, rng))),
        ("#u", text(order::between(None, None, rng))),
    ]);
    let plane = view.any(&["BPMNPlane"], rng)?;
    let edge = record(vec![
        ("#t", view.di("BPMNEdge")),
        ("#p", view.end(plane, rng)),
        ("id", text(format!("{id}_di"))),
        ("bpmnElement", refer(&id)),
        ("#w", text("1,1 2,2")),
    ]);
    Some(vec![Edit::Create(id.clone(), flow), Edit::Create(format!("{id}_di"), edge)])
}

fn reconnect(view: &View<'_>, rng: &mut fastrand::Rng) -> Option<Vec<Edit>> {
    let flow = view.any(&["sequenceFlow"], rng)?;
    // Now and then onto something that no flow may end at.
    let target = if rng.u32(..12) == 0 {
        view.any(&["dataObjectReference", "textAnnotation", "lane", "process"], rng)?
    } else {
        view.any(&NODES, rng)?
    };
    let (end, list) = if rng.bool() { ("sourceRef", "#u") } else { ("targetRef", "#i") };
    let order = order::between(None, None, rng);
    Some(vec![set(flow, end, refer(target)), set(flow, list, text(order))])
}

fn replace(view: &View<'_>, rng: &mut fastrand::Rng) -> Option<Vec<Edit>> {
    let node = view.any(&NODES, rng)?;
    let local = NODES[rng.usize(..NODES.len() - 1)];
    let mut edits = vec![set(node, "#t", view.bpmn(local))];
    match local {
        "callActivity" => edits.push(set(node, "calledElement", text("Other"))),
        "serviceTask" | "userTask" => {
            edits.push(set(node, "implementation", text("##WebService")));
        }
        "scriptTask" => {
            let script = record(vec![
                ("#t", view.bpmn("script")),
                ("#p", view.end(node, rng)),
                ("#x", text("a < b")),
            ]);
            let key = format!("{node}~script");
            if !view.records.nodes.contains_key(&key) {
                edits.push(Edit::Create(key, script));
            }
            edits.push(set(node, "scriptFormat", text("js")));
        }
        _ => {}
    }
    Some(edits)
}

fn delete(view: &View<'_>, rng: &mut fastrand::Rng) -> Option<Vec<Edit>> {
    let mut locals = NODES.to_vec();
    locals.extend(["sequenceFlow", "lane", "messageFlow", "textAnnotation", "dataObjectReference"]);
    let node = view.any(&locals, rng)?;
    let mut doomed = view.subtree(node);
    let mut at = 0;
    while at < doomed.len() {
        for key in view.referring(doomed[at]) {
            for below in view.subtree(key) {
                if !doomed.contains(&below) {
                    doomed.push(below);
                }
            }
        }
        at += 1;
    }
    Some(doomed.into_iter().map(|key| Edit::Delete(key.to_owned())).collect())
}

/// A lane in the lane set of a process, which has one role key.
fn add_lane(view: &View<'_>, rng: &mut fastrand::Rng) -> Option<Vec<Edit>> {
    let process = view.any(&["process"], rng)?;
    let mut edits = Vec::new();
    let set = match view.any(&["laneSet", "childLaneSet"], rng) {
        Some(set) => set.to_owned(),
        None => {
            let key = format!("{process}~laneSet");
            let fields = vec![("#t", view.bpmn("laneSet")), ("#p", text(format!("Zz {process}")))];
            edits.push(Edit::Create(key.clone(), record(fields)));
            key
        }
    };
    let id = fresh_id("Lane", rng);
    let fields =
        vec![("#t", view.bpmn("lane")), ("#p", view.end(&set, rng)), ("id", text(id.clone()))];
    edits.push(Edit::Create(id, record(fields)));
    Some(edits)
}

fn condition(view: &View<'_>, rng: &mut fastrand::Rng) -> Option<Vec<Edit>> {
    let flow = view.any(&["sequenceFlow"], rng)?;
    let key = format!("{flow}~conditionExpression");
    let script = text(format!("${{x < {}}}", rng.u32(..9)));
    if view.records.nodes.contains_key(&key) {
        return Some(vec![set(&key, "#x", script)]);
    }
    let place = view.end(flow, rng);
    let fields = vec![("#t", view.bpmn("conditionExpression")), ("#p", place), ("#x", script)];
    Some(vec![Edit::Create(key, record(fields))])
}

/// An extension in a namespace that the root declares, one that only the document knows, or one
/// that somebody forgot to announce.
fn extension(view: &View<'_>, rng: &mut fastrand::Rng) -> Option<Vec<Edit>> {
    let node = view.any(&TASKS, rng)?;
    let mut edits = Vec::new();
    let outer = format!("{node}~extensionElements");
    if !view.records.nodes.contains_key(&outer) {
        let place = view.end(node, rng);
        let fields = vec![("#t", view.bpmn("extensionElements")), ("#p", place)];
        edits.push(Edit::Create(outer.clone(), record(fields)));
    }
    let alias = ["acme", "vend"][rng.usize(..2)];
    let ns = Namespace { uri: format!("urn:{alias}"), at_root: rng.bool(), prefix: None };
    edits.push(Edit::Ns(alias.to_owned(), ns));
    let fields = vec![
        ("#t", text(format!("{alias}:note"))),
        ("#p", view.end(&outer, rng)),
        ("value", text("\"1\"\r\n<2>")),
        ("acme:kind", text("x")),
    ];
    edits.push(Edit::Ns(
        "acme".to_owned(),
        Namespace { uri: "urn:acme".to_owned(), at_root: rng.bool(), prefix: None },
    ));
    edits.push(Edit::Create(random_key(rng), record(fields)));
    Some(edits)
}

/// The root swap of a modeler: a collaboration and a pool around the process, under the keys that all give them.
fn participant(view: &View<'_>, rng: &mut fastrand::Rng) -> Option<Vec<Edit>> {
    let root = view.any(&["definitions"], rng)?;
    let process = view.any(&["process"], rng)?;
    let plane = view.any(&["BPMNPlane"], rng)?;
    // A modeler draws no second pool around a process.
    let pools = view.all(&["participant"]);
    if pools
        .iter()
        .any(|pool| view.records.nodes[*pool].0.get("processRef") == Some(&refer(process)))
    {
        return None;
    }
    let mut edits = Vec::new();
    let collaboration = match view.any(&["collaboration"], rng) {
        Some(key) => key.to_owned(),
        None => {
            let key = format!("{plane}~collaboration");
            let fields = vec![
                ("#t", view.bpmn("collaboration")),
                ("#p", view.end(root, rng)),
                ("id", text(fresh_id("Collaboration", rng))),
            ];
            edits.push(Edit::Create(key.clone(), record(fields)));
            key
        }
    };
    let key = format!("{process}~participant");
    let fields = vec![
        ("#t", view.bpmn("participant")),
        ("#p", view.end(&collaboration, rng)),
        ("id", text(fresh_id("Participant", rng))),
        ("processRef", refer(process)),
    ];
    edits.push(Edit::Create(key.clone(), record(fields)));
    edits.push(set(plane, "bpmnElement", refer(&collaboration)));
    edits.push(shape(view, &format!("{key}_di"), &key, plane, rng));
    Some(edits)
}

/// What only a broken client writes.
fn stray(view: &View<'_>, rng: &mut fastrand::Rng) -> Option<Vec<Edit>> {
    let key = random_key(rng);
    match rng.u32(..4) {
        0 => {
            let place = text(format!("{} #", order::between(Some("z"), None, rng)));
            let fields = vec![("#t", view.bpmn("definitions")), ("#p", place)];
            Some(vec![Edit::Create(key, record(fields))])
        }
        1 => Some(vec![Edit::Create(key, record(vec![("name", text("no tag, no place"))]))]),
        2 => {
            let node = view.any(&NODES, rng)?;
            Some(vec![Edit::Remove(node.to_owned(), "name".to_owned())])
        }
        _ => {
            let node = view.any(&NODES, rng)?;
            Some(vec![set(node, "undeclared:attribute", text("x"))])
        }
    }
}
