//! The tree of a parsed document: flat, in document order, borrowing from the text.
//!
//! PURE. Only data and total accessors.

use std::borrow::Cow;
use std::ops::Range;

/// "In no namespace", as an index into [`Tree::bindings`].
pub(crate) const NO_BINDING: u32 = u32::MAX;
/// The binding of the prefix `xml`, which every document has.
pub(crate) const XML_BINDING: u32 = 0;

/// A parsed document.
#[derive(Debug, Default)]
pub(crate) struct Tree<'s> {
    /// The XML declaration.
    pub(crate) decl: Option<Decl<'s>>,
    /// Every node in document order.
    pub(crate) nodes: Vec<Node<'s>>,
    /// Attributes of all elements, each element's in source order.
    pub(crate) attributes: Vec<Attribute<'s>>,
    /// Namespace declarations of all elements, as bindings, in source order.
    pub(crate) declarations: Vec<Declaration>,
    /// Distinct (prefix, URI) pairs in order of first declaration; the first is `xml`.
    pub(crate) bindings: Vec<Binding<'s>>,
    /// Index of the root element.
    pub(crate) root: usize,
    /// How the source was written.
    pub(crate) lexical: Lexical,
}

/// The XML declaration.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Decl<'s> {
    /// The declared encoding, as written.
    pub(crate) encoding: Option<&'s str>,
    /// `standalone`: `yes` or `no`.
    pub(crate) standalone: Option<&'s str>,
    /// Whether its values stand in single quotes.
    pub(crate) single_quotes: bool,
}

/// One node.
#[derive(Debug)]
pub(crate) struct Node<'s> {
    /// One past its last descendant, which is the next sibling if there is one.
    pub(crate) end: usize,
    /// What it is.
    pub(crate) kind: Kind<'s>,
}

/// What a node is.
#[derive(Debug)]
pub(crate) enum Kind<'s> {
    /// An element.
    Element(Element<'s>),
    /// Text with references resolved; never empty, never beside another text.
    Text(Cow<'s, str>),
    /// One CDATA section.
    CData(&'s str),
    /// A comment.
    Comment(&'s str),
    /// A processing instruction.
    Pi {
        /// Its target.
        target: &'s str,
        /// Its data, without the white space before it.
        data: &'s str,
    },
}

/// An element.
#[derive(Debug)]
pub(crate) struct Element<'s> {
    /// Its name.
    pub(crate) name: Name<'s>,
    /// Its attributes in [`Tree::attributes`].
    pub(crate) attributes: Range<usize>,
    /// Its declarations in [`Tree::declarations`].
    pub(crate) declarations: Range<usize>,
    /// Whether white space in it is significant (`xml:space="preserve"`).
    pub(crate) preserve: bool,
}

/// A resolved name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name<'s> {
    /// Index into [`Tree::bindings`], or [`NO_BINDING`].
    pub(crate) binding: u32,
    /// The local name.
    pub(crate) local: &'s str,
}

/// An attribute other than a namespace declaration.
#[derive(Debug)]
pub(crate) struct Attribute<'s> {
    /// Its name.
    pub(crate) name: Name<'s>,
    /// Its normalised value.
    pub(crate) value: Cow<'s, str>,
}

/// A namespace declaration on an element.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Declaration {
    /// Index into [`Tree::bindings`].
    pub(crate) binding: u32,
    /// How many attributes of the element stand before it.
    pub(crate) after: usize,
}

/// A prefix bound to a URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binding<'s> {
    /// The prefix; empty for the default namespace.
    pub(crate) prefix: &'s str,
    /// The URI; empty where the default namespace is undeclared.
    pub(crate) uri: Cow<'s, str>,
}

/// How the source was written, where XML leaves a choice.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Lexical {
    /// The first line end was CR LF.
    pub(crate) crlf: bool,
    /// The first empty-element tag had a space before `/>`.
    pub(crate) spaced_empty: Option<bool>,
    /// A `>` in text was escaped without need.
    pub(crate) text_gt: bool,
    /// A `"` in text was escaped.
    pub(crate) text_quot: bool,
    /// A `'` in text was escaped.
    pub(crate) text_apos: bool,
    /// A `>` in an attribute was escaped.
    pub(crate) attribute_gt: bool,
    /// A `'` in an attribute was escaped.
    pub(crate) attribute_apos: bool,
    /// How the first line end or tab was referenced in an attribute.
    pub(crate) refs: Option<RefStyle>,
    /// Whether a line end stood between the first two top-level items.
    pub(crate) top_break: Option<bool>,
    /// Whether the text ends with a line end.
    pub(crate) final_break: bool,
}

/// How a character reference is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefStyle {
    /// `&#10;`
    Decimal,
    /// `&#xA;`
    Hexadecimal,
}

impl<'s> Tree<'s> {
    /// The top-level nodes.
    pub(crate) fn top(&self) -> Children<'_, 's> {
        Children { tree: self, at: 0, end: self.nodes.len() }
    }

    /// The children of a node.
    pub(crate) fn children(&self, index: usize) -> Children<'_, 's> {
        let end = self.nodes.get(index).map_or(0, |node| node.end);
        Children { tree: self, at: index + 1, end }
    }

    /// The element at an index.
    pub(crate) fn element(&self, index: usize) -> Option<&Element<'s>> {
        match &self.nodes.get(index)?.kind {
            Kind::Element(element) => Some(element),
            _ => None,
        }
    }

    /// The attributes of an element.
    pub(crate) fn attributes(&self, element: &Element<'s>) -> &[Attribute<'s>] {
        self.attributes.get(element.attributes.clone()).unwrap_or(&[])
    }

    /// The namespace declarations of an element.
    pub(crate) fn declarations(&self, element: &Element<'s>) -> &[Declaration] {
        self.declarations.get(element.declarations.clone()).unwrap_or(&[])
    }

    /// The URI of a binding; empty for [`NO_BINDING`].
    pub(crate) fn uri(&self, binding: u32) -> &str {
        self.bindings.get(binding as usize).map_or("", |b| b.uri.as_ref())
    }
}

/// Iterates over siblings, by index and node.
#[derive(Debug, Clone)]
pub(crate) struct Children<'t, 's> {
    tree: &'t Tree<'s>,
    at: usize,
    end: usize,
}

impl<'t, 's> Iterator for Children<'t, 's> {
    type Item = (usize, &'t Node<'s>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let index = self.at;
        let node = self.tree.nodes.get(index)?;
        self.at = node.end.max(index + 1);
        Some((index, node))
    }
}
