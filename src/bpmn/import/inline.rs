//! Children of regular shape that become fields (rule D11): geometry and derived lists.
//!
//! PURE. Only what the writer puts back at exactly the same place is taken; everything else stays
//! a node of its own, so nothing is lost.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::profiles::Profiles;
use super::references::References;
use super::{Layout, Source};
use crate::bpmn::geometry::is_number;
use crate::bpmn::json;
use crate::bpmn::model::{Record, Value};
use crate::bpmn::order;
use crate::bpmn::tables::{self, Vocabulary};
use crate::bpmn::xml::{Element, Kind, NO_BINDING};
use crate::limits::MAX_XML_PREFIX_BYTES;

/// What was inlined.
pub(super) struct Inlined {
    consumed: Vec<bool>,
    /// Text fields by node.
    fields: HashMap<usize, Vec<(&'static str, String)>>,
    /// Lanes and order keys by node.
    lanes: HashMap<usize, Vec<(usize, String)>>,
    geo: Geo,
}

/// The tags that inlined geometry has in this text.
#[derive(Default)]
struct Geo {
    bounds: Option<String>,
    waypoint: Option<String>,
    waypoint_type: Option<String>,
    label: Option<String>,
}

impl Inlined {
    pub(super) fn find(
        source: &Source<'_, '_>,
        profiles: &Profiles,
        references: &References<'_>,
    ) -> Self {
        let inlined = Self {
            consumed: vec![false; source.tree.nodes.len()],
            fields: HashMap::new(),
            lanes: HashMap::new(),
            geo: Geo::find(source),
        };
        let mut finder = Finder { source, profiles, references, inlined };
        for index in 0..source.tree.nodes.len() {
            if source.layout(index) == Layout::Block {
                finder.geometry(index);
                finder.lists(index);
            }
        }
        finder.inlined
    }

    /// Whether a node has become a field of another.
    pub(super) fn contains(&self, index: usize) -> bool {
        self.consumed.get(index) == Some(&true)
    }

    /// Adds the inlined fields of a node to its record.
    pub(super) fn add_fields(&self, index: usize, record: &mut Record, keys: &[Option<String>]) {
        for (field, value) in self.fields.get(&index).into_iter().flatten() {
            record.set(field, value.as_str());
        }
        let mut list = Vec::new();
        for (lane, order) in self.lanes.get(&index).into_iter().flatten() {
            if let Some(Some(key)) = keys.get(*lane) {
                list.extend([key.clone(), order.clone()]);
            }
        }
        if !list.is_empty() {
            record.set("#l", Value::List(list));
        }
    }

    /// `meta.geo`.
    pub(super) fn geometry_names(&self) -> Option<String> {
        let geo = &self.geo;
        let fields = [
            ("b", &geo.bounds),
            ("w", &geo.waypoint),
            ("wx", &geo.waypoint_type),
            ("l", &geo.label),
        ];
        let fields: BTreeMap<String, Value> = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), Value::from(value.as_deref()?))))
            .collect();
        (!fields.is_empty()).then(|| json::write(&fields))
    }
}

impl Geo {
    /// The first tag of each kind, and the first attribute that a waypoint has besides x and y.
    fn find(source: &Source<'_, '_>) -> Self {
        let mut geo = Self::default();
        for index in 0..source.tree.nodes.len() {
            let Some(element) = source.tree.element(index) else { continue };
            let tag = || Some(source.aliases.tag(element.name));
            match (source.vocabulary(element), element.name.local) {
                (Vocabulary::Dc, "Bounds") if geo.bounds.is_none() => geo.bounds = tag(),
                (Vocabulary::BpmnDi, "BPMNLabel") if geo.label.is_none() => geo.label = tag(),
                (Vocabulary::Di, "waypoint") => {
                    if geo.waypoint.is_none() {
                        geo.waypoint = tag();
                    }
                    let mut others = source.tree.attributes(element).iter().filter(|a| {
                        a.name.binding != NO_BINDING || !matches!(a.name.local, "x" | "y")
                    });
                    if let (None, Some(other)) = (&geo.waypoint_type, others.next()) {
                        let name = source.aliases.tag(other.name);
                        let text = format!("{name}={}", other.value);
                        geo.waypoint_type = Some(text).filter(|t| t.len() <= MAX_XML_PREFIX_BYTES);
                    }
                }
                _ => {}
            }
        }
        geo
    }
}

struct Finder<'f, 't, 's> {
    source: &'f Source<'t, 's>,
    profiles: &'f Profiles,
    references: &'f References<'t>,
    inlined: Inlined,
}

impl<'s> Finder<'_, '_, 's> {
    fn take(&mut self, index: usize, field: &'static str, value: String) {
        self.inlined.fields.entry(index).or_default().push((field, value));
    }

