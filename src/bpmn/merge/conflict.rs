//! Conflicts in words that people know: elements by id and name, fields by what they mean.
//!
//! PURE.

use super::index::{lanes, reference, split};
use super::op::ElementRef;
use crate::bpmn::model::{Record, Value};

/// Steps up to look for an element that people know; real diagrams nest less than this.
const MAX_CLIMB: usize = 64;

/// The element that a node belongs to: itself where it has an id, what a shape shows, else the
/// nearest container with an id.
pub(super) fn element(key: &str, read: &impl Fn(&str) -> Option<Record>) -> ElementRef {
    let own = ElementRef { key: key.to_owned(), ..ElementRef::default() };
    let Some(mut record) = read(key) else {
        return own;
    };
    let mut shown = reference(&record, "bpmnElement").map(str::to_owned);
    for _ in 0..MAX_CLIMB {
        if let Some(target) = shown.take().and_then(|key| read(&key)) {
            record = target;
        }
        if let Some(id) = record.text("id") {
            let local = split(record.text("#t").unwrap_or("")).1;
            return ElementRef {
                id: Some(id.to_owned()),
                kind: local.to_owned(),
                name: record.text("name").map(str::to_owned),
                ..own
            };
        }
        let Some(parent) = record.place().and_then(|(_, parent)| read(parent)) else { break };
        record = parent;
        shown = reference(&record, "bpmnElement").map(str::to_owned);
    }
    own
}

/// A value for people: references as ids.
pub(super) fn shown(value: &Value, read: &impl Fn(&str) -> Option<Record>) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::List(list) => list.first().map_or_else(String::new, |key| {
            let id = read(key).and_then(|r| r.text("id").map(str::to_owned));
            id.unwrap_or_else(|| key.clone())
        }),
    }
}

/// What a field is called: attribute names are their own, `#` fields get words.
pub(super) fn field_name(field: &str) -> String {
    let word = match field {
        "#t" => "type",
        "#p" => "parent",
        "#x" => "text",
        "#b" => "bounds",
        "#lb" => "label",
        "#w" => "waypoints",
        "#l" => "lanes",
        _ => field,
    };
    word.to_owned()
}

/// Fields that hold how something is written or where it came from, not what it says.
pub(super) fn is_style(field: &str) -> bool {
    matches!(field, "#o" | "#n" | "#cd" | "#raw" | "#dup" | "#t0" | "#p0")
}

/// Whether a node says something else than its base did; order and style are nothing.
pub(super) fn differs(base: &Record, now: &Record) -> bool {
    let parent = |record: &Record| record.place().map(|(_, parent)| parent.to_owned());
    let in_lanes = |record: &Record| -> Vec<String> {
        lanes(record).map(|(lane, _)| lane.to_owned()).collect()
    };
    let content = |record: &Record| -> Vec<(String, Value)> {
        let says = |field: &str| !matches!(field, "#p" | "#l" | "#i" | "#u") && !is_style(field);
        let fields = record.0.iter().filter(|(field, _)| says(field));
        fields.map(|(field, value)| (field.clone(), value.clone())).collect()
    };
    parent(base) != parent(now) || in_lanes(base) != in_lanes(now) || content(base) != content(now)
}
