//! Writing the XML: rules N9 (namespaces in scope) and N10 (canonical bytes).
//!
//! PURE. Iterative: open elements wait on a stack of work.

use std::collections::HashMap;

use super::Rules;
use super::attributes::{self, Attribute, Profiles};
use super::content::{self, Item};
use super::diagram::Rehomed;
use super::graph::{Graph, Id, Kind, Node, Tag};
use super::ids::{Lists, NewIds};
use super::names::{AliasId, Names};
use super::scope::Scope;
use super::shapes::{Geo, Shapes};
use super::style::Style;
use crate::bpmn::model::Records;
use crate::bpmn::xml::{only_space, split_qname};
use crate::limits::MAX_INDENT_LEVELS;

/// What the rules decided besides dropping nodes.
pub(super) struct Views<'r> {
    pub(super) rehomed: Rehomed,
    pub(super) new_ids: NewIds,
    pub(super) lists: Lists<'r>,
}

/// Everything that does not change while writing.
pub(super) struct Context<'a> {
    pub(super) records: &'a Records,
    pub(super) rules: &'a Rules,
    pub(super) graph: &'a Graph<'a>,
    pub(super) views: &'a Views<'a>,
    pub(super) style: Style,
}

impl<'a> Context<'a> {
    /// The id that an element shows.
    pub(super) fn shown_id(&self, id: Id) -> Option<&'a str> {
        let new = self.views.new_ids.get(&id).map(String::as_str);
        new.or_else(|| self.graph.xml_id(id))
    }

    /// A `[key, before, after]` reference as text; none if it is lost.
    pub(super) fn reference(&self, from: Id, field: &str, list: &[String]) -> Option<String> {
        let id = match self.graph.target(from, field, list) {
            Some(target) => self.shown_id(target)?,
            None if self.rules.n4 => return None,
            None => list.first()?.as_str(),
        };
        let before = list.get(1).map(String::as_str).filter(|p| is_reference_prefix(p));
        let after = list.get(2).map(String::as_str).filter(|s| only_space(s));
        Some([before.unwrap_or(""), id, after.unwrap_or("")].concat())
    }
}

/// White space, then nothing or a `QName` prefix with its colon.
fn is_reference_prefix(text: &str) -> bool {
    let name = text.trim_start_matches([' ', '\t', '\n', '\r']);
    name.is_empty()
        || name.strip_suffix(':').is_some_and(|p| split_qname(p).is_some_and(|(q, _)| q.is_empty()))
}

/// Writes a repaired graph.
pub(super) fn write<'a>(
    records: &'a Records,
    rules: &'a Rules,
    graph: &'a Graph<'a>,
    geo: &'a Geo,
    mut names: Names<'a>,
    views: &'a Views<'a>,
) -> String {
    let context = Context { records, rules, graph, views, style: Style::of(records) };
    let capacity = records.nodes.len().saturating_mul(160);
    let mut writer = Writer {
        context: &context,
        shapes: Shapes::of(records, geo, &mut names),
        names,
        out: String::with_capacity(capacity),
        scope: Scope::new(),
        profiles: Profiles::default(),
        stand_ins: HashMap::new(),
        work: Vec::new(),
        root_declarations_end: None,
    };
    writer.document();
    writer.out
}

