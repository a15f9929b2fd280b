//! From text to tree: the event loop, open elements and namespace scopes.
//!
//! PURE. Iterative; the only stack is a vector of open elements, bounded by `limits.rs`.

use std::borrow::Cow;
use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError, SyntaxError};
use quick_xml::events::Event;

use super::chars::{is_ncname, is_xml_space, split_qname};
use super::decode::Source;
use super::error::{ReadError, ReadErrorKind};
use super::tag::{self, Offence, RawAttribute};
use super::tree::{
    Attribute, Binding, Declaration, Element, Kind, NO_BINDING, Name, Node, Tree, XML_BINDING,
};
use super::{XML_URI, XMLNS_URI};
use crate::limits;

/// Parses a decoded document.
pub(super) fn parse<'s>(source: &'s Source<'_>) -> Result<Tree<'s>, ReadError> {
    let text = source.text.as_ref();
    let mut parser = Parser::new(source.crlf);
    let located = |(offset, kind): Offence| ReadError::at(text, offset, kind);
    if text.starts_with('\u{FEFF}') {
        return Err(located((0, ReadErrorKind::ContentOutsideRoot)));
    }
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    loop {
        let start = offset_of(reader.buffer_position());
        let event = reader
            .read_event()
            .map_err(|e| located((offset_of(reader.error_position()), markup_error(&e))))?;
        let end = offset_of(reader.buffer_position());
        let raw = text.get(start..end).unwrap_or("");
        if let Event::Eof = event {
            return parser.finish(text).map_err(located);
        }
        parser.token(&event, raw, start).map_err(|(at, kind)| located((start + at, kind)))?;
    }
}

fn offset_of(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

fn markup_error(error: &Error) -> ReadErrorKind {
    ReadErrorKind::BadMarkup(match error {
        Error::Syntax(SyntaxError::UnclosedPI | SyntaxError::UnclosedXmlDecl) => {
            "a processing instruction never ends"
        }
        Error::Syntax(SyntaxError::UnclosedComment) => "a comment never ends",
        Error::Syntax(SyntaxError::UnclosedCData) => "a CDATA section never ends",
        Error::Syntax(SyntaxError::UnclosedDoctype) => return ReadErrorKind::Doctype,
        Error::Syntax(SyntaxError::InvalidBangMarkup) => "\"<!\" starts no markup",
        Error::Syntax(
            SyntaxError::UnclosedSingleQuotedAttributeValue
            | SyntaxError::UnclosedDoubleQuotedAttributeValue,
        ) => "an attribute value never ends",
        Error::Syntax(_) => "a tag never ends",
        Error::IllFormed(IllFormedError::UnclosedReference) => "a reference has no \";\"",
        Error::IllFormed(IllFormedError::MissingDoctypeName) => return ReadErrorKind::Doctype,
        _ => "the markup is malformed",
    })
}

struct Open<'s> {
    index: usize,
    name: &'s str,
    /// Length of the undo log when the element opened.
    undo: usize,
    preserve: bool,
}

struct Parser<'s> {
    tree: Tree<'s>,
    open: Vec<Open<'s>>,
    root: Option<usize>,
    elements: usize,
    text: Option<Cow<'s, str>>,
    /// What each prefix means here, and what it meant before the innermost declarations.
    scope: HashMap<&'s str, u32>,
    undo: Vec<(&'s str, Option<u32>)>,
    raw_attributes: Vec<RawAttribute<'s>>,
    /// Top-level items so far, and whether a line end stands after the last.
    top_items: usize,
    top_break: bool,
}

impl<'s> Parser<'s> {
    fn new(crlf: bool) -> Self {
        let xml = Binding { prefix: "xml", uri: Cow::Borrowed(XML_URI) };
        let mut tree = Tree { bindings: vec![xml], ..Tree::default() };
        tree.lexical.crlf = crlf;
        Self {
            tree,
            open: Vec::new(),
            root: None,
            elements: 0,
            text: None,
            scope: HashMap::from([("xml", XML_BINDING)]),
            undo: Vec::new(),
            raw_attributes: Vec::new(),
            top_items: 0,
            top_break: false,
        }
    }

