//! Aliases, prefixes and what is in scope: rule N9.
//!
//! PURE. An alias that the document does not define but everybody knows (`bpmn`, `dc` …) stands
//! for its namespace; the root element then declares it, if it is used.

use std::cell::Cell;
use std::collections::HashMap;

use crate::bpmn::model::Records;
use crate::bpmn::tables::{Vocabulary, WELL_KNOWN_ALIASES, well_known_uri};
use crate::bpmn::xml::{XML_URI, XMLNS_URI, is_ncname};
use crate::limits::{MAX_XML_NAME_BYTES, MAX_XML_PREFIX_BYTES};

/// An index into the aliases; [`NO_ALIAS`] is "in no namespace".
pub(super) type AliasId = u32;
/// "In no namespace".
pub(super) const NO_ALIAS: AliasId = u32::MAX;
/// The empty prefix and the empty URI among the interned strings.
pub(super) const EMPTY: u32 = 1;

/// An alias: a prefix bound to a namespace.
#[derive(Debug)]
pub(super) struct Alias<'r> {
    pub(super) name: &'r str,
    pub(super) prefix: u32,
    pub(super) uri: u32,
    pub(super) declared: Declared,
    pub(super) vocabulary: Vocabulary,
    /// Whether something used it.
    pub(super) used: Cell<bool>,
}

/// Where an alias is declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Declared {
    /// On the root element, always.
    Root,
    /// On the root element if it is used: a well-known alias that the document lacks.
    RootIfUsed,
    /// On the elements that need it.
    Element,
}

/// All aliases of a diagram; prefixes and URIs are interned.
#[derive(Debug, Default)]
pub(super) struct Names<'r> {
    pub(super) aliases: Vec<Alias<'r>>,
    pub(super) prefixes: Interner,
    pub(super) uris: Interner,
    by_name: HashMap<&'r str, AliasId>,
}

/// Strings by number.
#[derive(Debug, Default)]
pub(super) struct Interner {
    strings: Vec<String>,
    ids: HashMap<String, u32>,
}

impl Interner {
    pub(super) fn intern(&mut self, text: &str) -> u32 {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        let id = u32::try_from(self.strings.len()).unwrap_or(u32::MAX);
        self.strings.push(text.to_owned());
        self.ids.insert(text.to_owned(), id);
        id
    }

    pub(super) fn get(&self, id: u32) -> &str {
        self.strings.get(id as usize).map_or("", String::as_str)
    }

    pub(super) fn contains(&self, text: &str) -> bool {
        self.ids.contains_key(text)
    }
}

impl<'r> Names<'r> {
    /// Takes the usable entries of `ns`: what no XML document could declare counts as absent.
    pub(super) fn new(records: &'r Records) -> Self {
        let mut names = Self {
            aliases: Vec::new(),
            prefixes: Interner::default(),
            uris: Interner::default(),
            by_name: HashMap::new(),
        };
        names.push("xml", "xml", XML_URI, Declared::Element);
        // Both get the number `EMPTY`.
        names.prefixes.intern("");
        names.uris.intern("");
        for (alias, namespace) in &records.ns {
            let prefix = namespace.prefix(alias);
            if alias != "xml" && declarable(prefix, &namespace.uri) {
                let declared = if namespace.at_root { Declared::Root } else { Declared::Element };
                names.push(alias, prefix, &namespace.uri, declared);
            }
        }
        // All at once, so that no name depends on what is written first.
        for name in WELL_KNOWN_ALIASES {
            names.alias(name);
        }
        names
    }

    fn push(&mut self, name: &'r str, prefix: &str, uri: &str, declared: Declared) -> AliasId {
        let id = u32::try_from(self.aliases.len()).unwrap_or(NO_ALIAS);
        self.aliases.push(Alias {
            name,
            prefix: self.prefixes.intern(prefix),
            uri: self.uris.intern(uri),
            declared,
            vocabulary: Vocabulary::of(uri),
            used: Cell::new(false),
        });
        // The document's own meaning of a name stands before a well-known one.
        self.by_name.entry(name).or_insert(id);
        id
    }

    /// The alias of that name, well-known ones included.
    pub(super) fn alias(&mut self, name: &'r str) -> Option<AliasId> {
        if let Some(id) = self.by_name.get(name) {
            return Some(*id);
        }
        let uri = well_known_uri(name)?;
        let id = self.of_uri(uri, name);
        self.by_name.insert(name, id);
        Some(id)
    }

    /// An alias of that namespace: a declared one (at the root before others, then the least
    /// name), else a new one that the root will declare under `name` or `name_2`, `name_3` ….
    pub(super) fn of_uri(&mut self, uri: &str, name: &'r str) -> AliasId {
        let known = self.uris.ids.get(uri).copied();
        let declared = self.aliases.iter().enumerate().filter(|(_, a)| Some(a.uri) == known);
        let best = declared.min_by_key(|(_, a)| (a.declared, a.name));
        if let Some((id, _)) = best {
            return u32::try_from(id).unwrap_or(NO_ALIAS);
        }
        let prefix = free_prefix(&self.prefixes, name);
        self.push(name, &prefix, uri, Declared::RootIfUsed)
    }

    /// The names of the aliases that the root declares.
    pub(super) fn root_aliases(&self) -> impl Iterator<Item = &'r str> + '_ {
        self.aliases.iter().filter(|a| a.declared == Declared::Root).map(|a| a.name)
    }

    /// An alias that the document defines.
    pub(super) fn declared(&self, name: &str) -> Option<&Alias<'r>> {
        self.get(*self.by_name.get(name)?).filter(|a| a.declared != Declared::RootIfUsed)
    }

    /// The prefix of an alias that the document defines.
    pub(super) fn prefix_of(&self, name: &str) -> Option<u32> {
        self.declared(name).map(|a| a.prefix)
    }

    pub(super) fn get(&self, id: AliasId) -> Option<&Alias<'r>> {
        self.aliases.get(id as usize)
    }

    pub(super) fn vocabulary(&self, id: AliasId) -> Vocabulary {
        self.get(id).map_or(Vocabulary::Foreign, |a| a.vocabulary)
    }

    pub(super) fn uri_of(&self, id: AliasId) -> &str {
        self.get(id).map_or("", |a| self.uris.get(a.uri))
    }
}

/// Whether a document may bind this prefix to this URI.
fn declarable(prefix: &str, uri: &str) -> bool {
    let prefix_fits = prefix.is_empty() || (is_ncname(prefix) && !uri.is_empty());
    let short = prefix.len() <= MAX_XML_PREFIX_BYTES && uri.len() <= MAX_XML_NAME_BYTES;
    prefix_fits
        && short
        && !matches!(prefix, "xml" | "xmlns")
        && !matches!(uri, XML_URI | XMLNS_URI)
}

/// `base`, `base_2`, `base_3` …: the first that no alias uses.
pub(super) fn free_prefix(prefixes: &Interner, base: &str) -> String {
    let base = if is_ncname(base) && !matches!(base, "xml" | "xmlns") { base } else { "ns" };
    if !prefixes.contains(base) {
        return base.to_owned();
    }
    let mut n = 2;
    loop {
        let candidate = format!("{base}_{n}");
        if !prefixes.contains(&candidate) {
            return candidate;
        }
        n += 1;
    }
}
