//! A diagram between its text and what is stored of it: the one way in for REST and the command line.
//!
//! Knows BPMN and the store's words; must not know HTTP, rooms or sockets. Reading and materialising take
//! milliseconds to seconds of CPU: callers on async workers run them elsewhere.

pub mod save;
pub mod text;

use bytes::Bytes;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;
use yrs::updates::decoder::Decode;
use yrs::{ReadTxn, Transact, Update};

use crate::bpmn;
use crate::id::{BadId, BatchId, ClientId, DiagramId, NodeId, ProjectId, UserId};
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
    fresh: Fresh,
    bytes: Bytes,
    hash: [u8; 32],
    title: Option<String>,
    summary: serde_json::Value,
    seed: Bytes,
}

/// Why a text becomes no diagram.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoDiagram {
    /// It can't be read.
    #[error(transparent)]
    Unreadable(#[from] bpmn::ReadError),
    /// It is XML and no BPMN.
    #[error("line 1: the root element is not `definitions` of BPMN 2.0")]
    NotBpmn,
}

/// Reads a text that must be BPMN.
///
/// # Errors
/// Line, column and reason.
pub fn read(bytes: &[u8]) -> Result<bpmn::Records, NoDiagram> {
    let records = bpmn::import(bytes)?;
    if bpmn::is_definitions(&records) { Ok(records) } else { Err(NoDiagram::NotBpmn) }
}

/// The random parts of a new diagram.
#[derive(Debug, Clone)]
pub struct Fresh {
    /// Its id: unguessable, and so unique over all organisations.
    pub id: DiagramId,
    /// The server client id that writes its seed.
    pub client: ClientId,
    /// Row 1's batch id.
    pub batch: BatchId,
}

/// Why there are no random parts.
#[derive(Debug, thiserror::Error)]
#[error("no randomness for a new diagram: {0}")]
pub struct NoRandom(String);

impl Fresh {
    /// Draws them.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn draw() -> Result<Self, NoRandom> {
        let client = getrandom::u64().map_err(|error| NoRandom(error.to_string()))?;
        let id = Uuid::new_v4().to_string();
        Ok(Self {
            id: id.parse().map_err(|error: BadId| NoRandom(error.to_string()))?,
            client: ClientId::server(client),
            batch: BatchId(Uuid::new_v4().as_u128()),
        })
    }
}

/// Who and what a new diagram is besides its text.
#[derive(Debug, Clone)]
pub struct Birth {
    /// Who creates it.
    pub user: UserId,
    /// What it is called; without it the text decides.
    pub title: Option<String>,
    /// What its users keep with it: a JSON object.
    pub metadata: Option<serde_json::Value>,
    /// What it belongs to.
    pub project: Option<ProjectId>,
    /// The node that writes row 1.
    pub node: NodeId,
    /// The time.
    pub now: OffsetDateTime,
}

impl Draft {
    /// Reads a BPMN text.
    ///
    /// # Errors
    /// Line, column and reason.
    pub fn read(bytes: Bytes, fresh: Fresh) -> Result<Self, NoDiagram> {
        let records = read(&bytes)?;
        Ok(Self {
            bytes,
            hash: hash(&bpmn::materialise(&records)),
            title: records.meta.get("title").and_then(|t| shown_title(t)),
            summary: bpmn::summary::of(&records),
            seed: bpmn::seed_update(&records, fresh.client.0).into(),
            fresh,
        })
    }

    /// What the store needs to create it.
    pub fn into_new(self, birth: Birth) -> NewDiagram {
        NewDiagram {
            id: self.fresh.id,
            user: birth.user,
            title: birth.title.or(self.title).unwrap_or_else(|| UNTITLED.to_owned()),
            bytes: self.bytes,
            hash: self.hash,
            summary: self.summary,
            project: birth.project,
            metadata: birth.metadata.unwrap_or_else(|| serde_json::json!({})),
            seed: self.seed,
            node: birth.node,
            batch: self.fresh.batch,
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
    // It only reads, so any client id will do.
    let doc = bpmn::new_doc(1);
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
        let draft = Draft::read(EMPTY.into(), Fresh::draw().unwrap()).unwrap();
        assert_eq!(draft.title, None);
    }
}
