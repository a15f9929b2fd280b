//! The aliases of a text's namespaces (rule D4).
//!
//! PURE.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::bpmn::model::Namespace;
use crate::bpmn::tables::{Vocabulary, default_alias};
use crate::bpmn::xml::{NO_BINDING, Name, Tree, XML_BINDING};

/// Aliases by binding.
pub(super) struct Aliases {
    names: Vec<String>,
    namespaces: Vec<Namespace>,
    vocabularies: Vec<Vocabulary>,
}

impl Aliases {
    pub(super) fn new(tree: &Tree<'_>) -> Self {
        let root = tree.element(tree.root);
        let at_root: HashSet<u32> =
            root.map_or(&[][..], |r| tree.declarations(r)).iter().map(|d| d.binding).collect();
        let mut taken: HashSet<String> = HashSet::from(["xml".to_owned()]);
        let mut aliases =
            Self { names: Vec::new(), namespaces: Vec::new(), vocabularies: Vec::new() };
        let mut next: HashMap<&str, usize> = HashMap::new();
        for (index, binding) in (0..).zip(&tree.bindings) {
            let prefix = binding.prefix;
            let base = if prefix.is_empty() { default_alias(&binding.uri) } else { prefix };
            let mut name = base.to_owned();
            if index == XML_BINDING {
                taken.remove("xml");
            }
            let n = next.entry(base).or_insert(1);
            while !taken.insert(name.clone()) {
                *n += 1;
                name = format!("{base}${n}");
            }
            aliases.namespaces.push(Namespace {
                uri: binding.uri.as_ref().to_owned(),
                at_root: at_root.contains(&index),
                prefix: (name != prefix).then(|| prefix.to_owned()),
            });
            aliases.vocabularies.push(Vocabulary::of(&binding.uri));
            aliases.names.push(name);
        }
        aliases
    }

    /// The alias of a binding.
    pub(super) fn name(&self, binding: u32) -> &str {
        self.names.get(binding as usize).map_or("", String::as_str)
    }

    /// `alias:local`, or `local` in no namespace.
    pub(super) fn tag(&self, name: Name<'_>) -> String {
        if name.binding == NO_BINDING {
            return name.local.to_owned();
        }
        let alias = self.name(name.binding);
        let mut tag = String::with_capacity(alias.len() + name.local.len() + 1);
        tag.push_str(alias);
        tag.push(':');
        tag.push_str(name.local);
        tag
    }

    pub(super) fn vocabulary(&self, binding: u32) -> Vocabulary {
        self.vocabularies.get(binding as usize).copied().unwrap_or(Vocabulary::Foreign)
    }

    /// The `ns` map.
    pub(super) fn namespaces(&self) -> BTreeMap<String, Namespace> {
        let all = self.names.iter().zip(&self.namespaces).skip(1);
        all.map(|(name, namespace)| (name.clone(), namespace.clone())).collect()
    }

    /// `meta.nso`: the order of the root's declarations, with `@field` for attributes that stand
    /// between or before them.
    pub(super) fn root_order(&self, tree: &Tree<'_>) -> Option<String> {
        let root = tree.element(tree.root)?;
        let declarations = tree.declarations(root);
        let last = declarations.last()?.after;
        let mut order: Vec<String> = Vec::new();
        let mut attributes = tree.attributes(root).iter().take(last);
        let mut written = 0;
        for declaration in declarations {
            while written < declaration.after {
                written += 1;
                order.extend(attributes.next().map(|a| format!("@{}", self.tag(a.name))));
            }
            if declaration.binding != XML_BINDING {
                order.push(self.name(declaration.binding).to_owned());
            }
        }
        Some(order.join(" "))
    }
}
