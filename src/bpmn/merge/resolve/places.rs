//! Where nodes go: orders for runs of neighbours in the lists of the current document.
//!
//! PURE.

use super::Resolver;
use crate::bpmn::merge::conflict::field_name;
use crate::bpmn::merge::index::{lanes, reference};
use crate::bpmn::merge::op::{Clash, Kept, List, Op, Placed, Write};
use crate::bpmn::merge::spread::spread;
use crate::bpmn::model::{DOCUMENT, Value};

impl Resolver<'_> {
    pub(super) fn places(&mut self, ops: &[Op]) {
        for op in ops {
            let Op::Arrange { list, run, after, before } = op else { continue };
            let list = self.list(list);
            let mut placed = Vec::with_capacity(run.len());
            for entry in run {
                if self.may_place(&list, entry) {
                    placed.push(self.key(&entry.key));
                }
            }
            let mut order = |key: &String| {
                let key = self.key(key);
                self.order_in(&list, &key)
            };
            let low = after.iter().find_map(&mut order);
            let above = |high: &String| low.as_ref().is_none_or(|low| low < high);
            let high = before.iter().filter_map(&mut order).find(above);
            let orders = spread(low.as_deref(), high.as_deref(), placed.len(), self.rng);
            for (key, order) in placed.into_iter().zip(orders) {
                if let (List::Children(parent), Some(slot)) = (&list, self.created.get_mut(&key)) {
                    slot.clone_from(parent);
                }
                self.orders.insert((list.clone(), key), order);
            }
        }
    }

    /// The order of a node that stands in this list now.
    fn order_in(&mut self, list: &List, key: &str) -> Option<String> {
        if let Some(order) = self.orders.get(&(list.clone(), key.to_owned())) {
            return Some(order.clone());
        }
        let record = self.record(key)?;
        match list {
            List::Children(parent) => {
                record.place().filter(|(_, now)| now == parent).map(|(order, _)| order.to_owned())
            }
            List::Incoming(owner) => (reference(record, "targetRef") == Some(owner))
                .then(|| record.text("#i").map(str::to_owned))?,
            List::Outgoing(owner) => (reference(record, "sourceRef") == Some(owner))
                .then(|| record.text("#u").map(str::to_owned))?,
            List::Lane(lane) => {
                lanes(record).find(|(now, _)| now == lane).map(|(_, order)| order.to_owned())
            }
        }
    }

    /// Whether a node may be put into a list; reports why not.
    fn may_place(&mut self, list: &List, placed: &Placed) -> bool {
        let key = self.key(&placed.key);
        let List::Children(parent) = list else {
            return self.created.contains_key(&key) || self.exists(&key);
        };
        let parent_there =
            parent == DOCUMENT || self.created.contains_key(parent) || self.exists(parent);
        let clash = Clash::ParentDeleted { parent: parent.clone() };
        if placed.base_parent.is_none() && self.created.contains_key(&key) {
            return true;
        }
        let reordered = !placed.moves;
        let Some(record) = self.record(&key) else {
            if !reordered {
                self.deleted_meanwhile(&key, None);
            }
            return false;
        };
        let now = record.place().map(|(_, parent)| parent.to_owned());
        if reordered {
            // Order alone never undoes somebody's change of the parent.
            return now == placed.base_parent;
        }
        if !parent_there {
            self.report(&key, clash);
            return false;
        }
        if now != placed.base_parent && now.as_ref() != Some(parent) {
            let clash = Clash::Field {
                field: field_name("#p"),
                base: placed.base_parent.clone(),
                current: now,
                saved: Some(parent.clone()),
                kept: self.prefer,
            };
            self.report(&key, clash);
            return self.prefer == Kept::Saved;
        }
        true
    }

    /// Writes the new places of nodes that exist already.
    pub(super) fn move_run(&mut self, list: &List, run: &[Placed]) {
        let list = self.list(list);
        for placed in run {
            let key = self.key(&placed.key);
            let Some(order) = self.orders.get(&(list.clone(), key.clone())).cloned() else {
                continue;
            };
            if !self.exists(&key) {
                continue;
            }
            // A node that somebody else created meanwhile stands in its lists already.
            let merged = self.created.contains_key(&key);
            let (field, value) = match &list {
                _ if merged => continue,
                List::Children(parent) => ("#p", format!("{order} {parent}")),
                List::Incoming(_) => ("#i", order),
                List::Outgoing(_) => ("#u", order),
                List::Lane(_) => continue,
            };
            self.out.writes.push(Write::Set(key, field.to_owned(), Some(Value::Text(value))));
        }
    }
}
