//! Which prefix means what at the place that is being written.
//!
//! PURE.

use super::names::EMPTY;

/// "Bound to nothing."
const UNBOUND: u32 = u32::MAX;

/// Prefix bindings (interned numbers) with an undo log.
#[derive(Debug)]
pub(super) struct Scope {
    bound: Vec<u32>,
    undo: Vec<(u32, u32)>,
}

impl Scope {
    /// `xml` (number 0) is bound to its namespace (number 0), no prefix to no namespace.
    pub(super) fn new() -> Self {
        Self { bound: vec![0, EMPTY], undo: Vec::new() }
    }

    pub(super) fn means(&self, prefix: u32, uri: u32) -> bool {
        self.meaning(prefix) == uri
    }

    /// The URI that a prefix is bound to.
    pub(super) fn meaning(&self, prefix: u32) -> u32 {
        self.bound.get(prefix as usize).copied().unwrap_or(UNBOUND)
    }

    pub(super) fn bind(&mut self, prefix: u32, uri: u32) {
        let index = prefix as usize;
        if self.bound.len() <= index {
            self.bound.resize(index + 1, UNBOUND);
        }
        if let Some(slot) = self.bound.get_mut(index) {
            self.undo.push((prefix, *slot));
            *slot = uri;
        }
    }

    pub(super) fn mark(&self) -> usize {
        self.undo.len()
    }

    /// The bindings made since a mark, oldest first.
    pub(super) fn since(&self, mark: usize) -> impl Iterator<Item = u32> + '_ {
        self.undo.iter().skip(mark).map(|(prefix, _)| *prefix)
    }

    pub(super) fn release(&mut self, mark: usize) {
        while self.undo.len() > mark {
            let Some((prefix, before)) = self.undo.pop() else { return };
            if let Some(slot) = self.bound.get_mut(prefix as usize) {
                *slot = before;
            }
        }
    }
}
