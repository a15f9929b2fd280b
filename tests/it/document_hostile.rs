//! Records that no honest client wrote: whatever they hold, what comes out is XML, is sound, and
//! reads back to itself.

use atelier::bpmn::materialise::{Rules, materialise_with};
use atelier::bpmn::model::{Namespace, Record, Records, Value};
use atelier::bpmn::tables::{is_reference_attribute, is_reference_element};
use atelier::bpmn::{import, materialise, read_update, seed_update};

use crate::setting;

const SAMPLE: &str = include_str!("../fixtures/one-of-everything.bpmn");

const TEXTS: [&str; 24] = [
    "",
    " ",
    "\n ",
    "a",
    "]]>",
    "]]",
    ">",
    "--",
    "-",
    "?>",
    "<&\">'",
    "\r\n\r",
    "\u{0}\u{FFFF}",
    "Task_1",
    "1 2 3 4",
    "1,2 3,4",
    "+1,2 3,4",
    "preserve",
    "default",
    "a b",
    "xml",
    "😀\t",
    "#dup",
    "id name type x y",
];
const TAGS: [&str; 25] = [
    "bpmn:task",
    "bpmn:userTask",
    "bpmn:subProcess",
    "bpmn:sequenceFlow",
    "bpmn:boundaryEvent",
    "bpmn:lane",
    "bpmn:laneSet",
    "bpmn:process",
    "bpmn:incoming",
    "bpmn:exclusiveGateway",
    "bpmn:collaboration",
    "bpmndi:BPMNShape",
    "bpmndi:BPMNEdge",
    "bpmndi:BPMNPlane",
    "bpmndi:BPMNDiagram",
    "#text",
    "#cdata",
    "#comment",
    "#pi",
    "foo:bar",
    "dc:Bounds",
    "plain",
    "x$2:odd",
    "nope:x",
    "bad name",
];
const FIELDS: [&str; 36] = [
    "id",
    "name",
    "sourceRef",
    "targetRef",
    "bpmnElement",
    "attachedToRef",
    "default",
    "#x",
    "#cd",
    "#b",
    "#lb",
    "#w",
    "#i",
    "#u",
    "#l",
    "#n",
    "#o",
    "#pn",
    "#t0",
    "#p0",
    "#unknown",
    "xml:space",
    "foo:attr",
    "x$2:attr",
    "ns:attr",
    "xsi:type",
    "implementation",
    "not a name",
    "xmlns",
    "xmlns:foo",
    "dataObjectRef",
    "messageRef",
    "x:attr",
    "none:attr",
    // UTF-16 and UTF-8 sort these two the other way round.
    "\u{FF5E}",
    "\u{20000}",
];
const METAS: [(&str, &str); 16] = [
    ("style", r#"{"indent":"\t","sc":" />","eol":"\r\n"}"#),
    ("style", r#"{"flat":"1","nl":"0","dnl":"0"}"#),
    ("style", r#"{"gt":"1","tq":"1","ta":"1","ag":"1","aa":"1","ch":"x"}"#),
    ("style", r#"{"indent":"evil","eol":"x","sc":">","q":"'"}"#),
    ("style", r#"{"indent":""}"#),
    ("style", "nonsense"),
    ("decl", r#"{"encoding":"latin1","standalone":"maybe"}"#),
    ("decl", r#"{"encoding":"utf-8","standalone":"yes"}"#),
    ("decl", "{"),
    ("nso", "@id bpmn @nope zeebe bpmn"),
    ("nso", "di dc bpmn"),
    ("geo", r#"{"b":"foo:Bounds","w":"x:y:z","wx":"xsi:type=dc:Point","l":"bpmn:task"}"#),
    ("geo", r#"{"wx":"nope"}"#),
    ("geo", r#"{"b":"dc:Bounds","wx":"x=1"}"#),
    ("geo", "[]"),
    ("v", "9"),
];
const NAMESPACES: [(&str, &str, bool, Option<&str>); 15] = [
    ("foo", "urn:foo", true, None),
    ("foo", "urn:foo", false, None),
    ("x$2", "urn:two", false, Some("x")),
    ("x", "urn:one", true, None),
    ("x", "urn:one", false, None),
    ("ns", "urn:default", false, Some("")),
    ("ns", "urn:default", true, Some("")),
    ("none", "", false, Some("")),
    ("bpmn", "http://www.omg.org/spec/BPMN/20100524/MODEL", true, Some("")),
    ("dc", "http://purl.org/dc/elements/1.1/", true, None),
    ("foo", "", true, None),
    ("foo", "http://www.w3.org/XML/1998/namespace", true, None),
    ("x", "urn:&<\"'>\n", true, Some("p q")),
    ("di", "http://www.omg.org/spec/DD/20100524/DI", false, Some("dc")),
    ("xsi", "urn:one", true, Some("xml")),
];

struct Mischief {
    rng: fastrand::Rng,
    records: Records,
    keys: Vec<String>,
}

impl Mischief {
    fn new(seed: u64) -> Self {
        let records = import(SAMPLE.as_bytes()).unwrap();
        let keys = records.nodes.keys().cloned().collect();
        Self { rng: fastrand::Rng::with_seed(seed), records, keys }
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.rng.usize(0..from.len())]
    }

    fn key(&mut self) -> String {
        if self.rng.usize(0..20) == 0 {
            return self.pick(&["#", "gone", "", "~"]).to_owned();
        }
        self.keys[self.rng.usize(0..self.keys.len())].clone()
    }

    fn order(&mut self) -> String {
        let odd = self.rng.usize(0..8) == 0;
        if odd {
            self.pick(&["", "é", "zz", "~", "\u{FF5E}", "\u{20000}"]).to_owned()
        } else {
            format!("a{}", self.rng.digit(10))
        }
    }

    fn place(&mut self) -> String {
        let order = self.order();
        format!("{order} {}", self.key())
    }

    /// A value that honest code could not tell from a reference, or plain text elsewhere.
    fn value(&mut self, tag: &str, field: &str) -> Value {
        let local = tag.rsplit(':').next().unwrap_or("");
        let refers =
            is_reference_attribute(field) || (field == "#x" && is_reference_element(local));
        if field == "#l" {
            let mut list = Vec::new();
            for _ in 0..self.rng.usize(0..3) {
                list.extend([self.key(), self.order()]);
            }
            return Value::List(list);
        }
        if refers || self.rng.usize(0..12) == 0 {
            let mut list = vec![self.key()];
            for _ in 0..self.rng.usize(0..3) {
                list.push(self.pick(&["", "tns:", " ", "evil", "\n", "a b:"]).to_owned());
            }
            return Value::List(list);
        }
        Value::from(self.pick(&TEXTS))
    }

    fn step(&mut self) {
        let key = self.key();
        match self.rng.usize(0..12) {
            0 => {
                self.records.nodes.remove(&key);
            }
            1 | 2 => {
                let place = self.place();
                self.with(&key, |r| move_to(r, place));
            }
            3 | 4 => {
                let tag = self.pick(&TAGS);
                self.with(&key, |r| retag(r, tag));
            }
            5 => self.create(),
            6 => {
                let (name, value) = METAS[self.rng.usize(0..METAS.len())];
                self.records.meta.insert(name.to_owned(), value.to_owned());
            }
            7 => {
                let (alias, uri, at_root, prefix) = NAMESPACES[self.rng.usize(0..NAMESPACES.len())];
                let prefix = prefix.map(str::to_owned);
                let namespace = Namespace { uri: uri.to_owned(), at_root, prefix };
                self.records.ns.insert(alias.to_owned(), namespace);
            }
            8 if self.rng.bool() => {
                let alias = self.pick(&["dc", "di", "xsi", "zeebe", "bpmndi"]);
                self.records.ns.remove(alias);
            }
            8 => {
                let tag = self.pick(&TAGS).to_owned();
                let order = self.pick(&["", "name id", "x  x y", "nope id", "height x"]).to_owned();
                self.records.ao.insert(tag, order);
            }
            _ => {
                let field = self.pick(&FIELDS);
                let tag =
                    self.records.nodes.get(&key).and_then(|r| r.tag()).unwrap_or("").to_owned();
                let value = self.value(&tag, field);
                self.with(&key, |r| {
                    r.0.insert(field.to_owned(), value);
                });
            }
        }
    }

    fn create(&mut self) {
        let key = match self.rng.usize(0..4) {
            0 => self.key(),
            1 => format!("New_{}", self.rng.digit(10)),
            2 => format!("{}{}", self.pick(&["\u{FF5E}", "\u{20000}"]), self.rng.digit(10)),
            _ => format!("~{}", self.rng.alphanumeric()),
        };
        let mut record = Record::default();
        let tag = self.pick(&TAGS);
        record.set("#t", tag);
        record.set("#p", self.place());
        for _ in 0..self.rng.usize(0..5) {
            let field = self.pick(&FIELDS);
            let value = self.value(tag, field);
            record.0.insert(field.to_owned(), value);
        }
        self.records.nodes.insert(key.clone(), record);
        self.keys.push(key);
    }

    /// Edges in edges, to a depth at which some of their geometry has no room.
    fn nest(&mut self) {
        let mut parent = self.key();
        for level in 0..self.rng.usize(245..260) {
            let mut record = Record::default();
            for (field, value) in
                [("#t", "bpmndi:BPMNEdge"), ("bpmnElement", "x"), ("#w", "1,2 3,4")]
            {
                record.set(field, value);
            }
            record.set("#p", format!("a0 {parent}"));
            record.set("#lb", self.pick(&["", "1 2 3 4"]));
            parent = format!("deep{level}");
            self.records.nodes.insert(parent.clone(), record);
        }
    }

    fn with(&mut self, key: &str, change: impl FnOnce(&mut Record)) {
        if let Some(record) = self.records.nodes.get_mut(key) {
            change(record);
        }
    }
}

/// As a later write does: the first parent is remembered.
fn move_to(record: &mut Record, place: String) {
    let first = record.text("#p0").or(record.place().map(|(_, p)| p)).map(str::to_owned);
    if let Some(first) = first {
        record.set("#p0", first);
    }
    record.set("#p", place);
}

fn retag(record: &mut Record, tag: &str) {
    let first = record.text("#t0").or(record.tag()).map(str::to_owned);
    if let Some(first) = first {
        record.set("#t0", first);
    }
    record.set("#t", tag);
}

/// References that stay strings are shown as they are, so a dangling one is the writer's doing.
fn has_raw_references(records: &Records) -> bool {
    records.nodes.values().any(|record| {
        let local = record.tag().unwrap_or("").rsplit(':').next().unwrap_or("");
        record.0.iter().any(|(field, value)| {
            matches!(value, Value::Text(_))
                && (is_reference_attribute(field) || (field == "#x" && is_reference_element(local)))
        })
    })
}

/// What is unsound about the XML of some records; the readings of one document agree.
fn unsoundness(records: &Records, xml: &str) -> Option<String> {
    let again = match import(xml.as_bytes()) {
        Ok(again) => again,
        Err(_) if !xml.contains('<') => return None,
        Err(error) => return Some(format!("is not well-formed: {error}")),
    };
    let second = materialise(&again);
    if second != xml {
        return Some(format!("reads back as {}", difference(xml, &second)));
    }
    // The normaliser has nothing to say about what it wrote itself.
    let marked = |r: &Record| r.0.contains_key("#raw") || r.0.contains_key("#dup");
    let broken = again.nodes.iter().find(|(_, r)| marked(r));
    let broken = broken.filter(|_| !has_raw_references(records));
    broken.map(|(key, record)| format!("breaks a rule at {key}: {record:?}"))
}

fn difference(a: &str, b: &str) -> String {
    let at = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
    let around =
        |text: &str| -> String { text.chars().skip(at.saturating_sub(200)).take(400).collect() };
    format!("{:?}\n{:?}", around(a), around(b))
}

/// The records of a run, straight from the hand of the enemy.
pub(crate) fn records_of(seed: u64) -> Records {
    let mut mischief = Mischief::new(seed);
    for _ in 0..mischief.rng.usize(1..40) {
        mischief.step();
    }
    mischief.records
}

/// The same and worse: ids doubled, rules off by exemption, declarations anywhere, nests as deep as
/// readers go. Nobody promises that their XML is sound, only that all write the same.
pub(crate) fn worse_records_of(seed: u64) -> Records {
    let mut mischief = Mischief::new(seed);
    mischief.records = records_of(seed);
    for key in mischief.records.nodes.keys().cloned().collect::<Vec<_>>() {
        let (field, value) = match mischief.rng.usize(0..40) {
            0 => ("#raw", mischief.pick(&["N4", "N5", "N6", "N8", "N11", "N4 N5 N6 N8 N11"])),
            1 => ("#dup", mischief.pick(&["Task_1", "Flow_1", " Task_1"])),
            2..6 => ("id", mischief.pick(&["Task_1", "Flow_1", " Task_1", "Task_1_2"])),
            6 | 7 => {
                ("#n", mischief.pick(&["foo bpmn", "ns foo nope ns", "x x$2 none", "dc xsi di"]))
            }
            8 => {
                mischief.with(&key, |r| drop(r.0.remove("bpmnElement")));
                continue;
            }
            _ => continue,
        };
        mischief.with(&key, |r| r.set(field, value));
    }
    if mischief.rng.usize(0..8) == 0 {
        mischief.nest();
    }
    mischief.records
}

/// What a document with these records says: only XML characters, origins of changed fields.
fn as_read(records: &Records) -> Records {
    read_update(&seed_update(records, 1 << 40)).unwrap()
}

/// `HOSTILE_RUNS` runs from the seed `HOSTILE_START` on.
fn runs() -> std::ops::Range<u64> {
    let start = setting("HOSTILE_START", 0);
    start..start + setting("HOSTILE_RUNS", 500)
}

#[test]
fn hostile_records_give_sound_xml_that_reads_back_to_itself() {
    let mut whole = 0;
    for seed in runs() {
        let records = records_of(seed);
        let xml = materialise(&records);
        assert!(import(xml.as_bytes()).is_ok() || !xml.contains('<'), "seed {seed}:\n{xml}");
        let records = as_read(&records);
        let xml = materialise(&records);
        if let Some(fault) = unsoundness(&records, &xml) {
            panic!("HOSTILE_START={seed} HOSTILE_RUNS=1: {fault}\n{xml}");
        }
        whole += usize::from(xml.contains("Process_1"));
    }
    assert!(whole > 0, "some runs keep the process");
}

#[test]
fn without_any_one_rule_hostile_records_break_the_xml() {
    // N2 and N3 decide what is shown, not whether it is sound: tests of their own show them.
    for rule in [1, 4, 5, 6, 7, 8, 9, 10] {
        let breaks = (0..400).any(|seed| {
            let records = as_read(&records_of(seed));
            let xml = materialise_with(&records, &Rules::without(rule));
            unsoundness(&records, &xml).is_some()
        });
        assert!(breaks, "nothing breaks without N{rule}");
    }
}
