//! What every picture keeps, whatever the diagram holds.

use super::*;
use crate::bpmn::import;

/// A process with one task and whatever drawing.
fn diagram(name: &str, drawing: &str) -> Records {
    let xml = format!(
        r##"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
          xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:di="http://www.omg.org/spec/DD/20100524/DI"
          xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:bioc="http://bpmn.io/schema/bpmn/biocolor/1.0">
          <process id="P">
            <task id="A" name="{name}"/><exclusiveGateway id="G" default="F"/>
            <sequenceFlow id="F" sourceRef="G" targetRef="A" name="{name}"/>
          </process>
          <bpmndi:BPMNDiagram id="D"><bpmndi:BPMNPlane id="Plane" bpmnElement="P">{drawing}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
        </definitions>"##
    );
    import(xml.as_bytes()).unwrap()
}

fn shape(element: &str, attributes: &str, [x, y, width, height]: [&str; 4]) -> String {
    format!(
        r#"<bpmndi:BPMNShape id="{element}_di" bpmnElement="{element}" {attributes}>
           <dc:Bounds x="{x}" y="{y}" width="{width}" height="{height}"/></bpmndi:BPMNShape>"#
    )
}

fn task() -> String {
    shape("A", "", ["100", "100", "100", "80"])
}

fn full(records: &Records) -> String {
    svg(records, &Options::default())
}

fn thumbnail(records: &Records) -> String {
    svg(records, &Options { thumbnail: true, ..Options::default() })
}

fn count(text: &str, what: &str) -> usize {
    text.matches(what).count()
}

#[test]
fn hostile_names_are_text_and_nothing_else() {
    let name = "&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&quot;x&amp;#0;]]&gt;";
    let picture = full(&diagram(name, &task()));
    assert!(picture.contains("&lt;script&gt;") && !picture.contains("<script"));
    assert!(!picture.contains("\" onload"));
    assert!(picture.ends_with("</g></svg>"));
}

#[test]
fn a_hostile_colour_is_none() {
    for colour in ["url(https://x)", "red&quot;/&gt;&lt;script&gt;", "red;background:url(x)"] {
        let attributes = format!("bioc:fill=\"{colour}\" bioc:stroke=\"#831311\"");
        let picture = full(&diagram("n", &shape("A", &attributes, ["1", "1", "100", "80"])));
        assert!(picture.contains("<g style=\"stroke:#831311;\">"), "{picture}");
        assert!(!picture.contains("url"), "{picture}");
    }
}

#[test]
fn black_on_nothing_is_the_ink_of_the_theme() {
    let coloured =
        |attributes: &str| full(&diagram("n", &shape("A", attributes, ["1", "1", "100", "80"])));
    assert!(!coloured("bioc:stroke=\"#000\"").contains("#000000"));
    let filled = coloured("bioc:stroke=\"black\" bioc:fill=\"#fff\"");
    assert!(filled.contains("fill:#ffffff;stroke:#000000"));
}

#[test]
fn what_has_no_place_is_left_out_and_the_rest_is_drawn() {
    for odd in ["NaN", "1e300", "-", "99999999999", "Infinity", ""] {
        for at in 0..4 {
            let mut bounds = ["10", "10", "50", "50"];
            bounds[at] = odd;
            let picture = full(&diagram("n", &(task() + &shape("G", "", bounds))));
            assert_eq!(count(&picture, "<rect"), 2, "paper and the task: {odd}: {picture}");
            assert!(!picture.contains("L60 35"), "{odd}");
        }
    }
    let negative = full(&diagram("n", &shape("A", "", ["10", "10", "-50", "50"])));
    assert!(!negative.contains("-50"));
}

