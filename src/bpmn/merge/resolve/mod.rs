//! Operations against the document as it is now: writes and conflicts (facts/bpmn.md 5.4).
//!
//! PURE. Reads only the nodes that the operations name, so that a save costs what it changes. The
//! random numbers are an argument: the same state, operations and seed give the same writes.

mod deletes;
mod places;

use std::collections::{BTreeMap, BTreeSet};

use crate::bpmn::merge::aliases::{Aliases, free_alias};
use crate::bpmn::merge::conflict::{element, field_name, is_style, shown};
use crate::bpmn::merge::diff::ANONYMOUS;
use crate::bpmn::merge::index::{lanes, reference};
use crate::bpmn::merge::op::{Clash, Conflict, ElementRef, Kept, List, Op, Resolved, Write};
use crate::bpmn::model::{DOCUMENT, Namespace, Record, Records, Value};

/// The current state, as far as it is asked for.
pub trait Current {
    /// A node's effective record.
    fn record(&self, key: &str) -> Option<Record>;
    /// An entry of `meta`.
    fn meta(&self, key: &str) -> Option<String>;
    /// An entry of `ns`.
    fn ns(&self, alias: &str) -> Option<Namespace>;
    /// An entry of `ao`.
    fn ao(&self, tag: &str) -> Option<String>;
}

impl Current for Records {
    fn record(&self, key: &str) -> Option<Record> {
        self.nodes.get(key).cloned()
    }

    fn meta(&self, key: &str) -> Option<String> {
        self.meta.get(key).cloned()
    }

    fn ns(&self, alias: &str) -> Option<Namespace> {
        self.ns.get(alias).cloned()
    }

    fn ao(&self, tag: &str) -> Option<String> {
        self.ao.get(tag).cloned()
    }
}

/// Turns operations into writes on `current`. `prefer` says whose value stands where both sides
/// changed the same: a save's own (it is later), or the current one in a three-way merge.
#[must_use]
pub fn resolve(
    ops: &[Op],
    current: &dyn Current,
    prefer: Kept,
    rng: &mut fastrand::Rng,
) -> Resolved {
    let mut resolver = Resolver {
        current,
        prefer,
        rng,
        cache: BTreeMap::new(),
        aliases: Aliases::default(),
        orders: BTreeMap::new(),
        created: BTreeMap::new(),
        reported: BTreeSet::new(),
        out: Resolved::default(),
    };
    resolver.aliases = resolver.clashing_aliases(ops);
    resolver.assign_keys(ops);
    resolver.document(ops);
    resolver.places(ops);
    resolver.nodes(ops);
    resolver.deletes(ops);
    resolver.out
}

struct Resolver<'c> {
    current: &'c dyn Current,
    prefer: Kept,
    rng: &'c mut fastrand::Rng,
    /// Records read so far.
    cache: BTreeMap<String, Option<Record>>,
    /// Aliases that somebody else gave to another URI meanwhile.
    aliases: Aliases,
    /// Orders given to nodes by [`Op::Arrange`], by list and final key.
    orders: BTreeMap<(List, String), String>,
    /// Final keys of nodes to create, with their parent.
    created: BTreeMap<String, String>,
    /// Nodes whose deletion is already reported.
    reported: BTreeSet<String>,
    out: Resolved,
}

