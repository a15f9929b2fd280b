//! Texts of diagrams for those who read them again: materialising one costs more than all the rest of a request.
//!
//! Which document a text is of tells a mark of the document itself, taken inside the room: no text outlives an
//! edit, whoever made it and wherever.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use yrs::ReadTxn;
use yrs::updates::encoder::Encode;

use crate::diagram::Text;
use crate::id::DiagramId;
use crate::limits;

/// What a document is: equal marks mean equal documents, as long as neither has a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark([u8; 32]);

impl Mark {
    /// All that was written and all that was deleted, by which two copies of a document are the same. Costs a
    /// walk over its blocks, a small part of what reading them costs. A state vector ends where the first gap
    /// starts, so of documents with gaps it would tell less; rooms refuse what leaves one (P2).
    pub fn of(txn: &impl ReadTxn) -> Self {
        Self(Sha256::digest(txn.snapshot().encode_v1()).into())
    }
}

/// A text and the document that it is of.
#[derive(Debug, Clone)]
pub struct Marked {
    /// Of the document.
    pub mark: Mark,
    /// Its text.
    pub text: Arc<Text>,
}

/// The texts.
#[derive(Debug, Default)]
pub struct Texts(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    texts: HashMap<DiagramId, Marked>,
    bytes: usize,
}

impl Texts {
    /// The text that was kept last.
    pub fn get(&self, id: &DiagramId) -> Option<Marked> {
        self.0.lock().texts.get(id).cloned()
    }

    /// Keeps a text in the place of the one before.
    pub fn put(&self, id: &DiagramId, marked: Marked) {
        let size = weight(&marked);
        let mut kept = self.0.lock();
        if kept.bytes + size > limits::TEXTS_BYTES {
            *kept = Kept::default();
        }
        if size > limits::TEXTS_BYTES {
            return;
        }
        kept.bytes += size;
        if let Some(old) = kept.texts.insert(id.clone(), marked) {
            kept.bytes -= weight(&old);
        }
    }
}

/// Bytes that a text takes, about: its summary is small.
fn weight(marked: &Marked) -> usize {
    marked.text.xml.len() + 1024
}

#[cfg(test)]
mod tests {
    use super::*;
    use yrs::{Map, Transact, WriteTxn};

    #[test]
    fn an_edit_and_a_deletion_alone_are_another_document() {
        let doc = crate::bpmn::new_doc(1);
        let map = doc.transact_mut().get_or_insert_map("nodes");
        map.insert(&mut doc.transact_mut(), "a", "1");
        let before = Mark::of(&doc.transact());
        assert_eq!(Mark::of(&doc.transact()), before);
        map.insert(&mut doc.transact_mut(), "b", "2");
        let edited = Mark::of(&doc.transact());
        assert_ne!(edited, before);
        map.remove(&mut doc.transact_mut(), "b");
        assert_ne!(Mark::of(&doc.transact()), edited);
    }

    #[test]
    fn what_is_kept_never_weighs_more_than_its_bound() {
        let texts = Texts::default();
        let mark = Mark([0; 32]);
        let text = |bytes: usize| {
            let xml = vec![b' '; bytes].into();
            Arc::new(Text { xml, hash: [0; 32], summary: serde_json::Value::Null })
        };
        let id = |n: usize| format!("diagram-{n}").parse::<DiagramId>().unwrap();
        for n in 0..10 {
            texts.put(&id(n % 4), Marked { mark, text: text(limits::TEXTS_BYTES / 3) });
            let kept = texts.0.lock();
            let sum: usize = kept.texts.values().map(weight).sum();
            assert_eq!(kept.bytes, sum);
            assert!(sum <= limits::TEXTS_BYTES);
        }
        texts.put(&id(9), Marked { mark, text: text(limits::TEXTS_BYTES + 1) });
        assert!(texts.get(&id(9)).is_none());
    }
}
