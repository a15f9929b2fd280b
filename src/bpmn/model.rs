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

/// The field that holds a record at creation, as one JSON string (rule D8).
pub const CREATION: &str = "#0";
/// The key of the document itself, parent of the prolog, the root element and the epilog.
pub const DOCUMENT: &str = "#";

impl Value {
    /// The string, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::List(_) => None,
        }
    }

    /// The list, if it is one.
    #[must_use]
    pub fn as_list(&self) -> Option<&[String]> {
        match self {
            Self::Text(_) => None,
            Self::List(list) => Some(list),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Record {
    /// The field as a string; absent where it is a list.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.0.get(field).and_then(Value::as_text)
    }

    /// The field as a list; absent where it is a string.
    #[must_use]
    pub fn list(&self, field: &str) -> Option<&[String]> {
        self.0.get(field).and_then(Value::as_list)
    }

    /// `#t`: `alias:local`, `local` (no namespace), `#text`, `#cdata`, `#comment` or `#pi`.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.text("#t")
    }

    /// `#p` taken apart: order key and parent key.
    #[must_use]
    pub fn place(&self) -> Option<(&str, &str)> {
        self.text("#p").and_then(|place| place.split_once(' '))
    }

    /// Sets a field.
    pub fn set(&mut self, field: &str, value: impl Into<Value>) {
        self.0.insert(field.to_owned(), value.into());
    }
}

impl Namespace {
    /// The prefix that stands in the XML.
    #[must_use]
    pub fn prefix<'a>(&'a self, alias: &'a str) -> &'a str {
        self.prefix.as_deref().unwrap_or(alias)
    }
}
