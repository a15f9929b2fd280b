//! What must hold for every exported text, checked by other code than the product's: a small DOM on
//! quick-xml, and the invariants I1, I3–I7 of the document model on it.

use std::collections::{BTreeMap, BTreeSet};

use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;

pub(crate) const MODEL: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
pub(crate) const BPMNDI: &str = "http://www.omg.org/spec/BPMN/20100524/DI";

/// One element.
#[derive(Debug, Default, Clone)]
pub(crate) struct Element {
    pub(crate) uri: String,
    pub(crate) local: String,
    /// Unprefixed attributes by name; prefixed ones as `{uri}local`.
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) text: String,
    pub(crate) parent: Option<usize>,
    pub(crate) children: Vec<usize>,
}

/// All elements in document order; the root is the first.
pub(crate) struct Dom(pub(crate) Vec<Element>);

impl Element {
    fn is(&self, uri: &str, local: &str) -> bool {
        self.uri == uri && self.local == local
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.attribute("id")
    }
}

impl Dom {
    /// Parses strictly enough to notice what no XML parser would take.
    pub(crate) fn parse(xml: &str) -> Result<Self, String> {
        let mut reader = NsReader::from_str(xml);
        reader.config_mut().check_end_names = true;
        let mut dom: Vec<Element> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        loop {
            let (resolved, event) = reader.read_resolved_event().map_err(|e| e.to_string())?;
            let uri = match &resolved {
                ResolveResult::Bound(ns) => AsRef::<str>::as_ref(ns).to_string(),
                ResolveResult::Unbound => String::new(),
                ResolveResult::Unknown(prefix) => {
                    return Err(format!("unbound prefix {prefix}"));
                }
            };
            match event {
                Event::Start(start) | Event::Empty(start) if open.is_empty() && !dom.is_empty() => {
                    return Err(format!("second root {:?}", start.name()));
                }
                Event::Start(start) => {
                    let at = dom.len();
                    dom.push(element(&reader, uri, &start, open.last().copied())?);
                    if let Some(parent) = open.last() {
                        dom[*parent].children.push(at);
                    }
                    open.push(at);
                }
                Event::Empty(start) => {
                    let at = dom.len();
                    dom.push(element(&reader, uri, &start, open.last().copied())?);
                    if let Some(parent) = open.last() {
                        dom[*parent].children.push(at);
                    }
                }
                Event::End(_) => {
                    open.pop();
                }
                Event::Text(text) => {
                    let text = text.xml10_content();
                    match open.last() {
                        Some(at) => dom[*at].text.push_str(&text),
                        None if text.trim().is_empty() => {}
                        None => return Err(format!("text outside the root: {text:?}")),
                    }
                }
                Event::CData(text) => {
                    let text = text.xml10_content();
                    if let Some(at) = open.last() {
                        dom[*at].text.push_str(&text);
                    }
                }
                Event::GeneralRef(name) => {
                    let text = match name.resolve_char_ref().map_err(|e| e.to_string())? {
                        Some(c) => c.to_string(),
                        None => predefined(&name)?.to_owned(),
                    };
                    if let Some(at) = open.last() {
                        dom[*at].text.push_str(&text);
                    }
                }
                Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
                Event::DocType(_) => return Err("a DOCTYPE".to_owned()),
                Event::Eof => break,
            }
        }
        if !open.is_empty() || dom.is_empty() {
            return Err("no root or an open element".to_owned());
        }
        Ok(Self(dom))
    }

    pub(crate) fn get(&self, at: usize) -> &Element {
        &self.0[at]
    }

    fn model(&self) -> impl Iterator<Item = (usize, &Element)> {
        self.0.iter().enumerate().filter(|(_, e)| e.uri == MODEL)
    }

    fn has_ancestor(&self, at: usize, ancestor: usize) -> bool {
        let mut walk = self.0[at].parent;
        while let Some(up) = walk {
            if up == ancestor {
                return true;
            }
            walk = self.0[up].parent;
        }
        false
    }

    fn enclosing(&self, at: usize, local: &str) -> Option<usize> {
        let mut walk = self.0[at].parent;
        while let Some(up) = walk {
            if self.0[up].local == local {
                return Some(up);
            }
            walk = self.0[up].parent;
        }
        None
    }

    fn children_text(&self, at: usize, local: &str) -> Vec<&str> {
        let own = self.0[at].children.iter().map(|c| &self.0[*c]);
        own.filter(|c| c.is(MODEL, local)).map(|c| c.text.trim()).collect()
    }
}

fn predefined(name: &str) -> Result<&'static str, String> {
    match name {
        "lt" => Ok("<"),
        "gt" => Ok(">"),
        "amp" => Ok("&"),
        "quot" => Ok("\""),
        "apos" => Ok("'"),
        _ => Err(format!("undefined entity {name}")),
    }
}