    /// Marks a node and all below it as inlined.
    fn consume(&mut self, index: usize) {
        let end = self.source.tree.nodes.get(index).map_or(index, |n| n.end);
        if let Some(range) = self.inlined.consumed.get_mut(index..end) {
            range.fill(true);
        }
    }

    fn is(&self, index: usize, vocabulary: Vocabulary, local: &str) -> bool {
        self.source
            .tree
            .element(index)
            .is_some_and(|e| e.name.local == local && self.source.vocabulary(e) == vocabulary)
    }

    fn count(&self, children: &[usize], vocabulary: Vocabulary, local: &str) -> usize {
        children.iter().filter(|c| self.is(**c, vocabulary, local)).count()
    }

    /// `#b`, `#w` and `#lb`: the first children, in this order, and no others of their kind.
    fn geometry(&mut self, index: usize) {
        let source = self.source;
        let Some(element) = source.tree.element(index) else { return };
        if source.vocabulary(element) != Vocabulary::BpmnDi {
            return;
        }
        let children: Vec<usize> = source.content(index).collect();
        let mut at = 0;
        match element.name.local {
            "BPMNShape" | "BPMNLabel" => at += self.bounds_field(index, &children),
            "BPMNEdge" => at += self.waypoints_field(index, &children),
            _ => {}
        }
        if !matches!(element.name.local, "BPMNShape" | "BPMNEdge") {
            return;
        }
        let Some(label) = children.get(at).copied() else { return };
        if self.count(&children, Vocabulary::BpmnDi, "BPMNLabel") != 1 {
            return;
        }
        if let Some(value) = self.regular_label(label) {
            self.consume(label);
            self.take(index, "#lb", value);
        }
    }

    fn bounds_field(&mut self, index: usize, children: &[usize]) -> usize {
        let Some(first) = children.first().copied() else { return 0 };
        let value = self.regular_bounds(first);
        let Some(value) = value.filter(|_| self.count(children, Vocabulary::Dc, "Bounds") == 1)
        else {
            return 0;
        };
        self.consume(first);
        self.take(index, "#b", value);
        1
    }

    fn waypoints_field(&mut self, index: usize, children: &[usize]) -> usize {
        let count = self.count(children, Vocabulary::Di, "waypoint");
        let mut points = Vec::with_capacity(count);
        for child in children.iter().take(count) {
            match self.regular_waypoint(*child) {
                Some(point) => points.push(point),
                None => return 0,
            }
        }
        let typed = points.iter().filter(|(typed, _)| *typed).count();
        if points.is_empty() || (typed != 0 && typed != count) {
            return 0;
        }
        for child in children.iter().take(count) {
            self.consume(*child);
        }
        let points: Vec<String> = points.into_iter().map(|(_, point)| point).collect();
        let sign = if typed > 0 { "+" } else { "" };
        self.take(index, "#w", format!("{sign}{}", points.join(" ")));
        count
    }

