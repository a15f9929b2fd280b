//! The records of a diagram (schema v1): what XML is read into, what the shared document holds, what XML is written from.
//!
//! PURE. Only data and total accessors: rules live with whoever applies them.

use std::collections::BTreeMap;

/// The value of one field of a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// A plain string.
    Text(String),
    /// `[key…]`: references that follow their target's id, or a lane's `[laneKey, order, …]`.
    List(Vec<String>),
}

/// One node: a field name (`#t`, `#p`, `name`, `zeebe:type` …) to its effective value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record(pub BTreeMap<String, Value>);

/// A whole diagram as effective records; what `crdt::read` gives and `write` takes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Records {
    /// The `meta` map: `v`, `title`, `decl`, `style`, `nso`, `geo`, `epoch`, as raw strings.
    pub meta: BTreeMap<String, String>,
    /// The `ns` map: alias to its declaration.
    pub ns: BTreeMap<String, Namespace>,
    /// The `ao` map: tag to attribute order profile.
    pub ao: BTreeMap<String, String>,
    /// The `nodes` map.
    pub nodes: BTreeMap<String, Record>,
}

/// One namespace declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// The URI, verbatim.
    pub uri: String,
    /// Whether the root element declares it.
    pub at_root: bool,
    /// The prefix where it differs from the alias; `""` is the default namespace.
    pub prefix: Option<String>,
}