impl Resolver<'_> {
    fn record(&mut self, key: &str) -> Option<&Record> {
        if !self.cache.contains_key(key) {
            let record = self.current.record(key);
            self.cache.insert(key.to_owned(), record);
        }
        self.cache.get(key).and_then(Option::as_ref)
    }

    fn exists(&mut self, key: &str) -> bool {
        self.record(key).is_some()
    }

    fn key(&self, key: &str) -> String {
        self.out.keys.get(key).map_or(key, String::as_str).to_owned()
    }

    fn list(&self, list: &List) -> List {
        match list {
            List::Children(key) => List::Children(self.key(key)),
            List::Incoming(key) => List::Incoming(self.key(key)),
            List::Outgoing(key) => List::Outgoing(self.key(key)),
            List::Lane(key) => List::Lane(self.key(key)),
        }
    }

    fn value(&self, field: &str, value: &Value) -> Value {
        let mut value = self.aliases.value(field, value);
        if let Value::List(list) = &mut value {
            let step = if field == "#l" { 2 } else { usize::MAX };
            for entry in list.iter_mut().step_by(step) {
                if let Some(key) = self.out.keys.get(entry) {
                    entry.clone_from(key);
                }
            }
        }
        value
    }

    fn report(&mut self, key: &str, clash: Clash) {
        let current = self.current;
        let element = element(key, &|key| current.record(key));
        self.out.conflicts.push(Conflict { element, clash });
    }

    fn report_created(&mut self, key: &str, fields: &Record, clash: Clash) {
        let part = |field: &str| fields.text(field).map(str::to_owned);
        let tag = part("#t").unwrap_or_default();
        let kind = tag.split_once(':').map_or(tag.as_str(), |(_, local)| local).to_owned();
        let element = ElementRef { key: key.to_owned(), id: part("id"), kind, name: part("name") };
        self.out.conflicts.push(Conflict { element, clash });
    }

    fn deleted_meanwhile(&mut self, key: &str, base: Option<&Record>) {
        if self.reported.insert(key.to_owned()) {
            match base {
                Some(base) => self.report_created(key, base, Clash::DeletedMeanwhile),
                None => self.report(key, Clash::DeletedMeanwhile),
            }
        }
    }

    // ---- names and keys ----

    fn clashing_aliases(&self, ops: &[Op]) -> Aliases {
        let mut map = BTreeMap::new();
        for op in ops {
            let Op::Ns { alias, new } = op else { continue };
            if self.current.ns(alias).is_some_and(|now| now.uri != new.uri) {
                let taken = |name: &str| self.current.ns(name).is_some_and(|n| n.uri != new.uri);
                map.insert(alias.clone(), free_alias(alias, taken));
            }
        }
        Aliases::renaming(map)
    }

    /// Gives every new node its key. A node of the same id and type that somebody else created
    /// meanwhile is the same node (facts/bpmn.md 4.3); any other owner of the key is not.
    fn assign_keys(&mut self, ops: &[Op]) {
        for op in ops {
            let Op::Create { key, fields } = op else { continue };
            let parent = key.rfind('~').filter(|at| *at > 0).and_then(|at| key.get(..at));
            let moved = parent.and_then(|parent| {
                let now = self.out.keys.get(parent)?;
                Some(format!("{now}{}", key.get(parent.len()..)?))
            });
            let wish = moved.unwrap_or_else(|| key.clone());
            let tag = fields.0.get("#t").map(|tag| self.aliases.value("#t", tag));
            let foreign = wish.starts_with(ANONYMOUS)
                || self.created.contains_key(&wish)
                || self.record(&wish).is_some_and(|now| now.0.get("#t") != tag.as_ref());
            let chosen = if foreign { self.random_key() } else { wish };
            self.created.insert(chosen.clone(), String::new());
            if chosen != *key {
                self.out.keys.insert(key.clone(), chosen);
            }
        }
    }

    fn random_key(&mut self) -> String {
        loop {
            let key: String =
                std::iter::once('~').chain((0..10).map(|_| self.rng.alphanumeric())).collect();
            if !self.created.contains_key(&key) && !self.exists(&key) {
                return key;
            }
        }
    }

    // ---- meta, ns, ao ----

    fn document(&mut self, ops: &[Op]) {
        for op in ops {
            let write = match op {
                Op::Meta { key, new } => {
                    let new = new.as_ref().map(|value| self.aliases.meta(key, value));
                    (self.current.meta(key) != new).then(|| Write::Meta(key.clone(), new))
                }
                Op::Ns { alias: written, new } => {
                    let alias = self.aliases.alias(written).to_owned();
                    let mut new = new.clone();
                    let shown = new.prefix(written).to_owned();
                    new.prefix = (shown != alias).then_some(shown);
                    (self.current.ns(&alias).as_ref() != Some(&new))
                        .then_some(Write::Ns(alias, new))
                }
                Op::Ao { tag, new } => {
                    let tag = self.aliases.name(tag).into_owned();
                    let new = self.aliases.names(new);
                    (self.current.ao(&tag).as_ref() != Some(&new)).then_some(Write::Ao(tag, new))
                }
                _ => None,
            };
            self.out.writes.extend(write);
        }
    }

    // ---- nodes ----

    fn nodes(&mut self, ops: &[Op]) {
        let in_lanes: BTreeMap<&str, &[String]> = ops
            .iter()
            .filter_map(|op| match op {
                Op::Lanes { key, new, .. } => Some((key.as_str(), new.as_slice())),
                _ => None,
            })
            .collect();
        for op in ops {
            match op {
                Op::Create { key, fields } => {
                    self.create(key, fields, in_lanes.get(key.as_str()).copied().unwrap_or(&[]));
                }
                Op::Set { key, field, base, new } => self.set(key, field, base, new),
                Op::Lanes { key, base, new } => self.lanes(key, base, new),
                _ => {}
            }
        }
        for op in ops {
            if let Op::Arrange { list, run, .. } = op {
                self.move_run(list, run);
            }
        }
    }

    fn create(&mut self, key: &str, fields: &Record, in_lanes: &[String]) {
        let key = self.key(key);
        let mut record = Record::default();
        for (field, value) in &self.aliases.record(fields).0 {
            record.0.insert(field.clone(), self.value(field, value));
        }
        let parent = self.created.get(&key).cloned().unwrap_or_default();
        if let Some(now) = self.record(&key).cloned() {
            for (field, value) in record.0 {
                self.write_field(&key, &now, &field, None, Some(value));
            }
            return;
        }
        if parent != DOCUMENT && !self.created.contains_key(&parent) && !self.exists(&parent) {
            let clash = Clash::ParentDeleted { parent: parent.clone() };
            self.report_created(&key, &record, clash);
        }
        for (field, value) in record.0.clone() {
            self.check_target(&key, &field, &value, Some(&record));
        }
        let children = List::Children(parent.clone());
        if let Some(order) = self.orders.get(&(children, key.clone())) {
            record.0.insert("#p".to_owned(), Value::Text(format!("{order} {parent}")));
        }
        for (field, end) in [("#i", "targetRef"), ("#u", "sourceRef")] {
            let Some(owner) = reference(&record, end) else { continue };
            let list = match field {
                "#i" => List::Incoming(owner.to_owned()),
                _ => List::Outgoing(owner.to_owned()),
            };
            if let Some(order) = self.orders.get(&(list, key.clone())) {
                record.0.insert(field.to_owned(), Value::Text(order.clone()));
            }
        }
        let in_lanes: Vec<String> = in_lanes.iter().map(|lane| self.key(lane)).collect();
        if let Some(value) = self.lane_value(&key, &in_lanes, &Record::default()) {
            record.0.insert("#l".to_owned(), value);
        }
        self.out.writes.push(Write::Create(key, record));
    }

    fn set(&mut self, key: &str, field: &str, base: &Option<Value>, new: &Option<Value>) {
        let field = self.aliases.name(field).into_owned();
        let new = new.as_ref().map(|value| self.value(&field, value));
        let Some(now) = self.record(key).cloned() else {
            if !is_quiet(&field) {
                self.deleted_meanwhile(key, None);
            }
            return;
        };
        if let Some(value) = &new {
            self.check_target(key, &field, value, None);
        }
        self.write_field(key, &now, &field, base.as_ref(), new);
    }

    fn write_field(
        &mut self,
        key: &str,
        now: &Record,
        field: &str,
        base: Option<&Value>,
        new: Option<Value>,
    ) {
        let current = now.0.get(field);
        if current == new.as_ref() {
            return;
        }
        if current != base && !is_quiet(field) {
            let view = |value: Option<&Value>| {
                value.map(|value| shown(value, &|key| self.current.record(key)))
            };
            let clash = Clash::Field {
                field: field_name(field),
                base: view(base),
                current: view(current),
                saved: view(new.as_ref()),
                kept: self.prefer,
            };
            self.report(key, clash);
            if self.prefer == Kept::Current {
                return;
            }
        }
        self.out.writes.push(Write::Set(key.to_owned(), field.to_owned(), new));
    }

    /// Reports a reference to a node that is gone; the reference is written all the same, so that
    /// it works again when the delete is undone.
    fn check_target(&mut self, key: &str, field: &str, value: &Value, created: Option<&Record>) {
        let Value::List(list) = value else { return };
        let Some(target) = list.first().filter(|_| field != "#l").cloned() else { return };
        if self.created.contains_key(&target) || self.exists(&target) {
            return;
        }
        let clash = Clash::TargetDeleted { field: field_name(field), target };
        match created {
            Some(record) => self.report_created(key, record, clash),
            None => self.report(key, clash),
        }
    }

    fn lanes(&mut self, key: &str, base: &[String], new: &[String]) {
        let key = self.key(key);
        let Some(now) = self.record(&key).cloned() else { return };
        let now_lanes: Vec<&str> = lanes(&now).map(|(lane, _)| lane).collect();
        let wanted: Vec<String> = new.iter().map(|lane| self.key(lane)).collect();
        // Order alone never undoes somebody's change of the lanes, nor is it news for a node that
        // somebody else created meanwhile.
        let settled = self.created.contains_key(&key) && now_lanes == wanted;
        if settled || (base == new && now_lanes != base) {
            return;
        }
        if now_lanes != base && now_lanes != wanted {
            let clash = Clash::Field {
                field: field_name("#l"),
                base: Some(base.join(" ")),
                current: Some(now_lanes.join(" ")),
                saved: Some(wanted.join(" ")),
                kept: self.prefer,
            };
            self.report(&key, clash);
            if self.prefer == Kept::Current {
                return;
            }
        }
        let value = self.lane_value(&key, &wanted, &now);
        if now.0.get("#l") != value.as_ref() {
            self.out.writes.push(Write::Set(key, "#l".to_owned(), value));
        }
    }

    /// `#l`: each lane with the order given there now, else the one that the node has in it.
    fn lane_value(&self, key: &str, wanted: &[String], now: &Record) -> Option<Value> {
        let mut pairs = Vec::new();
        for lane in wanted {
            let given = self.orders.get(&(List::Lane(lane.clone()), key.to_owned())).cloned();
            let kept = || lanes(now).find(|(l, _)| l == lane).map(|(_, order)| order.to_owned());
            if let Some(order) = given.or_else(kept) {
                pairs.extend([lane.clone(), order]);
            }
        }
        (!pairs.is_empty()).then_some(Value::List(pairs))
    }
}

/// Fields of style, whose change nobody wants to hear of.
fn is_quiet(field: &str) -> bool {
    is_style(field) || matches!(field, "#i" | "#u" | "#p")
}
