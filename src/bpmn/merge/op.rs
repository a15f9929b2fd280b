//! The vocabulary of a difference: operations, what became of them, conflicts.
//!
//! PURE. Only data. Operations name nodes by the keys of the base; a node that the new version adds
//! has a provisional key, which application replaces where the current document already has it.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::bpmn::model::{Namespace, Record, Value};

/// One step from a base to a new version.
///
/// `base` values are those of the base: what differs from them in the current document was changed
/// by somebody else meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Sets or removes an entry of `meta`.
    Meta {
        /// `decl`, `style`, `nso` or `geo`.
        key: String,
        /// The value in the new version.
        new: Option<String>,
    },
    /// Declares a namespace, changes its prefix, or takes its declaration from the root.
    Ns {
        /// The alias in the document.
        alias: String,
        /// The declaration in the new version.
        new: Namespace,
    },
    /// Sets the attribute order profile of a tag.
    Ao {
        /// `alias:local`.
        tag: String,
        /// Attribute names, separated by blanks.
        new: String,
    },
    /// Adds a node; its place comes by an [`Op::Arrange`].
    Create {
        /// The provisional key.
        key: String,
        /// All fields but the places (`#p`, `#i`, `#u`, `#l`).
        fields: Record,
    },
    /// Sets (`Some`) or removes (`None`) a field.
    Set {
        /// The node.
        key: String,
        /// The field.
        field: String,
        /// The value in the base.
        base: Option<Value>,
        /// The value in the new version.
        new: Option<Value>,
    },
    /// Puts a run of neighbours into a list, one after the other.
    Arrange {
        /// Which list.
        list: List,
        /// The nodes, in order.
        run: Vec<Placed>,
        /// Nodes that stand before the run, the nearest first.
        after: Vec<String>,
        /// Nodes that stand after the run and are not moved themselves, the nearest first.
        before: Vec<String>,
    },
    /// Sets the lanes of a node; the order in each comes by an [`Op::Arrange`] or is kept.
    Lanes {
        /// The node.
        key: String,
        /// The lanes in the base.
        base: Vec<String>,
        /// The lanes in the new version, outer before inner; empty: in none.
        new: Vec<String>,
    },
    /// Removes a node. Its descendants that the base knew have operations of their own.
    Delete {
        /// The node.
        key: String,
        /// The record in the base.
        base: Record,
    },
}

/// An ordered list that a node has a place in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// The children of a node (`#p`); `#` is the document.
    Children(String),
    /// The `incoming` entries of a node (`#i` of its flows).
    Incoming(String),
    /// The `outgoing` entries of a node (`#u` of its flows).
    Outgoing(String),
    /// The `flowNodeRef` entries of a lane (`#l` of its nodes).
    Lane(String),
}

/// One node of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The node.
    pub key: String,
    /// Its parent in the base, where the node was there and the list is one of children.
    pub base_parent: Option<String>,
    /// Whether the new version has it elsewhere than the base showed it.
    pub moves: bool,
}

/// What became of operations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// Writes made: one per node created or deleted, field set, node moved, entry of a list placed.
    pub ops: usize,
    /// What both sides had changed.
    pub conflicts: Vec<Conflict>,
}

/// Something that both sides changed, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// The element.
    pub element: ElementRef,
    /// What clashes.
    #[serde(flatten)]
    pub clash: Clash,
}

/// The kinds of clash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Clash {
    /// The same field has two new values.
    Field {
        /// Attribute name, or `text`, `bounds`, `waypoints`, `label`, `type`, `lanes`, `parent`.
        field: String,
        /// In the base.
        base: Option<String>,
        /// In the current document (or `ours`).
        current: Option<String>,
        /// In the saved version (or `theirs`).
        saved: Option<String>,
        /// Which one stands.
        kept: Kept,
    },
    /// The saved version changes what was deleted meanwhile; it stays deleted.
    DeletedMeanwhile,
    /// The saved version deletes what was changed meanwhile.
    ChangedMeanwhile {
        /// `saved`: it is deleted; `current`: it stays.
        kept: Kept,
    },
    /// The saved version refers to what was deleted meanwhile.
    TargetDeleted {
        /// The attribute that refers.
        field: String,
        /// Key of what is gone.
        target: String,
    },
    /// The saved version puts an element into a container that was deleted meanwhile: it is hidden.
    ParentDeleted {
        /// Key of the container.
        parent: String,
    },
}

/// Whose value stands after a clash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// The current document's (or `ours`).
    Current,
    /// The saved version's (or `theirs`).
    Saved,
}

/// An element as people know it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Element)]
pub struct ElementRef {
    /// The node key in the document.
    pub key: String,
    /// The BPMN id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The local element name, such as `userTask`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// One write to the document, ready to be executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Entry of `meta`.
    Meta(String, Option<String>),
    /// Entry of `ns`.
    Ns(String, Namespace),
    /// Entry of `ao`.
    Ao(String, String),
    /// A new node with all its fields.
    Create(String, Record),
    /// A field of an existing node.
    Set(String, String, Option<Value>),
    /// A node goes.
    Delete(String),
}

/// Operations resolved against a current document.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resolved {
    /// In an order in which no key is deleted and created.
    pub writes: Vec<Write>,
    /// What both sides had changed.
    pub conflicts: Vec<Conflict>,
    /// Provisional key to the key that the node got.
    pub keys: BTreeMap<String, String>,
}