fn element(
    reader: &NsReader<&[u8]>,
    uri: String,
    start: &quick_xml::events::BytesStart<'_>,
    parent: Option<usize>,
) -> Result<Element, String> {
    let local = AsRef::<str>::as_ref(&start.local_name()).to_string();
    let mut attributes = BTreeMap::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|e| e.to_string())?;
        let raw = attribute.value.to_string();
        if raw.contains('<') || raw.contains('\n') {
            return Err(format!("raw markup or newline in an attribute of {local}: {raw:?}"));
        }
        let value = attribute
            .normalized_value(quick_xml::XmlVersion::Explicit1_0)
            .map_err(|e| e.to_string())?
            .into_owned();
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let (resolved, name) = reader.resolver().resolve_attribute(attribute.key);
        let name = AsRef::<str>::as_ref(&name).to_string();
        let name = match resolved {
            ResolveResult::Unbound => name,
            ResolveResult::Bound(ns) => format!("{{{}}}{name}", AsRef::<str>::as_ref(&ns)),
            ResolveResult::Unknown(prefix) => {
                let prefix = prefix.to_string();
                return Err(format!("unbound prefix {prefix} of an attribute"));
            }
        };
        if attributes.insert(name.clone(), value).is_some() {
            return Err(format!("attribute {name} twice"));
        }
    }
    Ok(Element { uri, local, attributes, text: String::new(), parent, children: Vec::new() })
}

pub(crate) const FLOW_NODES: [&str; 24] = [
    "task",
    "userTask",
    "manualTask",
    "serviceTask",
    "sendTask",
    "receiveTask",
    "businessRuleTask",
    "scriptTask",
    "callActivity",
    "subProcess",
    "transaction",
    "adHocSubProcess",
    "exclusiveGateway",
    "inclusiveGateway",
    "parallelGateway",
    "complexGateway",
    "eventBasedGateway",
    "startEvent",
    "endEvent",
    "intermediateCatchEvent",
    "intermediateThrowEvent",
    "boundaryEvent",
    "choreographyTask",
    "subChoreography",
];
const CONTAINERS: [&str; 6] =
    ["process", "subProcess", "transaction", "adHocSubProcess", "choreography", "subChoreography"];

/// Everything that is wrong with an export of a diagram whose source was clean.
pub(crate) fn violations(xml: &str) -> Vec<String> {
    let dom = match Dom::parse(xml) {
        Ok(dom) => dom,
        Err(error) => return vec![format!("I1 not well-formed: {error}")],
    };
    let mut found = Vec::new();
    ids(&dom, &mut found);
    interchange(&dom, &mut found);
    flows(&dom, &mut found);
    lists(&dom, &mut found);
    types(&dom, &mut found);
    found
}

fn ids(dom: &Dom, found: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for element in dom.0.iter().filter(|e| [MODEL, BPMNDI].contains(&e.uri.as_str())) {
        if let Some(id) = element.id()
            && !seen.insert(id)
        {
            found.push(format!("I3 id {id} twice"));
        }
    }
}

fn by_id(dom: &Dom) -> BTreeMap<&str, (usize, &Element)> {
    dom.model().filter_map(|(at, e)| Some((e.id()?, (at, e)))).collect()
}

/// The id that a reference means: fixtures use QNames only in files that the fuzz doesn't take.
fn interchange(dom: &Dom, found: &mut Vec<String>) {
    let ids = by_id(dom);
    let mut shown = BTreeSet::new();
    for (at, e) in dom.0.iter().enumerate().filter(|(_, e)| e.uri == BPMNDI) {
        let target = e.attribute("bpmnElement");
        if matches!(e.local.as_str(), "BPMNShape" | "BPMNEdge" | "BPMNPlane") {
            match target {
                Some(target) if ids.contains_key(target) => {}
                other => found.push(format!("I4 {} shows {other:?}", e.local)),
            }
        }
        if matches!(e.local.as_str(), "BPMNShape" | "BPMNEdge") {
            let plane = dom.enclosing(at, "BPMNPlane");
            if plane.is_none() {
                found.push(format!("I4 {} {target:?} on no plane", e.local));
            }
            if !shown.insert((plane, target)) {
                found.push(format!("I4 {target:?} twice on one plane"));
            }
        }
    }
    for (at, e) in dom.0.iter().enumerate().filter(|(_, e)| e.is(BPMNDI, "BPMNEdge")) {
        let plane = dom.enclosing(at, "BPMNPlane");
        let Some((_, flow)) = e.attribute("bpmnElement").and_then(|id| ids.get(id)) else {
            continue;
        };
        if flow.local != "sequenceFlow" {
            continue;
        }
        for end in ["sourceRef", "targetRef"] {
            if let Some(node) = flow.attribute(end)
                && !shown.contains(&(plane, Some(node)))
            {
                found.push(format!("I4 the edge of {:?} ends at nothing on its plane", flow.id()));
            }
        }
    }
}