#[test]
fn a_line_of_one_point_is_none() {
    let edge = |points: &str| {
        format!("<bpmndi:BPMNEdge id=\"F_di\" bpmnElement=\"F\">{points}</bpmndi:BPMNEdge>")
    };
    let gateway = shape("G", "", ["0", "0", "50", "50"]);
    let at = |x: &str| format!("<di:waypoint x=\"{x}\" y=\"25\"/>");
    let drawn = |points: String| {
        count(&full(&diagram("n", &(task() + &gateway + &edge(&points)))), "<path")
    };
    let without = drawn(at("50"));
    assert_eq!(drawn(at("50") + &at("NaN")), without);
    assert_eq!(drawn(at("50") + &at("50")), without);
    assert_eq!(drawn(at("50") + &at("100")), without + 3, "line, head, sign of the default");
}

#[test]
fn the_same_records_give_the_same_bytes() {
    let records = diagram("n", &task());
    assert_eq!(full(&records), full(&records));
    assert_eq!(full(&records), full(&diagram("n", &task())));
}

/// A grid of tasks that all have a long name.
fn crowd(count: usize) -> Records {
    let mut model = String::new();
    let mut drawing = String::new();
    for i in 0..count {
        model += &format!("<task id=\"T{i}\" name=\"{}\"/>", "&amp;".repeat(200));
        let (x, y) = (i % 100 * 150, i / 100 * 120);
        drawing += &shape(&format!("T{i}"), "", [&x.to_string(), &y.to_string(), "100", "80"]);
    }
    let xml = format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
          xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC">
          <process id="P">{model}</process><bpmndi:BPMNDiagram id="D"><bpmndi:BPMNPlane id="Plane" bpmnElement="P">
          {drawing}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></definitions>"#
    );
    import(xml.as_bytes()).unwrap()
}

#[test]
fn pictures_are_bounded_and_end_well_wherever_they_stop() {
    let records = crowd(6000);
    let picture = full(&records);
    assert!(picture.len() <= limits::PICTURE_BYTES && picture.len() > 1 << 20);
    let small = thumbnail(&records);
    assert!(small.len() <= limits::THUMBNAIL_BYTES + 2000, "{}", small.len());
    assert!(count(&small, "h") > 500, "boxes of the whole: {}", small.len());
    for svg in [picture, small] {
        assert!(svg.ends_with("</g></svg>"));
        assert_eq!(count(&svg, "<g"), count(&svg, "</g>"));
    }
}

#[test]
fn a_thumbnail_has_text_only_where_it_can_be_read() {
    assert!(thumbnail(&diagram("Legible", &task())).contains("Legible"));
    let far = task() + &shape("G", "", ["9000", "100", "50", "50"]);
    assert!(!thumbnail(&diagram("Legible", &far)).contains("Legible"));
    assert!(full(&diagram("Legible", &far)).contains("Legible"));
}

#[test]
fn marked_elements_have_a_halo_in_the_colour_of_their_mark() {
    let records = diagram("n", &task());
    let marks = BTreeMap::from([("A".to_owned(), Mark::Added), ("gone".to_owned(), Mark::Removed)]);
    let picture = svg(&records, &Options { marks: Some(&marks), ..Options::default() });
    assert_eq!(count(&picture, "<g class=\"e\""), 1);
    assert!(picture.contains(theme::mark(Mark::Added)));
}

#[test]
fn a_diagram_without_drawing_is_laid_out() {
    let picture = full(&diagram("Laid out", ""));
    assert_eq!(count(&picture, "Laid out"), 2, "the task and its flow: {picture}");
    assert!(full(&Records::default()).ends_with("</g></svg>"));
}

#[test]
fn only_the_automatic_theme_asks_the_viewer() {
    let records = diagram("n", &task());
    let themed = |theme| svg(&records, &Options { theme, ..Options::default() });
    assert!(themed(Theme::Auto).contains("@media (prefers-color-scheme:dark)"));
    assert!(!themed(Theme::Light).contains("@media") && !themed(Theme::Dark).contains("@media"));
    assert_ne!(themed(Theme::Light), themed(Theme::Dark));
}
