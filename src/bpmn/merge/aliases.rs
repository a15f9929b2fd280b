//! The names of one diagram in the aliases of another: by URI, so that a client may change prefixes.
//!
//! PURE. Attributes without a prefix are in no namespace and never take an alias.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::bpmn::json;
use crate::bpmn::model::{Namespace, Record, Records, Value};

/// Whether an alias and its declaration go with those of the base.
type Pairs = fn(&str, &Namespace, &str, &Namespace) -> bool;

/// Aliases of the foreign side to aliases of the base.
#[derive(Debug, Clone, Default)]
pub(super) struct Aliases {
    map: BTreeMap<String, String>,
}

impl Aliases {
    /// Pairs equal URIs: first those with the same prefix, then in order. What the base lacks gets
    /// an alias that is free in both.
    pub(super) fn between(base: &Records, foreign: &Records) -> Self {
        let mut map: BTreeMap<String, String> = BTreeMap::new();
        let mut free: BTreeMap<&str, &Namespace> =
            base.ns.iter().map(|(alias, ns)| (alias.as_str(), ns)).collect();
        let passes: [Pairs; 3] = [
            |alias, ns, base_alias, base_ns| {
                alias == base_alias && ns.prefix(alias) == base_ns.prefix(base_alias)
            },
            |alias, ns, base_alias, base_ns| ns.prefix(alias) == base_ns.prefix(base_alias),
            |_, _, _, _| true,
        ];
        for pass in passes {
            for (alias, ns) in &foreign.ns {
                if map.contains_key(alias) {
                    continue;
                }
                let hit = free
                    .iter()
                    .find(|(b, bns)| bns.uri == ns.uri && pass(alias, ns, b, bns))
                    .map(|(b, _)| (*b).to_owned());
                if let Some(hit) = hit {
                    free.remove(hit.as_str());
                    map.insert(alias.clone(), hit);
                }
            }
        }
        for alias in foreign.ns.keys() {
            if !map.contains_key(alias) {
                let taken = |name: &str| {
                    base.ns.contains_key(name) || map.values().any(|used| used == name)
                };
                let name = free_alias(alias, taken);
                map.insert(alias.clone(), name);
            }
        }
        map.retain(|alias, base_alias| alias != base_alias);
        Self { map }
    }

    /// From a new version over the one that its client saw to the base. What the seen version lacks
    /// is looked for in the base, so that two clients who add a namespace get one alias.
    pub(super) fn through(
        base: &Records,
        seen: &Self,
        to_seen: &Self,
        seen_records: &Records,
        new: &Records,
    ) -> Self {
        let mut map = BTreeMap::new();
        let mut used: Vec<String> =
            seen_records.ns.keys().map(|alias| seen.alias(alias).to_owned()).collect();
        for (alias, ns) in &new.ns {
            let over = to_seen.alias(alias);
            if seen_records.ns.contains_key(over) {
                map.insert(alias.clone(), seen.alias(over).to_owned());
                continue;
            }
            let twin = base.ns.iter().find(|(b, n)| n.uri == ns.uri && !used.contains(b));
            let name = match twin {
                Some((twin, _)) => twin.clone(),
                None => {
                    let taken = |n: &str| base.ns.contains_key(n) || used.iter().any(|u| u == n);
                    free_alias(alias, taken)
                }
            };
            used.push(name.clone());
            map.insert(alias.clone(), name);
        }
        map.retain(|alias, mapped| alias != mapped);
        Self { map }
    }

    /// Renames single aliases.
    pub(super) fn renaming(map: BTreeMap<String, String>) -> Self {
        Self { map }
    }

    pub(super) fn alias<'a>(&'a self, alias: &'a str) -> &'a str {
        self.map.get(alias).map_or(alias, String::as_str)
    }

    /// A tag or an attribute name.
    pub(super) fn name<'a>(&self, name: &'a str) -> Cow<'a, str> {
        if self.map.is_empty() || name.starts_with('#') {
            return Cow::Borrowed(name);
        }
        match name.split_once(':') {
            Some((alias, local)) => match self.map.get(alias) {
                Some(mapped) => Cow::Owned(format!("{mapped}:{local}")),
                None => Cow::Borrowed(name),
            },
            None => Cow::Borrowed(name),
        }
    }

    /// Names separated by blanks.
    pub(super) fn names(&self, names: &str) -> String {
        let mapped: Vec<_> = names.split(' ').map(|name| self.name(name)).collect();
        mapped.join(" ")
    }

    /// A field's value: only `#t` and `#o` hold names, and `#n` aliases.
    pub(super) fn value(&self, field: &str, value: &Value) -> Value {
        match (field, value) {
            _ if self.map.is_empty() => value.clone(),
            ("#t", Value::Text(tag)) => Value::Text(self.name(tag).into_owned()),
            ("#o", Value::Text(names)) => Value::Text(self.names(names)),
            ("#n", Value::Text(names)) => Value::Text(self.aliases(names)),
            _ => value.clone(),
        }
    }

    pub(super) fn record(&self, record: &Record) -> Record {
        let field = |(name, value): (&String, &Value)| {
            (self.name(name).into_owned(), self.value(name, value))
        };
        Record(record.0.iter().map(field).collect())
    }

    /// An entry of `meta` that holds names.
    pub(super) fn meta(&self, key: &str, value: &str) -> String {
        match key {
            "nso" => self.aliases(value),
            "geo" => self.geometry(value),
            _ => value.to_owned(),
        }
    }

    /// Aliases separated by blanks; `@` marks an attribute name among them.
    fn aliases(&self, aliases: &str) -> String {
        let mapped = aliases.split(' ').map(|alias| match alias.strip_prefix('@') {
            Some(name) => Cow::Owned(format!("@{}", self.name(name))),
            None => Cow::Borrowed(self.alias(alias)),
        });
        mapped.collect::<Vec<_>>().join(" ")
    }

    /// `geo` is a JSON object of names, one of them with `=` and a value behind it.
    fn geometry(&self, value: &str) -> String {
        let names = json::parse_strings(value);
        let mapped: Vec<(&str, Cow<'_, str>)> =
            names.iter().map(|(part, name)| (part.as_str(), self.name(name))).collect();
        json::write_strings(mapped.iter().map(|(part, name)| (*part, name.as_ref())))
    }
}

/// The alias, or the first of `alias$2`, `alias$3` … that is not taken.
pub(super) fn free_alias(alias: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(alias) {
        return alias.to_owned();
    }
    let stem = alias.split('$').next().unwrap_or(alias);
    let mut n = 2_usize;
    loop {
        let name = format!("{stem}${n}");
        if !taken(&name) {
            return name;
        }
        n = n.saturating_add(1);
    }
}
