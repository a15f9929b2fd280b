//! The body that receivers get: what happened, when, who did it, to what, and where that is.
//!
//! PURE. Thin: whoever wants the content asks for it, with a right of its own.

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use crate::store::catalog::{Event, EventKind};

/// The body, the same for every try. Links begin with `base`, where the server knows its own address.
pub fn body(event: &Event, base: &str) -> String {
    let mut data = event.data.clone();
    if let Some(fields) = data.as_object_mut() {
        fields.insert("org".to_owned(), json!(event.org));
        fields.insert("user".to_owned(), json!(event.user));
    }
    if !matches!(event.kind, EventKind::DiagramDeleted | EventKind::DiagramPurged) {
        link(&mut data, base);
    }
    let timestamp = event.at.format(&Rfc3339).unwrap_or_default();
    json!({ "type": event.kind.as_str(), "timestamp": timestamp, "data": data }).to_string()
}

fn link(data: &mut Value, base: &str) {
    let Some(id) = data["diagram"]["id"].as_str().map(str::to_owned) else { return };
    let api = format!("{base}/api/diagrams/{id}");
    if let Some(version) = data["version"]["version"].as_u64() {
        data["version"]["xmlUrl"] = json!(format!("{api}/versions/{version}/xml"));
    }
    data["diagram"]["studioUrl"] = json!(format!("{base}/studio/{id}"));
    data["diagram"]["url"] = json!(api);
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::OffsetDateTime;

    fn event(kind: EventKind, data: Value) -> Event {
        Event {
            seq: 7,
            id: "0190".parse().unwrap(),
            org: "acme".parse().unwrap(),
            kind,
            user: "ana".parse().unwrap(),
            at: OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap(),
            data,
        }
    }

    #[test]
    fn a_body_says_what_happened_and_where_it_is_found() {
        let data = json!({ "diagram": { "id": "d1", "title": "T" }, "version": { "version": 3 } });
        let text = body(&event(EventKind::VersionCreated, data), "https://a.example");
        let said: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(said["type"], "version.created");
        assert_eq!(said["timestamp"], "2026-09-21T14:13:20Z");
        assert_eq!((&said["data"]["org"], &said["data"]["user"]), (&json!("acme"), &json!("ana")));
        let diagram = &said["data"]["diagram"];
        assert_eq!(diagram["url"], "https://a.example/api/diagrams/d1");
        assert_eq!(diagram["studioUrl"], "https://a.example/studio/d1");
        let xml = "https://a.example/api/diagrams/d1/versions/3/xml";
        assert_eq!(said["data"]["version"]["xmlUrl"], xml);
    }

    #[test]
    fn nothing_leads_to_what_is_gone() {
        let data = json!({ "diagram": { "id": "d1" } });
        let text = body(&event(EventKind::DiagramPurged, data), "https://a.example");
        assert!(!text.contains("https://"), "{text}");
    }
}
