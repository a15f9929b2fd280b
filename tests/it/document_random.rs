//! Texts that nobody would write: every one of them comes out saying what it said.

use atelier::bpmn::{c14n, import, materialise, read_update, seed_update};

use crate::setting;

const TAGS: [&str; 30] = [
    "process",
    "task",
    "task",
    "subProcess",
    "sequenceFlow",
    "sequenceFlow",
    "incoming",
    "outgoing",
    "incoming",
    "outgoing",
    "lane",
    "laneSet",
    "flowNodeRef",
    "documentation",
    "extensionElements",
    "boundaryEvent",
    "association",
    "dataInputAssociation",
    "sourceRef",
    "di:BPMNDiagram",
    "di:BPMNPlane",
    "di:BPMNShape",
    "di:BPMNEdge",
    "di:BPMNLabel",
    "dc:Bounds",
    "w:waypoint",
    "x:odd",
    "x:task",
    "y:task",
    "collaboration",
];
const IDS: [&str; 9] = ["a", "b", "c", "d", "t:a", " a ", "", "e~f", "#"];
const TEXTS: [&str; 14] = [
    "",
    " ",
    "\n  ",
    "a",
    "b",
    " c\n",
    "t:a",
    "t:b",
    "]]&gt;",
    "&gt;",
    "&amp;&#13;",
    "text",
    "&quot;",
    "<![CDATA[ ]]>",
];
const FLOWS: [&str; 4] = ["f", "g", "h", " f"];
const NUMBERS: [&str; 6] = ["1", "-2.0", "1e5", "+3", "x", ""];

struct Writer {
    rng: fastrand::Rng,
    out: String,
}

impl Writer {
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.rng.usize(0..from.len())]
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.rng.usize(0..one_in) == 0
    }

    fn attribute(&mut self, name: &str, values: &[&str]) {
        let value = self.pick(values);
        let quote = if self.chance(4) { '\'' } else { '"' };
        self.out.push_str(&format!(" {name}={quote}{value}{quote}"));
    }

    fn attributes(&mut self, tag: &str) {
        if tag == "dc:Bounds" || tag == "w:waypoint" {
            let mut names = vec!["x", "y"];
            if tag == "dc:Bounds" {
                names.extend(["width", "height"]);
            }
            if self.chance(6) {
                self.rng.shuffle(&mut names);
            }
            if self.chance(4) {
                self.attribute("x:type", &["p", "p", "q"]);
            }
            let odd = self.chance(6);
            for name in names {
                self.attribute(name, if odd { &NUMBERS } else { &NUMBERS[..3] });
            }
            return;
        }
        let lists = matches!(tag, "incoming" | "outgoing" | "flowNodeRef");
        if lists && !self.chance(20) {
            return;
        }
        if tag == "sequenceFlow" && !self.chance(8) {
            self.attribute("id", &FLOWS[..3]);
            self.attribute("sourceRef", &IDS[..3]);
            self.attribute("targetRef", &IDS[..3]);
            return;
        }
        if !self.chance(3) {
            self.attribute("id", &IDS);
        }
        for name in ["sourceRef", "targetRef", "bpmnElement", "default", "attachedToRef"] {
            if self.chance(3) {
                self.attribute(name, &IDS);
            }
        }
        for (name, values) in [
            ("name", &TEXTS[..12]),
            ("xml:space", &["preserve", "default"]),
            ("xmlns:x", &["urn:x", "urn:other"]),
            ("xmlns", &["", "http://www.omg.org/spec/BPMN/20100524/MODEL", "urn:x"]),
            ("x:a", &["1"]),
        ] {
            if self.chance(12) {
                self.attribute(name, values);
            }
        }
    }

    fn text(&mut self) {
        let text = match self.rng.usize(0..12) {
            0 => "<!-- c -->",
            1 => "<?p d?>",
            2 => "<![CDATA[<]]>",
            3..11 => "\n    ",
            _ => self.pick(&TEXTS),
        };
        self.out.push_str(text);
    }

    /// A document; open elements wait on a stack.
    fn document(&mut self) {
        self.out.push_str(
            "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
             xmlns:di=\"http://www.omg.org/spec/BPMN/20100524/DI\" \
             xmlns:dc=\"http://www.omg.org/spec/DD/20100524/DC\" \
             xmlns:w=\"http://www.omg.org/spec/DD/20100524/DI\" xmlns:x=\"urn:x\" \
             xmlns:y=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" xmlns:t=\"urn:t\" \
             targetNamespace=\"urn:t\">",
        );
        let mut open = vec!["definitions"];
        for _ in 0..self.rng.usize(1..90) {
            if !self.chance(3) {
                self.text();
            }
            if open.len() > 1 && self.chance(3) {
                let tag = open.pop().unwrap();
                self.out.push_str(&format!("</{tag}>"));
                continue;
            }
            let lists = ["incoming", "outgoing", "incoming", "outgoing", "documentation"];
            let tag = match open.last() {
                Some(&"task") if !self.chance(4) => self.pick(&lists),
                Some(&"lane") if !self.chance(4) => "flowNodeRef",
                _ => self.pick(&TAGS),
            };
            self.out.push_str(&format!("<{tag}"));
            self.attributes(tag);
            if matches!(tag, "incoming" | "outgoing" | "flowNodeRef") && !self.chance(20) {
                let text = self.pick(if tag == "flowNodeRef" { &IDS[..3] } else { &FLOWS });
                self.out.push_str(&format!(">{text}</{tag}>"));
            } else if self.chance(2) || open.len() > 12 {
                self.out.push_str("/>");
            } else if self.chance(3) {
                self.out.push('>');
                let text = self.pick(&TEXTS[..8]);
                self.out.push_str(&format!("{text}</{tag}>"));
            } else {
                self.out.push('>');
                open.push(tag);
            }
        }
        while let Some(tag) = open.pop() {
            self.out.push_str(&format!("</{tag}>"));
        }
    }
}

