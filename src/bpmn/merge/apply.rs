//! Operations onto a shared document, inside one transaction.
//!
//! PURE. Reads only the nodes that the operations name. Root types are taken through the transaction.

use yrs::{Map, Out, ReadTxn, TransactionMut, WriteTxn};

use super::op::{Applied, Kept, Op, Write};
use super::resolve::{Current, resolve};
use crate::bpmn::crdt;
use crate::bpmn::model::{Namespace, Record};

/// Applies a save to the document as it is now: what both sides changed is the save's, and reported.
///
/// `rng` makes keys and orders of new nodes.
pub fn apply(ops: &[Op], txn: &mut TransactionMut<'_>, rng: &mut fastrand::Rng) -> Applied {
    let resolved = resolve(ops, &Document { txn }, Kept::Saved, rng);
    let made = resolved.writes.iter().filter(|write| execute(txn, write)).count();
    Applied { ops: made, conflicts: resolved.conflicts }
}

/// Executes one write; false where the document is so already.
fn execute(txn: &mut TransactionMut<'_>, write: &Write) -> bool {
    match write {
        Write::Meta(name, Some(value)) => crdt::set_meta(txn, name, value),
        Write::Meta(name, None) => txn.get_or_insert_map("meta").remove(txn, name).is_some(),
        Write::Ns(alias, namespace) => crdt::set_namespace(txn, alias, namespace),
        Write::Ao(tag, names) => crdt::set_attribute_order(txn, tag, names),
        Write::Create(key, record) => crdt::create_node(txn, key, record),
        Write::Set(key, field, Some(value)) => crdt::set_field(txn, key, field, value),
        Write::Set(key, field, None) => crdt::remove_field(txn, key, field),
        Write::Delete(key) => crdt::delete_node(txn, key),
    }
}

/// The document behind a transaction.
struct Document<'t, 'd> {
    txn: &'t TransactionMut<'d>,
}

impl Document<'_, '_> {
    fn any(&self, root: &str, key: &str) -> Option<yrs::Any> {
        match self.txn.get_map(root)?.get(self.txn, key)? {
            Out::Any(any) => Some(any),
            _ => None,
        }
    }

    fn string(&self, root: &str, key: &str) -> Option<String> {
        match self.any(root, key)? {
            yrs::Any::String(text) => Some(text.to_string()),
            _ => None,
        }
    }
}

impl Current for Document<'_, '_> {
    fn record(&self, key: &str) -> Option<Record> {
        crdt::read_node(self.txn, key)
    }

    fn meta(&self, key: &str) -> Option<String> {
        self.string("meta", key)
    }

    fn ns(&self, alias: &str) -> Option<Namespace> {
        crdt::namespace_from_any(&self.any("ns", alias)?)
    }

    fn ao(&self, tag: &str) -> Option<String> {
        self.string("ao", tag)
    }
}