/// Work that waits.
enum Work<'a> {
    Item { item: Item<'a>, depth: usize, block: bool, preserve: bool },
    Close { name: (u32, &'a str), depth: usize, block: bool, mark: usize },
}

/// The writer's state.
pub(super) struct Writer<'c, 'a> {
    pub(super) context: &'c Context<'a>,
    pub(super) names: Names<'a>,
    pub(super) out: String,
    pub(super) scope: Scope,
    /// Prefixes made up where an alias's own prefix is taken.
    pub(super) stand_ins: HashMap<AliasId, u32>,
    /// Where declarations that turn out to be needed are put into the root tag.
    pub(super) root_declarations_end: Option<usize>,
    profiles: Profiles<'a>,
    shapes: Shapes<'a>,
    work: Vec<Work<'a>>,
}

impl<'a> Writer<'_, 'a> {
    fn document(&mut self) {
        let context = self.context;
        if context.graph.top.is_empty() {
            return;
        }
        let style = &context.style;
        let mut first = style.declaration.is_empty();
        self.out.push_str(&style.declaration);
        for id in &context.graph.top {
            if !first && style.top_break {
                self.out.push_str(style.eol);
            }
            first = false;
            self.work.push(Work::Item {
                item: Item::Node(*id),
                depth: 0,
                block: false,
                preserve: false,
            });
            self.run();
        }
        if !first && style.final_break {
            self.out.push_str(style.eol);
        }
        self.declare_used_at_root();
    }

    fn run(&mut self) {
        while let Some(work) = self.work.pop() {
            match work {
                Work::Item { item, depth, block, preserve } => {
                    if block {
                        self.line(depth);
                    }
                    self.item(item, depth, preserve);
                }
                Work::Close { name, depth, block, mark } => {
                    if block {
                        self.line(depth);
                    }
                    self.close_tag(name, mark);
                }
            }
        }
    }

    fn line(&mut self, depth: usize) {
        let style = &self.context.style;
        if !style.flat {
            self.out.push_str(style.eol);
            for _ in 0..depth.min(MAX_INDENT_LEVELS) {
                self.out.push_str(&style.indent);
            }
        }
    }

    fn item(&mut self, item: Item<'a>, depth: usize, preserve: bool) {
        match item {
            Item::Node(id) => self.node(id, depth, preserve),
            Item::Text(text, true) => self.context.style.cdata(&mut self.out, &text),
            Item::Text(text, false) => self.text(&text),
            Item::Entry(list, alias, target) => {
                let mark = self.scope.mark();
                let name = self.open_tag((alias, list.local()), mark, &[]);
                self.out.push('>');
                self.text(self.context.shown_id(target).unwrap_or(""));
                self.close_tag(name, mark);
            }
            Item::Bounds(bounds) => {
                let attributes = self.shapes.bounds(bounds);
                self.leaf(self.shapes.bounds_name, &attributes);
            }
            Item::Waypoint(typed, x, y) => {
                let attributes = self.shapes.waypoint(typed, x, y);
                self.leaf(self.shapes.waypoint_name, &attributes);
            }
            Item::Label(None) => self.leaf(self.shapes.label_name, &[]),
            Item::Label(Some(bounds)) => {
                let mark = self.scope.mark();
                let name = self.open_tag(self.shapes.label_name, mark, &[]);
                self.out.push('>');
                let block = !preserve;
                self.work.push(Work::Close { name, depth, block, mark });
                let item = Item::Bounds(bounds);
                self.work.push(Work::Item { item, depth: depth + 1, block, preserve });
            }
        }
    }

    /// An element without content.
    fn leaf(&mut self, name: (AliasId, &'a str), attributes: &[Attribute<'a>]) {
        let mark = self.scope.mark();
        self.open_tag(name, mark, attributes);
        self.out.push_str(self.context.style.empty_end);
        self.scope.release(mark);
    }

    fn node(&mut self, id: Id, depth: usize, preserve: bool) {
        let context = self.context;
        let (Some(node), Some(tag)) = (context.graph.node(id), context.graph.tag(id)) else {
            return;
        };
        let text = node.record.text("#x").unwrap_or("");
        let style = &context.style;
        match tag.kind {
            Kind::Text => self.text(text),
            Kind::CData => style.cdata(&mut self.out, text),
            Kind::Comment => style.comment(&mut self.out, text),
            Kind::Instruction => {
                let target = node.record.text("#pn").unwrap_or("");
                style.instruction(&mut self.out, target, text);
            }
            Kind::Element => self.element(id, node, tag, depth, preserve),
        }
    }

    fn text(&mut self, text: &str) {
        if self.context.rules.n10 {
            self.context.style.text(&mut self.out, text);
        } else {
            self.out.push_str(text);
        }
    }

    fn element(
        &mut self,
        id: Id,
        node: &'a Node<'a>,
        tag: &'a Tag<'a>,
        depth: usize,
        inherited: bool,
    ) {
        let context = self.context;
        let own_order = node.record.text("#o").map(attributes::parse_order);
        let order = match &own_order {
            Some(order) => order.as_slice(),
            None => self.profiles.of(context, tag.name),
        };
        let attributes = attributes::collect(context, &mut self.names, id, node, tag, order);
        let preserve = match node.record.text("xml:space") {
            Some("preserve") => true,
            Some("default") => false,
            _ => inherited,
        };
        let mark = self.scope.mark();
        let name = if id == context.graph.root {
            self.open_root_tag((tag.alias, tag.local), mark, &attributes)
        } else {
            self.declare(node.record.text("#n").unwrap_or("").split(' '), tag.alias, mark);
            self.open_tag((tag.alias, tag.local), mark, &attributes)
        };
        let content = content::collect(context, id, depth, preserve);
        if content.items.is_empty() {
            self.out.push_str(context.style.empty_end);
            self.scope.release(mark);
            return;
        }
        self.out.push('>');
        let block = content.block;
        self.work.push(Work::Close { name, depth, block, mark });
        for item in content.items.into_iter().rev() {
            self.work.push(Work::Item { item, depth: depth + 1, block, preserve });
        }
    }
}
