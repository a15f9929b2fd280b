//! Lists of diagrams for those who ask again: kept until something of the organisation changes.
//!
//! The organisation's change counter decides, which the same transaction counts up that changes a diagram:
//! nobody ever sees a list from before their own change.

use std::collections::HashMap;

use axum::body::Bytes;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::id::OrgId;
use crate::limits;
use crate::store::catalog::Query;

/// The lists.
#[derive(Debug, Default)]
pub struct Lists(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    lists: HashMap<(OrgId, Query), List>,
    bytes: usize,
}

#[derive(Debug)]
struct List {
    /// The organisation's counter when it was read.
    change: u64,
    at: Instant,
    body: Bytes,
}

impl Lists {
    /// The list as it is at this count.
    pub fn get(&self, org: &OrgId, query: &Query, change: u64) -> Option<Bytes> {
        let kept = self.0.lock();
        let list = kept.lists.get(&(org.clone(), query.clone()))?;
        let fresh = list.change == change && list.at.elapsed() < limits::LISTS_KEPT_FOR;
        fresh.then(|| list.body.clone())
    }

    /// Keeps a list that was read at this count.
    pub fn put(&self, org: &OrgId, query: Query, change: u64, body: &Bytes) {
        let mut kept = self.0.lock();
        let key = weight(&query);
        let size = body.len() + key;
        if kept.bytes + size > limits::LISTS_BYTES {
            *kept = Kept::default();
        }
        let list = List { change, at: Instant::now(), body: body.clone() };
        kept.bytes += size;
        if let Some(old) = kept.lists.insert((org.clone(), query), list) {
            kept.bytes -= old.body.len() + key;
        }
    }
}

/// Bytes that a query takes as a key, about.
fn weight(query: &Query) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    text(&query.words) + text(&query.cursor) + 512
}
