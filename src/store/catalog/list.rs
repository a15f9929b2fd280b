//! The words for lists of diagrams: what to list, in which order, and where a page ends.
//!
//! PURE.

use std::str::FromStr;

use super::{Diagram, to_ms};
use crate::id::{DiagramId, ProjectId, UserId};
use crate::store::StoreError;

/// What to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Query {
    /// Texts that all occur in the title, in any case and order, separated by white space.
    pub words: Option<String>,
    /// Diagrams of this project alone.
    pub project: Option<ProjectId>,
    /// Diagrams that this user created.
    pub created_by: Option<UserId>,
    /// Those that were deleted and can still be brought back, instead of the others.
    pub deleted: bool,
    /// The order.
    pub sort: Sort,
    /// Diagrams per page: 1 to [`crate::limits::MAX_PAGE`].
    pub limit: u32,
    /// Where the last page ended.
    pub cursor: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The diagrams.
    pub diagrams: Vec<Diagram>,
    /// The next page's cursor; absent on the last one.
    pub next: Option<String>,
}

/// What diagrams are ordered by; the id decides between equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum By {
    /// When the entry or the newest revision last changed.
    Updated,
    /// When it was created.
    Created,
    /// The title, in lower case, by code point.
    Title,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sort {
    /// By what.
    pub by: By,
    /// The largest first.
    pub falling: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { by: By::Updated, falling: true }
    }
}

impl By {
    fn word(self) -> &'static str {
        match self {
            Self::Updated => "updated",
            Self::Created => "created",
            Self::Title => "title",
        }
    }

    /// Its column in the store.
    pub(in crate::store) fn column(self) -> &'static str {
        match self {
            Self::Updated => "updated_at",
            Self::Created => "created_at",
            Self::Title => "title_key",
        }
    }
}

impl FromStr for Sort {
    type Err = String;

    /// `updated`, `created` or `title`; a `-` before it turns the order round.
    fn from_str(text: &str) -> Result<Self, String> {
        let (falling, word) = text.strip_prefix('-').map_or((false, text), |word| (true, word));
        let by = [By::Updated, By::Created, By::Title].into_iter().find(|by| by.word() == word);
        by.map(|by| Self { by, falling }).ok_or_else(|| {
            "sort must be updated, created or title, or one of them behind a -".into()
        })
    }
}

/// A place in a list: behind the diagram with this key and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Cursor {
    pub(in crate::store) key: Key,
    pub(in crate::store) id: DiagramId,
}

/// The value that a diagram has its place by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum Key {
    Time(i64),
    Title(String),
}

impl Cursor {
    pub(in crate::store) fn behind(last: &Diagram, sort: Sort) -> Self {
        let key = match sort.by {
            By::Updated => Key::Time(to_ms(last.updated_at)),
            By::Created => Key::Time(to_ms(last.created_at)),
            By::Title => Key::Title(last.title.to_lowercase()),
        };
        Self { key, id: last.id.clone() }
    }

    /// A text without anything to escape in a query.
    pub(in crate::store) fn to_text(&self, sort: Sort) -> String {
        let mut text = format!("{}{}.", if sort.falling { "-" } else { "" }, sort.by.word());
        match &self.key {
            Key::Time(ms) => text += &ms.to_string(),
            Key::Title(title) => {
                text.extend(title.bytes().map(|byte| format!("{byte:02x}")));
            }
        }
        text + "." + self.id.as_str()
    }

    /// Only a cursor of a list in the same order has a place in it.
    pub(in crate::store) fn parse(text: &str, sort: Sort) -> Result<Self, StoreError> {
        let bad = StoreError::BadCursor;
        let (order, rest) = text.split_once('.').ok_or(StoreError::BadCursor)?;
        if order.parse::<Sort>().map_err(|_| StoreError::BadCursor)? != sort {
            return Err(bad);
        }
        let (key, id) = rest.split_once('.').ok_or(StoreError::BadCursor)?;
        let key = match sort.by {
            By::Updated | By::Created => Key::Time(key.parse().map_err(|_| StoreError::BadCursor)?),
            By::Title => Key::Title(unhex(key).ok_or(StoreError::BadCursor)?),
        };
        Ok(Self { key, id: id.parse().map_err(|_| bad)? })
    }
}

fn unhex(text: &str) -> Option<String> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let bytes = digits?
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(high * 16 + low).ok(),
            _ => None,
        })
        .collect::<Option<Vec<u8>>>()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_and_nonsense_is_refused() {
        let id: DiagramId = "a.b|c".parse().unwrap();
        for (order, key) in [
            ("-updated", Key::Time(1_790_000_000_123)),
            ("created", Key::Time(-5)),
            ("title", Key::Title("über 100 % . é".to_owned())),
            ("-title", Key::Title(String::new())),
        ] {
            let sort: Sort = order.parse().unwrap();
            let cursor = Cursor { key, id: id.clone() };
            assert_eq!(Cursor::parse(&cursor.to_text(sort), sort), Ok(cursor), "{order}");
        }
        for bad in [
            "",
            "1",
            "-updated",
            "-updated.x.a",
            "-updated.1.",
            "-updated.1.a b",
            "updated.1.a",
            "-created.1.a",
            "-updated.99999999999999999999.a",
            "nix.1.a",
        ] {
            assert_eq!(Cursor::parse(bad, Sort::default()), Err(StoreError::BadCursor), "{bad}");
        }
        let title: Sort = "title".parse().unwrap();
        for bad in ["title.4.a", "title.zz.a", "title.ff.a", "title.4é.a"] {
            assert_eq!(Cursor::parse(bad, title), Err(StoreError::BadCursor), "{bad}");
        }
    }
}