    /// An element that is nothing but a name and attributes in their usual order.
    fn plain(&self, index: usize, tag: Option<&str>) -> Option<&Element<'s>> {
        let element = self.source.tree.element(index)?;
        let regular = self.source.layout(index) == Layout::Empty
            && element.declarations.is_empty()
            && self.profiles.own_order(index).is_none()
            && tag == Some(self.source.aliases.tag(element.name).as_str());
        regular.then_some(element)
    }

    fn number(&self, element: &Element<'s>, name: &str) -> Option<&str> {
        self.source.attribute(element, name).filter(|n| is_number(n))
    }

    fn regular_bounds(&self, index: usize) -> Option<String> {
        let element = self.plain(index, self.inlined.geo.bounds.as_deref())?;
        let number = |name| self.number(element, name);
        let [x, y] = [number("x")?, number("y")?];
        let [width, height] = [number("width")?, number("height")?];
        (element.attributes.len() == 4).then(|| format!("{x} {y} {width} {height}"))
    }

    /// A waypoint, and whether it carries the document's waypoint attribute.
    fn regular_waypoint(&self, index: usize) -> Option<(bool, String)> {
        let element = self.plain(index, self.inlined.geo.waypoint.as_deref())?;
        let point = format!("{},{}", self.number(element, "x")?, self.number(element, "y")?);
        let wanted = self.inlined.geo.waypoint_type.as_deref();
        match element.attributes.len() {
            2 => Some((false, point)),
            3 => {
                let typed = self.source.tree.attributes(element).iter().any(|a| {
                    Some(format!("{}={}", self.source.aliases.tag(a.name), a.value).as_str())
                        == wanted
                });
                typed.then_some((true, point))
            }
            _ => None,
        }
    }

    fn regular_label(&self, index: usize) -> Option<String> {
        let source = self.source;
        let element = source.tree.element(index)?;
        let regular = element.declarations.is_empty()
            && element.attributes.is_empty()
            && self.inlined.geo.label.as_deref() == Some(&source.aliases.tag(element.name));
        match source.layout(index) {
            _ if !regular => None,
            Layout::Empty => Some(String::new()),
            Layout::Block => {
                let children: Vec<usize> = source.content(index).collect();
                match children.as_slice() {
                    [bounds] => self.regular_bounds(*bounds),
                    _ => None,
                }
            }
            Layout::TextOnly | Layout::Mixed => None,
        }
    }

    /// `#i`, `#u` and `#l`: lists that stand right behind the leading children.
    fn lists(&mut self, index: usize) {
        let source = self.source;
        let Some(element) = source.tree.element(index) else { return };
        let lane = element.name.local == "lane";
        if source.vocabulary(element) != Vocabulary::Bpmn
            || !(lane || tables::is_a(element.name.local, "FlowNode"))
        {
            return;
        }
        let children: Vec<usize> = source.content(index).collect();
        let leads = |c: &&usize| {
            source.tree.element(**c).is_some_and(|e| {
                source.vocabulary(e) == Vocabulary::Bpmn
                    && tables::stands_before_lists(e.name.local, lane)
            })
        };
        let start = children.iter().take_while(leads).count();
        let rest = children.get(start..).unwrap_or(&[]);
        let names: &[&str] = if lane { &["flowNodeRef"] } else { &["incoming", "outgoing"] };
        let count = |name: &&str| self.count(&children, Vocabulary::Bpmn, name);
        let counts: Vec<usize> = names.iter().map(count).collect();
        // Behind the lists must not come what the writer would then put before them.
        if rest.get(counts.iter().sum::<usize>()).is_some_and(|next| leads(&next)) {
            return;
        }
        match counts.as_slice() {
            [members] => self.lane_list(index, element, rest.get(..*members)),
            [incoming, outgoing] => self.flow_lists(index, element, rest, *incoming, *outgoing),
            _ => {}
        }
    }

    fn lane_list(&mut self, lane: usize, element: &Element<'s>, members: Option<&[usize]>) {
        let Some(targets) = self.entries(element, members, "flowNodeRef") else { return };
        for (i, (entry, target)) in targets.into_iter().enumerate() {
            self.consume(entry);
            self.inlined.lanes.entry(target).or_default().push((lane, order::nth(i)));
        }
    }

    fn flow_lists(
        &mut self,
        node: usize,
        element: &Element<'s>,
        rest: &[usize],
        incoming: usize,
        outgoing: usize,
    ) {
        let first = self.entries(element, rest.get(..incoming), "incoming");
        let second = self.entries(element, rest.get(incoming..incoming + outgoing), "outgoing");
        let (Some(first), Some(second)) = (first, second) else { return };
        let confirmed = first.iter().all(|(_, flow)| self.ends_at(*flow, "targetRef", node))
            && second.iter().all(|(_, flow)| self.ends_at(*flow, "sourceRef", node));
        if !confirmed {
            return;
        }
        for (field, list) in [("#i", first), ("#u", second)] {
            for (i, (entry, flow)) in list.into_iter().enumerate() {
                self.consume(entry);
                self.take(flow, field, order::nth(i));
            }
        }
    }

    /// The entries of a list and their targets, if each is a bare reference to another element.
    fn entries(
        &self,
        holder: &Element<'s>,
        entries: Option<&[usize]>,
        local: &str,
    ) -> Option<Vec<(usize, usize)>> {
        let mut seen = HashSet::new();
        let mut targets = Vec::new();
        for entry in entries? {
            let element = self.source.tree.element(*entry)?;
            let regular = element.name.local == local
                && element.name.binding == holder.name.binding
                && element.attributes.is_empty()
                && element.declarations.is_empty()
                && self.source.layout(*entry) == Layout::TextOnly;
            let text = match self.source.tree.children(*entry).next().map(|(_, n)| &n.kind) {
                Some(Kind::Text(text)) if regular => text,
                _ => return None,
            };
            let reference = self.references.find(self.source, *entry, "#x", text)?;
            let bare = reference.before.is_empty() && reference.behind.is_empty();
            if !bare || !seen.insert(reference.target) {
                return None;
            }
            targets.push((*entry, reference.target));
        }
        Some(targets)
    }

    fn ends_at(&self, flow: usize, end: &str, node: usize) -> bool {
        let Some(element) = self.source.tree.element(flow) else { return false };
        let value = self.source.attribute(element, end);
        self.is(flow, Vocabulary::Bpmn, "sequenceFlow")
            && value
                .and_then(|v| self.references.find(self.source, flow, end, v))
                .is_some_and(|r| r.target == node)
    }
}
