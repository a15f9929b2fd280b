//! What a yrs document holds, as plain JSON that can be compared with what Yjs holds.

use serde_json::{Map as Object, Value, json};
use yrs::types::text::YChange;
use yrs::{Any, Array, Map, Out, ReadTxn, Text, Xml, XmlFragment, XmlOut};

/// The roots `m` (map), `a` (array), `t` (text) and `x` (XML fragment).
pub(crate) fn render(txn: &impl ReadTxn) -> Value {
    let map = txn.get_map("m").map(|map| out(txn, Out::YMap(map)));
    let array = txn.get_array("a").map(|array| out(txn, Out::YArray(array)));
    let text = txn.get_text("t").map(|text| delta(txn, &text));
    let xml = txn.get_xml_fragment("x").map(|xml| children(txn, &xml));
    json!({
        "m": map.unwrap_or(json!({})),
        "a": array.unwrap_or(json!([])),
        "t": text.unwrap_or(json!([])),
        "x": xml.unwrap_or(json!([])),
    })
}

/// Numbers as doubles and text runs of one format as one run: what differs only in encoding.
pub(crate) fn normal(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => {
            let mut list: Vec<Value> = Vec::new();
            for item in items.into_iter().map(normal) {
                match (list.last_mut(), &item) {
                    (Some(Value::Array(last)), Value::Array(run)) if joins(last, run) => {
                        last[0] = json!(format!("{}{}", text(&last[0]), text(&run[0])));
                    }
                    _ => list.push(item),
                }
            }
            Value::Array(list)
        }
        Value::Object(fields) => fields.into_iter().map(|(key, v)| (key, normal(v))).collect(),
        other => other,
    }
}

fn joins(last: &[Value], run: &[Value]) -> bool {
    last.len() == 2
        && run.len() == 2
        && last[0].is_string()
        && run[0].is_string()
        && run[1].is_object()
        && last[1] == run[1]
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn out(txn: &impl ReadTxn, value: Out) -> Value {
    match value {
        Out::Any(value) => any(&value),
        Out::YMap(map) => {
            let fields = map.iter(txn).map(|(key, value)| (key.to_string(), out(txn, value)));
            Value::Object(fields.collect::<Object<_, _>>())
        }
        Out::YArray(array) => array.iter(txn).map(|value| out(txn, value)).collect(),
        Out::YText(text) => delta(txn, &text),
        Out::YXmlText(text) => delta(txn, &text),
        Out::YXmlElement(element) => xml(txn, XmlOut::Element(element)),
        Out::YXmlFragment(fragment) => children(txn, &fragment),
        other => json!(format!("{other:?}")),
    }
}

fn xml(txn: &impl ReadTxn, node: XmlOut) -> Value {
    match node {
        XmlOut::Element(element) => {
            let attributes = element.attributes(txn);
            let attributes = attributes.map(|(key, value)| (key.to_string(), out(txn, value)));
            json!({
                "tag": element.tag().to_string(),
                "attributes": attributes.collect::<Object<_, _>>(),
                "children": children(txn, &element),
            })
        }
        XmlOut::Fragment(fragment) => children(txn, &fragment),
        XmlOut::Text(text) => delta(txn, &text),
    }
}

fn children(txn: &impl ReadTxn, parent: &impl XmlFragment) -> Value {
    parent.children(txn).map(|child| xml(txn, child)).collect()
}

fn delta(txn: &impl ReadTxn, text: &impl Text) -> Value {
    let run = |diff: yrs::types::text::Diff<YChange>| {
        let attributes = diff.attributes.into_iter().flat_map(|attributes| *attributes);
        let attributes = attributes.map(|(key, value)| (key.to_string(), any(&value)));
        json!([out(txn, diff.insert), attributes.collect::<Object<_, _>>()])
    };
    text.diff(txn, YChange::identity).into_iter().map(run).collect()
}

fn any(value: &Any) -> Value {
    match value {
        Any::Null | Any::Undefined => Value::Null,
        Any::Bool(value) => json!(value),
        Any::Number(yrs::Number::Int(value)) => json!(value),
        Any::Number(yrs::Number::Float(value)) => json!(value),
        Any::String(value) => json!(value.to_string()),
        Any::Buffer(bytes) => json!(bytes.to_vec()),
        Any::Array(values) => values.iter().map(any).collect(),
        Any::Map(fields) => {
            let fields = fields.iter().filter(|(_, value)| **value != Any::Undefined);
            Value::Object(fields.map(|(key, value)| (key.clone(), any(value))).collect())
        }
    }
}