    fn token(&mut self, event: &Event<'_>, raw: &'s str, start: usize) -> Result<(), Offence> {
        match event {
            Event::Text(_) => return self.characters(raw),
            Event::GeneralRef(_) => return self.reference(raw),
            _ => self.flush_text(),
        }
        if self.open.is_empty() {
            self.top_item();
        }
        match event {
            Event::Start(_) => self.start(raw, false),
            Event::Empty(_) => self.start(raw, true),
            Event::End(_) => self.end(raw),
            Event::CData(_) => self.cdata(raw),
            Event::Comment(_) => self.comment(raw),
            Event::Decl(_) if start == 0 => {
                self.tree.decl = Some(tag::declaration(raw).map_err(|kind| (0, kind))?);
                Ok(())
            }
            Event::Decl(_) => {
                Err((0, ReadErrorKind::BadDeclaration("it is not at the start of the text")))
            }
            Event::PI(_) => self.instruction(raw),
            Event::DocType(_) => Err((0, ReadErrorKind::Doctype)),
            Event::Text(_) | Event::GeneralRef(_) | Event::Eof => Ok(()),
        }
    }

    fn finish(mut self, text: &'s str) -> Result<Tree<'s>, Offence> {
        if let Some(open) = self.open.last() {
            return Err((text.len(), ReadErrorKind::Unclosed(open.name.to_owned())));
        }
        self.tree.root = self.root.ok_or((text.len(), ReadErrorKind::NoRoot))?;
        self.tree.lexical.final_break = text.ends_with('\n');
        Ok(self.tree)
    }

    fn top_item(&mut self) {
        if self.top_items == 1 {
            self.tree.lexical.top_break = Some(self.top_break);
        }
        self.top_items += 1;
        self.top_break = false;
    }

    fn characters(&mut self, raw: &'s str) -> Result<(), Offence> {
        if self.open.is_empty() {
            if let Some(at) = raw.find(|c| !is_xml_space(c)) {
                return Err((at, ReadErrorKind::ContentOutsideRoot));
            }
            self.top_break |= raw.contains('\n');
            return Ok(());
        }
        if let Some(at) = raw.find("]]>") {
            return Err((at, ReadErrorKind::CdataEndInText));
        }
        match &mut self.text {
            None => self.text = Some(Cow::Borrowed(raw)),
            Some(text) => text.to_mut().push_str(raw),
        }
        self.check_text_length()
    }

    fn reference(&mut self, raw: &'s str) -> Result<(), Offence> {
        if self.open.is_empty() {
            return Err((0, ReadErrorKind::ContentOutsideRoot));
        }
        let c = tag::reference(raw).map_err(|kind| (0, kind))?;
        let text = self.text.get_or_insert(Cow::Borrowed(""));
        match c {
            '>' if !text.ends_with("]]") => self.tree.lexical.text_gt = true,
            '"' => self.tree.lexical.text_quot = true,
            '\'' => self.tree.lexical.text_apos = true,
            _ => {}
        }
        text.to_mut().push(c);
        self.check_text_length()
    }

    fn check_text_length(&self) -> Result<(), Offence> {
        if self.text.as_ref().is_some_and(|t| t.len() > limits::MAX_XML_VALUE_BYTES) {
            return Err((0, ReadErrorKind::ValueTooLong));
        }
        Ok(())
    }

    fn flush_text(&mut self) {
        if let Some(text) = self.text.take().filter(|t| !t.is_empty()) {
            self.push(Kind::Text(text));
        }
    }

    /// Appends a node without children and gives its index.
    fn push(&mut self, kind: Kind<'s>) -> usize {
        let index = self.tree.nodes.len();
        self.tree.nodes.push(Node { end: index + 1, kind });
        index
    }

    fn start(&mut self, raw: &'s str, empty: bool) -> Result<(), Offence> {
        if self.open.is_empty() && self.root.is_some() {
            return Err((0, ReadErrorKind::ContentOutsideRoot));
        }
        if self.open.len() >= limits::MAX_XML_DEPTH {
            return Err((0, ReadErrorKind::TooDeep));
        }
        self.elements += 1;
        if self.elements > limits::MAX_XML_ELEMENTS {
            return Err((0, ReadErrorKind::TooManyElements));
        }
        let mut attributes = std::mem::take(&mut self.raw_attributes);
        let name = tag::start_tag(raw, empty, &mut attributes, &mut self.tree.lexical)?;
        let undo = self.undo.len();
        let declarations = self.declare(&attributes)?;
        let inherited = self.open.last().is_some_and(|o| o.preserve);
        let (attributes_range, preserve) = self.resolve_attributes(&attributes, inherited)?;
        self.raw_attributes = attributes;
        let (prefix, local) = split_qname(name).unwrap_or(("", name));
        let name_binding = self.lookup(prefix, 1)?;
        let element = Element {
            name: Name { binding: name_binding, local },
            attributes: attributes_range,
            declarations,
            preserve,
        };
        let index = self.push(Kind::Element(element));
        self.root.get_or_insert(index);
        if empty {
            self.leave(undo);
        } else {
            self.open.push(Open { index, name, undo, preserve });
        }
        Ok(())
    }

    /// Takes the namespace declarations of a start tag into scope.
    fn declare(&mut self, raw: &[RawAttribute<'s>]) -> Result<std::ops::Range<usize>, Offence> {
        let first = self.tree.declarations.len();
        let mut after = 0;
        for attribute in raw {
            let prefix = match (attribute.prefix, attribute.local) {
                ("", "xmlns") => "",
                ("xmlns", local) => local,
                _ => {
                    after += 1;
                    continue;
                }
            };
            let at = attribute.offset;
            let uri = &attribute.value;
            check_declaration(prefix, uri)
                .map_err(|what| (at, ReadErrorKind::BadNamespace(what)))?;
            let binding =
                self.bind(prefix, uri.clone()).ok_or((at, ReadErrorKind::TooManyNamespaces))?;
            let twice = self.tree.declarations.get(first..).unwrap_or(&[]).iter().any(|d| {
                self.tree.bindings.get(d.binding as usize).is_some_and(|b| b.prefix == prefix)
            });
            if twice {
                return Err((at, ReadErrorKind::DuplicateAttribute(declared_name(prefix))));
            }
            self.tree.declarations.push(Declaration { binding, after });
            let before = self.scope.insert(prefix, binding);
            self.undo.push((prefix, before));
        }
        Ok(first..self.tree.declarations.len())
    }

    /// The index of a (prefix, URI) pair, known or new; none when there are too many.
    fn bind(&mut self, prefix: &'s str, uri: Cow<'s, str>) -> Option<u32> {
        let bindings = &mut self.tree.bindings;
        let index = bindings.iter().position(|b| b.prefix == prefix && b.uri == uri);
        let index = match index {
            Some(index) => index,
            None if bindings.len() > limits::MAX_XML_NAMESPACES => return None,
            None => {
                bindings.push(Binding { prefix, uri });
                bindings.len() - 1
            }
        };
        u32::try_from(index).ok()
    }

    fn resolve_attributes(
        &mut self,
        raw: &[RawAttribute<'s>],
        inherited: bool,
    ) -> Result<(std::ops::Range<usize>, bool), Offence> {
        let first = self.tree.attributes.len();
        let mut preserve = inherited;
        for attribute in raw {
            if attribute.prefix == "xmlns" || (attribute.prefix, attribute.local) == ("", "xmlns") {
                continue;
            }
            let binding = match attribute.prefix {
                "" => NO_BINDING,
                prefix => self.lookup(prefix, attribute.offset)?,
            };
            if binding == XML_BINDING && attribute.local == "space" {
                preserve = match attribute.value.as_ref() {
                    "preserve" => true,
                    "default" => false,
                    _ => inherited,
                };
            }
            let name = Name { binding, local: attribute.local };
            let value = attribute.value.clone();
            self.tree.attributes.push(Attribute { name, value });
        }
        let new = self.tree.attributes.get(first..).unwrap_or(&[]);
        if let Some(index) = duplicate(&self.tree, new) {
            let offender = raw
                .iter()
                .filter(|a| a.prefix != "xmlns" && (a.prefix, a.local) != ("", "xmlns"))
                .nth(index);
            let (at, name) = offender.map_or((0, ""), |a| (a.offset, a.local));
            return Err((at, ReadErrorKind::DuplicateAttribute(name.to_owned())));
        }
        Ok((first..self.tree.attributes.len(), preserve))
    }

    /// What a prefix means here; an unbound empty prefix is "no namespace".
    fn lookup(&self, prefix: &str, offset: usize) -> Result<u32, Offence> {
        match self.scope.get(prefix) {
            Some(binding) if self.tree.uri(*binding).is_empty() => Ok(NO_BINDING),
            Some(binding) => Ok(*binding),
            None if prefix.is_empty() => Ok(NO_BINDING),
            None => Err((offset, ReadErrorKind::UnboundPrefix(prefix.chars().take(40).collect()))),
        }
    }

    fn end(&mut self, raw: &'s str) -> Result<(), Offence> {
        let name = raw.strip_prefix("</").and_then(|r| r.strip_suffix('>')).unwrap_or("");
        let name = name.trim_end_matches(is_xml_space);
        let Some(open) = self.open.pop() else {
            return Err((0, ReadErrorKind::UnexpectedEnd(name.chars().take(80).collect())));
        };
        if open.name != name {
            let expected = open.name.to_owned();
            let found = name.chars().take(80).collect();
            return Err((0, ReadErrorKind::MismatchedEnd { expected, found }));
        }
        let end = self.tree.nodes.len();
        if let Some(node) = self.tree.nodes.get_mut(open.index) {
            node.end = end;
        }
        self.leave(open.undo);
        Ok(())
    }

    /// Takes the declarations made since `mark` out of scope.
    fn leave(&mut self, mark: usize) {
        while self.undo.len() > mark {
            match self.undo.pop() {
                Some((prefix, Some(before))) => self.scope.insert(prefix, before),
                Some((prefix, None)) => self.scope.remove(prefix),
                None => return,
            };
        }
    }

    fn cdata(&mut self, raw: &'s str) -> Result<(), Offence> {
        if self.open.is_empty() {
            return Err((0, ReadErrorKind::ContentOutsideRoot));
        }
        let Some(text) = raw.strip_prefix("<![CDATA[").and_then(|r| r.strip_suffix("]]>")) else {
            return Err((0, ReadErrorKind::BadMarkup("\"<!\" starts no markup")));
        };
        if text.len() > limits::MAX_XML_VALUE_BYTES {
            return Err((0, ReadErrorKind::ValueTooLong));
        }
        self.push(Kind::CData(text));
        Ok(())
    }

    fn comment(&mut self, raw: &'s str) -> Result<(), Offence> {
        let text = raw.strip_prefix("<!--").and_then(|r| r.strip_suffix("-->"));
        let Some(text) = text else {
            return Err((0, ReadErrorKind::BadMarkup("a comment never ends")));
        };
        if let Some(at) = text.find("--") {
            return Err((4 + at, ReadErrorKind::DoubleHyphen));
        }
        if text.ends_with('-') {
            return Err((raw.len() - 4, ReadErrorKind::DoubleHyphen));
        }
        if text.len() > limits::MAX_XML_VALUE_BYTES {
            return Err((0, ReadErrorKind::ValueTooLong));
        }
        self.push(Kind::Comment(text));
        Ok(())
    }

    fn instruction(&mut self, raw: &'s str) -> Result<(), Offence> {
        let inner = raw.strip_prefix("<?").and_then(|r| r.strip_suffix("?>")).unwrap_or("");
        let (target, data) = match inner.find(is_xml_space) {
            Some(at) => inner.split_at(at),
            None => (inner, ""),
        };
        if !is_ncname(target) || target.eq_ignore_ascii_case("xml") {
            return Err((2, tag::bad_name(target)));
        }
        if data.len() > limits::MAX_XML_VALUE_BYTES {
            return Err((0, ReadErrorKind::ValueTooLong));
        }
        self.push(Kind::Pi { target, data: data.trim_start_matches(is_xml_space) });
        Ok(())
    }
}

fn declared_name(prefix: &str) -> String {
    if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") }
}

fn check_declaration(prefix: &str, uri: &str) -> Result<(), &'static str> {
    match (prefix, uri) {
        ("xml", XML_URI) => Ok(()),
        ("xml", _) | (_, XML_URI) => Err("\"xml\" and its namespace belong together"),
        ("xmlns", _) | (_, XMLNS_URI) => Err("\"xmlns\" cannot be declared"),
        (_, "") if !prefix.is_empty() => Err("a prefix needs a namespace"),
        _ if prefix.len() > limits::MAX_XML_PREFIX_BYTES => Err("the prefix is too long"),
        _ if uri.len() > limits::MAX_XML_NAME_BYTES => Err("the namespace is too long"),
        _ => Ok(()),
    }
}

/// The second of two attributes with the same expanded name.
fn duplicate(tree: &Tree<'_>, attributes: &[Attribute<'_>]) -> Option<usize> {
    let same = |a: &Attribute<'_>, b: &Attribute<'_>| {
        a.name.local == b.name.local && tree.uri(a.name.binding) == tree.uri(b.name.binding)
    };
    if attributes.len() <= 12 {
        let earlier = |i: usize| attributes.iter().take(i);
        return (1..attributes.len())
            .find(|i| attributes.get(*i).is_some_and(|a| earlier(*i).any(|b| same(a, b))));
    }
    let mut sorted: Vec<(&str, &str, usize)> = attributes
        .iter()
        .enumerate()
        .map(|(i, a)| (a.name.local, tree.uri(a.name.binding), i))
        .collect();
    sorted.sort_unstable();
    sorted.windows(2).find_map(|pair| match pair {
        [(l1, u1, _), (l2, u2, i)] if l1 == l2 && u1 == u2 => Some(*i),
        _ => None,
    })
}
