//! Builds Yjs updates by hand, sane or not, for the tests of the linter.

use atelier::protocol::lib0::Writer;
use bytes::Bytes;

/// A position in a client's history.
pub(crate) type Id = (u64, u32);

/// Where an item says it hangs, when it has no origins.
#[derive(Debug, Clone)]
pub(crate) enum Parent {
    Root(&'static str),
    Item(Id),
}

/// What an item holds.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Deleted(u32),
    Text(String),
    /// lib0 values, encoded.
    Any(Vec<Vec<u8>>),
    Binary(Vec<u8>),
    Embed(String),
    Format(String, String),
    /// A type number, and a name where that takes one.
    Type(u8, Option<&'static str>),
    /// A content number and its bytes.
    Raw(u8, Vec<u8>),
}

/// One struct of an update.
#[derive(Debug, Clone)]
pub(crate) enum Struct {
    Gc(u32),
    Skip(u32),
    Item(Item),
}

/// One item.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) origin: Option<Id>,
    pub(crate) right: Option<Id>,
    pub(crate) parent: Parent,
    pub(crate) key: Option<&'static str>,
    pub(crate) content: Content,
}

/// An item without origins.
pub(crate) fn item(parent: Parent, key: Option<&'static str>, content: Content) -> Item {
    Item { origin: None, right: None, parent, key, content }
}

impl Item {
    pub(crate) fn after(mut self, origin: Id) -> Self {
        self.origin = Some(origin);
        self
    }

    pub(crate) fn before(mut self, right: Id) -> Self {
        self.right = Some(right);
        self
    }
}

impl From<Item> for Struct {
    fn from(item: Item) -> Self {
        Self::Item(item)
    }
}

/// A text of a root type, the smallest useful item.
pub(crate) fn text(root: &'static str, text: &str) -> Item {
    item(Parent::Root(root), None, Content::Text(text.into()))
}

/// An update in the making.
#[derive(Debug, Clone, Default)]
pub(crate) struct Craft {
    /// Client, first clock, structs.
    pub(crate) sections: Vec<(u64, u32, Vec<Struct>)>,
    /// Client, ranges of clock and length.
    pub(crate) deletes: Vec<(u64, Vec<(u32, u32)>)>,
}

impl Craft {
    pub(crate) fn section(
        mut self,
        client: u64,
        clock: u32,
        structs: impl IntoIterator<Item = impl Into<Struct>>,
    ) -> Self {
        self.sections.push((client, clock, structs.into_iter().map(Into::into).collect()));
        self
    }

    /// One more struct in the last section.
    pub(crate) fn and(mut self, one: impl Into<Struct>) -> Self {
        self.sections.last_mut().unwrap().2.push(one.into());
        self
    }

    pub(crate) fn delete(mut self, client: u64, ranges: &[(u32, u32)]) -> Self {
        self.deletes.push((client, ranges.to_vec()));
        self
    }

    pub(crate) fn bytes(&self) -> Bytes {
        let mut out = Writer::default();
        out.var_uint(self.sections.len() as u64);
        for (client, clock, structs) in &self.sections {
            out.var_uint(structs.len() as u64);
            out.var_uint(*client);
            out.var_uint(u64::from(*clock));
            structs.iter().for_each(|one| one.write(&mut out));
        }
        out.var_uint(self.deletes.len() as u64);
        for (client, ranges) in &self.deletes {
            out.var_uint(*client);
            out.var_uint(ranges.len() as u64);
            for (clock, len) in ranges {
                out.var_uint(u64::from(*clock));
                out.var_uint(u64::from(*len));
            }
        }
        out.finish().into()
    }
}

impl Struct {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Gc(len) => {
                out.u8(0);
                out.var_uint(u64::from(*len));
            }
            Self::Skip(len) => {
                out.u8(10);
                out.var_uint(u64::from(*len));
            }
            Self::Item(item) => item.write(out),
        }
    }
}

impl Item {
    fn write(&self, out: &mut Writer) {
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        out.u8(self.content.number()
            | flag(self.origin.is_some(), 0x80)
            | flag(self.right.is_some(), 0x40)
            | flag(self.key.is_some(), 0x20));
        for (client, clock) in [self.origin, self.right].into_iter().flatten() {
            out.var_uint(client);
            out.var_uint(u64::from(clock));
        }
        if self.origin.is_none() && self.right.is_none() {
            match &self.parent {
                Parent::Root(name) => {
                    out.u8(1);
                    out.string(name);
                }
                Parent::Item((client, clock)) => {
                    out.u8(0);
                    out.var_uint(*client);
                    out.var_uint(u64::from(*clock));
                }
            }
            if let Some(key) = self.key {
                out.string(key);
            }
        }
        self.content.write(out);
    }
}

impl Content {
    fn number(&self) -> u8 {
        match self {
            Self::Deleted(_) => 1,
            Self::Binary(_) => 3,
            Self::Text(_) => 4,
            Self::Embed(_) => 5,
            Self::Format(..) => 6,
            Self::Type(..) => 7,
            Self::Any(_) => 8,
            Self::Raw(number, _) => *number,
        }
    }

    fn write(&self, out: &mut Writer) {
        match self {
            Self::Deleted(len) => out.var_uint(u64::from(*len)),
            Self::Text(text) => out.string(text),
            Self::Any(values) => {
                out.var_uint(values.len() as u64);
                values.iter().for_each(|value| out.raw(value));
            }
            Self::Binary(bytes) => out.buffer(bytes),
            Self::Embed(json) => out.string(json),
            Self::Format(key, json) => {
                out.string(key);
                out.string(json);
            }
            Self::Type(number, name) => {
                out.u8(*number);
                if let Some(name) = name {
                    out.string(name);
                }
            }
            Self::Raw(_, bytes) => out.raw(bytes),
        }
    }

    /// Clocks it takes.
    pub(crate) fn len(&self) -> u32 {
        match self {
            Self::Deleted(len) => *len,
            Self::Text(text) => text.encode_utf16().count() as u32,
            Self::Any(values) => values.len() as u32,
            _ => 1,
        }
    }
}
