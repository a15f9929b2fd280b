//! BPMN as records: reading XML, the shared document, writing XML, differences and merges.
//!
//! PURE. The model is specified rule by rule in client-protocol/DOCUMENT.md. The way of a file:
//! [`import`] makes [`Records`] of it, [`seed_update`] a shared document of the records;
//! [`crdt::read`] gives the records of a document, [`materialise`] their XML.

pub mod canonical;
pub mod crdt;
pub mod geometry;
mod import;
pub mod json;
pub mod lint;
pub mod materialise;
pub mod merge;
pub mod model;
pub mod order;
pub mod picture;
pub mod summary;
pub mod tables;
pub mod xml;

pub use canonical::c14n;
pub use import::import;
pub use materialise::materialise;
pub use model::Records;
pub use xml::{ReadError, ReadErrorKind};

use yrs::updates::decoder::Decode;
use yrs::{ClientID, Doc, OffsetKind, Options, ReadTxn, StateVector, Transact, Update};

/// The version of this schema, as `meta.v` holds it.
pub const SCHEMA_VERSION: &str = "1";

/// A document as the server holds it: UTF-16 offsets, as Yjs counts.
#[must_use]
pub fn new_doc(client_id: u64) -> Doc {
    let mut options = Options::with_client_id(ClientID::new(client_id));
    // As in rooms: nothing is deleted that no update records.
    options.cleanup_formatting = false;
    options.offset_kind = OffsetKind::Utf16;
    Doc::with_options(options)
}

/// The update (v1) that makes an empty document hold these records.
#[must_use]
pub fn seed_update(records: &Records, client_id: u64) -> Vec<u8> {
    let doc = new_doc(client_id);
    let mut txn = doc.transact_mut();
    crdt::write(records, &mut txn);
    txn.encode_state_as_update_v1(&StateVector::default())
}

/// The records of the document that one update (v1) makes; none if the update does not decode.
///
/// For updates of our own making: what comes from peers passes the linter before it gets to yrs.
#[must_use]
pub fn read_update(update: &[u8]) -> Option<Records> {
    let doc = new_doc(1);
    let mut txn = doc.transact_mut();
    txn.apply_update(Update::decode_v1(update).ok()?).ok()?;
    Some(crdt::read(&txn))
}

/// Whether the root element is `definitions` of the BPMN model.
#[must_use]
pub fn is_definitions(records: &Records) -> bool {
    records.nodes.values().any(|record| {
        let at_top = record.place().is_some_and(|(_, parent)| parent == model::DOCUMENT);
        let Some(tag) = record.tag().filter(|_| at_top) else { return false };
        let (alias, local) = tag.split_once(':').unwrap_or(("", tag));
        let uri = records.ns.get(alias).map(|n| n.uri.as_str());
        local == "definitions" && uri.or(tables::well_known_uri(alias)) == Some(tables::BPMN_URI)
    })
}
