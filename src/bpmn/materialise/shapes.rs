//! How the atomic geometry of this document is written: names and attribute order of bounds,
//! waypoints and labels (`meta.geo`).
//!
//! PURE.

use std::borrow::Cow;

use super::attributes::{self, Attribute, parse_order};
use super::names::{AliasId, NO_ALIAS, Names};
use crate::bpmn::model::Records;
use crate::bpmn::tables::{BPMNDI_URI, DC_URI, DI_URI};
use crate::limits::MAX_XML_PREFIX_BYTES;

/// Names and orders, looked up once.
pub(super) struct Shapes<'a> {
    pub(super) bounds_name: (AliasId, &'a str),
    pub(super) waypoint_name: (AliasId, &'a str),
    pub(super) label_name: (AliasId, &'a str),
    /// The attribute that typed waypoints carry.
    waypoint_type: Option<Attribute<'a>>,
    /// Positions in the order of writing.
    bounds_order: Vec<usize>,
    waypoint_order: Vec<usize>,
}

const BOUNDS: [&str; 4] = ["x", "y", "width", "height"];

impl<'a> Shapes<'a> {
    /// Reads `meta.geo`; what is missing or does not fit is `dc:Bounds`, `di:waypoint`,
    /// `bpmndi:BPMNLabel`, whatever the document's aliases for these namespaces are.
    pub(super) fn of(records: &'a Records, geo: &'a Geo, names: &mut Names<'a>) -> Self {
        let bounds_tag = geo.tag("b");
        let waypoint_tag = geo.tag("w");
        let order = |tag: Option<&'a str>, default: &'a str| {
            parse_order(tag.and_then(|t| records.ao.get(t)).map_or(default, String::as_str))
        };
        let waypoint_type = geo.tag("wx").and_then(|wx| waypoint_type(wx, names));
        let type_field = waypoint_type.as_ref().map_or("", |a| a.field);
        Self {
            bounds_name: element_name(bounds_tag, "Bounds", DC_URI, "dc", names),
            waypoint_name: element_name(waypoint_tag, "waypoint", DI_URI, "di", names),
            label_name: element_name(geo.tag("l"), "BPMNLabel", BPMNDI_URI, "bpmndi", names),
            bounds_order: positions(&order(bounds_tag, "x y width height"), &BOUNDS),
            waypoint_order: positions(&order(waypoint_tag, "x y"), &[type_field, "x", "y"]),
            waypoint_type,
        }
    }

    /// The attributes of bounds.
    pub(super) fn bounds(&self, values: [&'a str; 4]) -> Vec<Attribute<'a>> {
        let all = BOUNDS.iter().zip(values).map(|(name, value)| plain(name, value));
        ordered(&self.bounds_order, &all.map(Some).collect::<Vec<_>>())
    }

    /// The attributes of a waypoint.
    pub(super) fn waypoint(&self, typed: bool, x: &'a str, y: &'a str) -> Vec<Attribute<'a>> {
        let kind = self.waypoint_type.clone().filter(|_| typed);
        ordered(&self.waypoint_order, &[kind, Some(plain("x", x)), Some(plain("y", y))])
    }
}

/// `meta.geo`, parsed.
pub(super) struct Geo(std::collections::BTreeMap<String, String>);

impl Geo {
    pub(super) fn of(records: &Records) -> Self {
        let text = records.meta.get("geo").map_or("", String::as_str);
        Self(crate::bpmn::json::parse_strings(text))
    }

    fn tag(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

fn element_name<'a>(
    tag: Option<&'a str>,
    local: &'static str,
    uri: &str,
    alias: &'static str,
    names: &mut Names<'a>,
) -> (AliasId, &'a str) {
    let chosen = tag.and_then(|t| t.split_once(':')).filter(|(_, l)| *l == local);
    let chosen = chosen.and_then(|(alias, _)| names.alias(alias));
    let id = chosen.filter(|id| names.uri_of(*id) == uri);
    (id.unwrap_or_else(|| names.of_uri(uri, alias)), local)
}

/// `xsi:type=dc:Point` as an attribute.
fn waypoint_type<'a>(text: &'a str, names: &mut Names<'a>) -> Option<Attribute<'a>> {
    let (field, value) = text.split_once('=')?;
    if matches!(field, "x" | "y") || text.len() > MAX_XML_PREFIX_BYTES {
        return None;
    }
    let (alias, local) = attributes::name(names, field)?;
    Some(Attribute { field, alias, local, value: Cow::Borrowed(value) })
}

fn plain<'a>(name: &'static str, value: &'a str) -> Attribute<'a> {
    Attribute { field: name, alias: NO_ALIAS, local: name, value: Cow::Borrowed(value) }
}

/// Where each known name of the order stands among `names`; those it lacks come last.
fn positions(order: &[&str], names: &[&str]) -> Vec<usize> {
    let mut positions: Vec<usize> =
        order.iter().filter_map(|o| names.iter().position(|n| n == o)).collect();
    for position in 0..names.len() {
        if !positions.contains(&position) {
            positions.push(position);
        }
    }
    positions
}

fn ordered<'a>(order: &[usize], all: &[Option<Attribute<'a>>]) -> Vec<Attribute<'a>> {
    order.iter().filter_map(|position| all.get(*position).cloned().flatten()).collect()
}