fn flows(dom: &Dom, found: &mut Vec<String>) {
    let ids = by_id(dom);
    for (_, e) in dom.model() {
        let ends: &[&str] = match e.local.as_str() {
            "sequenceFlow" | "messageFlow" | "association" | "conversationLink" => {
                &["sourceRef", "targetRef"]
            }
            "boundaryEvent" => &["attachedToRef"],
            _ => &[],
        };
        for end in ends {
            match e.attribute(end).and_then(|id| ids.get(id)) {
                None => found.push(format!("I5 {} {:?}: {end} is nothing", e.local, e.id())),
                Some((_, to)) if e.local == "sequenceFlow" || e.local == "boundaryEvent" => {
                    if !FLOW_NODES.contains(&to.local.as_str()) {
                        found.push(format!("I5 {} {:?}: {end} is a {}", e.local, e.id(), to.local));
                    }
                    if to.parent != e.parent {
                        found.push(format!("I5 {} {:?} stands apart from {end}", e.local, e.id()));
                    }
                }
                Some(_) => {}
            }
        }
        for reference in [
            "default",
            "processRef",
            "messageRef",
            "dataObjectRef",
            "signalRef",
            "errorRef",
            "dataStoreRef",
            "categoryValueRef",
            "escalationRef",
        ] {
            if let Some(id) = e.attribute(reference)
                && !ids.contains_key(id)
            {
                found.push(format!("I4 {} {:?}: {reference} {id} is nothing", e.local, e.id()));
            }
        }
    }
}

fn lists(dom: &Dom, found: &mut Vec<String>) {
    let ids = by_id(dom);
    let mut wanted: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for (_, e) in dom.model().filter(|(_, e)| e.local == "sequenceFlow") {
        let Some(id) = e.id() else { continue };
        for (list, end) in [("outgoing", "sourceRef"), ("incoming", "targetRef")] {
            if let Some(node) = e.attribute(end) {
                wanted.entry((node, list)).or_default().insert(id);
            }
        }
    }
    let empty = BTreeSet::new();
    for (at, e) in dom.model().filter(|(_, e)| FLOW_NODES.contains(&e.local.as_str())) {
        for list in ["incoming", "outgoing"] {
            let entries = dom.children_text(at, list);
            let set: BTreeSet<&str> = entries.iter().copied().collect();
            let flows = e.id().and_then(|id| wanted.get(&(id, list))).unwrap_or(&empty);
            if entries.len() != set.len() || set != *flows {
                found.push(format!("I6 {list} of {:?}: {entries:?}, flows {flows:?}", e.id()));
            }
        }
    }
    let mut lane_of: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, _) in dom.model().filter(|(_, e)| e.local == "lane") {
        for node in dom.children_text(at, "flowNodeRef") {
            lane_of.entry(node).or_default().push(at);
            if !ids.get(node).is_some_and(|(_, n)| FLOW_NODES.contains(&n.local.as_str())) {
                found.push(format!("I6 flowNodeRef {node} is no flow node"));
            }
        }
    }
    for (node, lanes) in lane_of {
        // Outer and inner lanes list the same node; lanes side by side must not.
        let apart =
            |a: usize, b: usize| a != b && !dom.has_ancestor(a, b) && !dom.has_ancestor(b, a);
        if lanes.iter().any(|a| lanes.iter().any(|b| apart(*a, *b))) {
            found.push(format!("I6 {node} is in two lanes"));
        }
    }
}

fn types(dom: &Dom, found: &mut Vec<String>) {
    let owns = |e: &Element, name: &str| match name {
        "calledElement" => e.local == "callActivity",
        "scriptFormat" => e.local == "scriptTask",
        "triggeredByEvent" => {
            ["subProcess", "transaction", "adHocSubProcess"].contains(&e.local.as_str())
        }
        "implementation" => [
            "userTask",
            "serviceTask",
            "sendTask",
            "receiveTask",
            "businessRuleTask",
            "globalUserTask",
            "globalBusinessRuleTask",
        ]
        .contains(&e.local.as_str()),
        _ => true,
    };
    for (_, e) in dom.model() {
        for name in ["calledElement", "scriptFormat", "triggeredByEvent", "implementation"] {
            if e.attributes.contains_key(name) && !owns(e, name) {
                found.push(format!("I8 {name} on {} {:?}", e.local, e.id()));
            }
        }
        let Some(parent) = e.parent.map(|at| dom.get(at)) else { continue };
        let flow_element = FLOW_NODES.contains(&e.local.as_str()) || e.local == "sequenceFlow";
        if flow_element && !CONTAINERS.contains(&parent.local.as_str()) {
            found.push(format!("I8 {} {:?} in a {}", e.local, e.id(), parent.local));
        }
        if e.local == "script" && parent.local != "scriptTask" {
            found.push(format!("I8 script in a {}", parent.local));
        }
    }
}
