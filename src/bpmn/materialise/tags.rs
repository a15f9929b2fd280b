//! Start and end tags, and the namespace declarations that they need (N9).
//!
//! PURE.

use super::attributes::{Attribute, parse_order};
use super::names::{AliasId, Declared, EMPTY, NO_ALIAS, free_prefix};
use super::write::Writer;

/// An attribute with its prefix settled.
struct Settled<'t, 'a> {
    prefix: u32,
    attribute: &'t Attribute<'a>,
}

impl<'a> Writer<'_, 'a> {
    /// Writes `<name` with declarations and attributes, and gives the name as it was written.
    ///
    /// `mark` is the scope before the element; declarations made since are its own.
    pub(super) fn open_tag(
        &mut self,
        (alias, local): (AliasId, &'a str),
        mark: usize,
        attributes: &[Attribute<'a>],
    ) -> (u32, &'a str) {
        let prefix = self.element_prefix(alias, mark);
        let settled = self.settle(attributes, prefix, mark);
        self.out.push('<');
        self.push_name((prefix, local));
        for declared in self.scope.since(mark).collect::<Vec<_>>() {
            self.push_declaration(declared);
        }
        for attribute in &settled {
            self.push_attribute(attribute);
        }
        (prefix, local)
    }

    /// Writes the start tag of the root: all root declarations in the order of `meta.nso`, in
    /// which `@field` stands for an attribute that the source had between them.
    pub(super) fn open_root_tag(
        &mut self,
        (alias, local): (AliasId, &'a str),
        mark: usize,
        attributes: &[Attribute<'a>],
    ) -> (u32, &'a str) {
        let context = self.context;
        let order = parse_order(context.records.meta.get("nso").map_or("", String::as_str));
        let mut rest: Vec<&'a str> = self.names.root_aliases().collect();
        rest.sort_unstable();
        let known = order.iter().copied().filter(|o| rest.binary_search(o).is_ok());
        let unlisted = rest.iter().copied().filter(|r| !order.contains(r));
        let all: Vec<&str> = known.chain(unlisted).collect();
        self.declare(all.into_iter(), alias, mark);
        let prefix = self.element_prefix(alias, mark);
        let settled = self.settle(attributes, prefix, mark);
        self.out.push('<');
        self.push_name((prefix, local));
        let mut declarations: Vec<u32> = self.scope.since(mark).collect();
        let mut settled: Vec<Settled<'_, 'a>> = settled;
        let last = order.iter().rposition(|o| !o.starts_with('@'));
        for (i, token) in order.iter().enumerate() {
            match token.strip_prefix('@') {
                Some(field) => {
                    let found = settled.iter().position(|s| s.attribute.field == field);
                    if let Some(found) = found {
                        let attribute = settled.remove(found);
                        self.push_attribute(&attribute);
                    }
                }
                None => {
                    let prefix = self.names.prefix_of(token);
                    let found = declarations.iter().position(|d| Some(*d) == prefix);
                    if let Some(found) = found {
                        self.push_declaration(declarations.remove(found));
                    }
                }
            }
            if last == Some(i) {
                self.push_root_rest(&mut declarations);
            }
        }
        self.push_root_rest(&mut declarations);
        for attribute in &settled {
            self.push_attribute(attribute);
        }
        (prefix, local)
    }

    fn push_root_rest(&mut self, declarations: &mut Vec<u32>) {
        for declared in declarations.drain(..) {
            self.push_declaration(declared);
        }
        self.root_declarations_end.get_or_insert(self.out.len());
    }

    /// Puts the well-known declarations that were needed into the root tag.
    pub(super) fn declare_used_at_root(&mut self) {
        let Some(at) = self.root_declarations_end else { return };
        let mut used: Vec<(&str, &str, u32)> = self
            .names
            .aliases
            .iter()
            .filter(|a| a.declared == Declared::RootIfUsed && a.used.get())
            .map(|a| (a.name, self.names.uris.get(a.uri), a.prefix))
            .collect();
        used.sort_unstable();
        let mut text = String::new();
        for (_, uri, prefix) in used {
            text.push_str(&format!(" xmlns:{}=\"", self.names.prefixes.get(prefix)));
            self.context.style.value(&mut text, uri);
            text.push('"');
        }
        self.out.insert_str(at, &text);
    }

    pub(super) fn close_tag(&mut self, name: (u32, &str), mark: usize) {
        self.out.push_str("</");
        self.push_name(name);
        self.out.push('>');
        self.scope.release(mark);
    }

    /// Declares aliases on an element whose own tag has the alias `tag`: a prefix once only, and
    /// never against the tag.
    pub(super) fn declare<'n>(
        &mut self,
        aliases: impl Iterator<Item = &'n str>,
        tag: AliasId,
        mark: usize,
    ) {
        let own = self.names.get(tag).map_or((EMPTY, EMPTY), |a| (a.prefix, a.uri));
        for name in aliases.filter(|name| !name.is_empty()) {
            let Some(alias) = self.names.declared(name) else { continue };
            let (prefix, uri) = (alias.prefix, alias.uri);
            let against = prefix == own.0 && uri != own.1;
            if !against && !self.scope.since(mark).any(|p| p == prefix) {
                self.scope.bind(prefix, uri);
            }
        }
    }

    /// The prefix for a tag of that alias, declared on the element if need be.
    fn element_prefix(&mut self, id: AliasId, mark: usize) -> u32 {
        let Some((prefix, uri)) = self.use_alias(id) else {
            if !self.scope.means(EMPTY, EMPTY) && self.context.rules.n9 {
                self.scope.bind(EMPTY, EMPTY);
            }
            return EMPTY;
        };
        if self.in_scope(id, prefix, uri) {
            return prefix;
        }
        if self.scope.since(mark).any(|p| p == prefix) {
            return self.stand_in(id, prefix, uri);
        }
        self.scope.bind(prefix, uri);
        prefix
    }

    /// Settles the prefixes of attributes; `tag` is the prefix of the element's own name.
    fn settle<'t>(
        &mut self,
        attributes: &'t [Attribute<'a>],
        tag: u32,
        mark: usize,
    ) -> Vec<Settled<'t, 'a>> {
        let mut taken = vec![tag];
        let mut settled = Vec::with_capacity(attributes.len());
        for attribute in attributes {
            let prefix = match self.use_alias(attribute.alias) {
                None => EMPTY,
                Some((prefix, uri)) => {
                    let prefix = self.attribute_prefix(attribute.alias, prefix, uri, &taken, mark);
                    taken.push(prefix);
                    prefix
                }
            };
            settled.push(Settled { prefix, attribute });
        }
        settled
    }

    /// An attribute in a namespace needs a prefix, and one that nothing else here uses otherwise.
    fn attribute_prefix(
        &mut self,
        id: AliasId,
        prefix: u32,
        uri: u32,
        taken: &[u32],
        mark: usize,
    ) -> u32 {
        if prefix == EMPTY {
            return self.other_prefix(uri).unwrap_or_else(|| self.stand_in(id, prefix, uri));
        }
        if self.in_scope(id, prefix, uri) {
            return prefix;
        }
        if taken.contains(&prefix) || self.scope.since(mark).any(|p| p == prefix) {
            return self.stand_in(id, prefix, uri);
        }
        self.scope.bind(prefix, uri);
        prefix
    }

    /// A prefix in scope for a namespace, of the alias with the least name.
    fn other_prefix(&self, uri: u32) -> Option<u32> {
        let fits = |a: &&super::names::Alias<'_>| {
            a.uri == uri && a.prefix != EMPTY && self.scope.means(a.prefix, uri)
        };
        self.names.aliases.iter().filter(fits).min_by_key(|a| a.name).map(|a| a.prefix)
    }

    fn in_scope(&self, id: AliasId, prefix: u32, uri: u32) -> bool {
        let at_root = self.names.get(id).is_some_and(|a| a.declared == Declared::RootIfUsed);
        at_root || self.scope.means(prefix, uri) || !self.context.rules.n9
    }

    /// A prefix made up for an alias, the same at every place.
    fn stand_in(&mut self, id: AliasId, prefix: u32, uri: u32) -> u32 {
        let known = self.stand_ins.get(&id).copied();
        let stand_in = known.unwrap_or_else(|| {
            let own = self.names.prefixes.get(prefix);
            let base = if own.is_empty() { self.names.get(id).map_or("", |a| a.name) } else { own };
            let fresh = free_prefix(&self.names.prefixes, base);
            self.names.prefixes.intern(&fresh)
        });
        self.stand_ins.insert(id, stand_in);
        if !self.scope.means(stand_in, uri) {
            self.scope.bind(stand_in, uri);
        }
        stand_in
    }

    /// Notes that an alias is used and gives its prefix and URI; none for "no namespace".
    fn use_alias(&self, id: AliasId) -> Option<(u32, u32)> {
        if id == NO_ALIAS {
            return None;
        }
        let alias = self.names.get(id)?;
        alias.used.set(true);
        Some((alias.prefix, alias.uri))
    }

    fn push_name(&mut self, (prefix, local): (u32, &str)) {
        if prefix != EMPTY {
            self.out.push_str(self.names.prefixes.get(prefix));
            self.out.push(':');
        }
        self.out.push_str(local);
    }

    fn push_declaration(&mut self, prefix: u32) {
        self.out.push_str(if prefix == EMPTY { " xmlns" } else { " xmlns:" });
        self.out.push_str(self.names.prefixes.get(prefix));
        self.out.push_str("=\"");
        let uri = self.names.uris.get(self.scope.meaning(prefix));
        self.context.style.value(&mut self.out, uri);
        self.out.push('"');
    }

    fn push_attribute(&mut self, settled: &Settled<'_, 'a>) {
        self.out.push(' ');
        self.push_name((settled.prefix, settled.attribute.local));
        self.out.push_str("=\"");
        if self.context.rules.n10 {
            self.context.style.value(&mut self.out, &settled.attribute.value);
        } else {
            self.out.push_str(&settled.attribute.value);
        }
        self.out.push('"');
    }
}
