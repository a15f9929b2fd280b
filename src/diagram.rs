//! A diagram between its text and what is stored of it: the one way in for REST and the command line.
//!
//! Knows BPMN and the store's words; must not know HTTP, rooms or sockets. Reading and materialising take
//! milliseconds to seconds of CPU: callers on async workers run them elsewhere.

pub mod save;
pub mod text;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use yrs::updates::decoder::Decode;
use yrs::{Doc, ReadTxn, Transact, Update};

use crate::bpmn;
use crate::id::{BatchId, ClientId, DiagramId, NodeId, UserId};
use crate::limits;
use crate::store::catalog::NewDiagram;
use crate::store::log::History;

/// What a diagram without XML starts from.
pub const EMPTY: &str = include_str!("diagram/empty.bpmn");
/// The title of a diagram that has none anywhere.
pub const UNTITLED: &str = "Untitled diagram";

/// A text that was read and can become a diagram.
#[derive(Debug, Clone)]
pub struct Draft {
    bytes: Bytes,
    hash: [u8; 32],
    title: Option<String>,
    summary: serde_json::Value,
    seed: Bytes,
}

/// Who and what a new diagram is besides its text; ids and time come from the caller.
#[derive(Debug, Clone)]
pub struct Birth {
    /// Its id.
    pub id: DiagramId,
    /// Who creates it.
    pub user: UserId,
    /// What it is called; without it the text decides.
    pub title: Option<String>,
    /// The node that writes row 1.
    pub node: NodeId,
    /// Row 1's batch id.
    pub batch: BatchId,
    /// The time.
    pub now: OffsetDateTime,
}

impl Draft {
    /// Reads a BPMN text; its document will be written under this server client id.
    ///
    /// # Errors
    /// Line, column and reason.
    pub fn read(bytes: Bytes, client: ClientId) -> Result<Self, bpmn::ReadError> {
        let records = bpmn::import(&bytes)?;
        Ok(Self {
            bytes,
            hash: hash(&bpmn::materialise(&records)),
            title: records.meta.get("title").and_then(|t| shown_title(t)),
            summary: bpmn::summary::of(&records),
            seed: bpmn::seed_update(&records, client.0).into(),
        })
    }

    /// What the store needs to create it.
    pub fn into_new(self, birth: Birth) -> NewDiagram {
        NewDiagram {
            id: birth.id,
            user: birth.user,
            title: birth.title.or(self.title).unwrap_or_else(|| UNTITLED.to_owned()),
            bytes: self.bytes,
            hash: self.hash,
            summary: self.summary,
            seed: self.seed,
            node: birth.node,
            batch: birth.batch,
            now: birth.now,
        }
    }
}

/// The text of a live document, what it hashes to and what it contains.
#[derive(Debug, Clone)]
pub struct Text {
    /// BPMN 2.0 XML, UTF-8.
    pub xml: Bytes,
    /// SHA-256 of it.
    pub hash: [u8; 32],
    /// Counts and participants, as JSON.
    pub summary: serde_json::Value,
}

impl Text {
    /// Materialises records.
    pub fn of(records: &bpmn::Records) -> Self {
        let xml = bpmn::materialise(records);
        Self { hash: hash(&xml), summary: bpmn::summary::of(records), xml: xml.into() }
    }
}

/// SHA-256 of a materialised text: what tells whether a document is still as it was uploaded.
pub fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// A title made fit: no control characters, no white space around, bounded. `None` when nothing is left.
pub fn shown_title(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| !c.is_control()).collect();
    let mut title = plain.trim();
    while title.len() > limits::MAX_TITLE_BYTES {
        let end = title.char_indices().next_back().map_or(0, |(at, _)| at);
        title = title.get(..end).unwrap_or_default();
    }
    (!title.is_empty()).then(|| title.trim_end().to_owned())
}

/// Why a stored history gives no document.
#[derive(Debug, thiserror::Error)]
#[error("the stored history can't be applied: {0}")]
pub struct BadHistory(String);

/// Records of what the log holds, without a room: for the command line, while no server runs.
///
/// # Errors
/// An update that yrs does not take.
pub fn records_of(history: &History) -> Result<bpmn::Records, BadHistory> {
    let doc = Doc::new();
    {
        let mut txn = doc.transact_mut();
        let states = history.snapshot.iter().map(|s| &s.state);
        let updates = history.rows.iter().flat_map(|row| &row.updates);
        for bytes in states.chain(updates) {
            let update = Update::decode_v1(bytes).map_err(|e| BadHistory(e.to_string()))?;
            txn.apply_update(update).map_err(|e| BadHistory(e.to_string()))?;
        }
        if txn.has_missing_updates() {
            return Err(BadHistory("something that it builds on is missing".to_owned()));
        }
    }
    Ok(bpmn::crdt::read(&doc.transact()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_lose_control_characters_and_length_but_no_half_characters() {
        assert_eq!(shown_title(" Order\u{0} to\ncash ").as_deref(), Some("Order tocash"));
        assert_eq!(shown_title(" \t\r\n"), None);
        let long = shown_title(&"ü".repeat(limits::MAX_TITLE_BYTES)).unwrap();
        assert_eq!(long.len(), limits::MAX_TITLE_BYTES);
    }

    #[test]
    fn the_empty_template_is_readable_and_has_no_title() {
        let draft = Draft::read(EMPTY.into(), ClientId::server(1)).unwrap();
        assert_eq!(draft.title, None);
    }
}