/// The text of a run, which may be none that is taken.
pub(crate) fn text_of(seed: u64) -> String {
    let mut writer = Writer { rng: fastrand::Rng::with_seed(seed), out: String::new() };
    writer.document();
    writer.out
}

/// `RANDOM_RUNS` runs from the seed `RANDOM_START` on.
fn runs() -> std::ops::Range<u64> {
    let start = setting("RANDOM_START", 0);
    start..start + setting("RANDOM_RUNS", 1000)
}

#[test]
fn random_texts_come_out_saying_what_they_said() {
    let (mut taken, mut inlined) = (0_u64, 0_u64);
    for seed in runs() {
        let text = text_of(seed);
        let Ok(records) = import(text.as_bytes()) else { continue };
        taken += 1;
        let fields = records.nodes.values().flat_map(|r| r.0.keys());
        inlined += u64::from(fields.into_iter().any(|f| matches!(f.as_str(), "#i" | "#u" | "#l")));
        let read = read_update(&seed_update(&records, 1 << 40)).unwrap();
        assert_eq!(read, records, "RANDOM_START={seed} RANDOM_RUNS=1");
        let xml = materialise(&records);
        let (before, after) = (c14n(text.as_bytes()).unwrap(), c14n(xml.as_bytes()).unwrap());
        let at = before.chars().zip(after.chars()).take_while(|(x, y)| x == y).count();
        let around = |t: &str| t.chars().skip(at.saturating_sub(200)).take(400).collect::<String>();
        assert!(
            after == before,
            "RANDOM_START={seed} RANDOM_RUNS=1\n{}\n{}",
            around(&before),
            around(&after)
        );
        let again = materialise(&import(xml.as_bytes()).unwrap());
        assert_eq!(again, xml, "RANDOM_START={seed} RANDOM_RUNS=1: reads back to itself");
    }
    let runs = runs();
    assert!(taken * 2 > runs.end - runs.start || runs.end - runs.start == 1, "{taken} taken");
    assert!(inlined > 0 || runs.end - runs.start < 100, "some lists became fields");
}
