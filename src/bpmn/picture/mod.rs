//! Pictures: one plane of a diagram as a standalone SVG.
//!
//! PURE. Draws what [`materialise`](super::materialise()) would write, so a picture never shows what an
//! export would not. The same records give the same bytes. Whatever a diagram holds, the SVG is
//! well-formed, bounded, and names neither scripts nor anything outside of itself: all markup is a
//! literal of this module, and only `pen.rs` writes text of a diagram, escaped.

mod activity;
mod area;
mod colour;
mod data;
mod draw;
mod edge;
mod event;
mod gateway;
mod kinds;
mod label;
mod layout;
mod marks;
mod pen;
mod pool;
mod scene;
mod text;
mod theme;

use std::collections::BTreeMap;

pub use marks::marks;

use super::materialise::view::View;
use super::model::Records;
use crate::limits;
use draw::Detail;
use scene::Scene;

/// What to draw, and how.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// Key of the plane, or of the element whose plane it is; the first plane where it is none.
    pub plane: Option<&'a str>,
    /// Made to fit a card of a list; what would be too small to see is left out.
    pub thumbnail: bool,
    /// Colours.
    pub theme: Theme,
    /// Elements to mark, by key.
    pub marks: Option<&'a BTreeMap<String, Mark>>,
}

/// The colours of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Theme {
    /// Dark on white.
    #[default]
    Light,
    /// Light on dark.
    Dark,
    /// As the viewer prefers (`prefers-color-scheme`).
    Auto,
}

/// How an element is marked in a picture of differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It is new.
    Added,
    /// It differs.
    Changed,
    /// It is gone in the other version.
    Removed,
}

/// The picture of a diagram.
///
/// A diagram without drawing is laid out by simple rules: a row of columns, from starts to ends.
#[must_use]
pub fn svg(records: &Records, options: &Options<'_>) -> String {
    let view = View::new(records);
    let wanted = |plane| match options.plane {
        None => true,
        Some(key) => {
            let element = view.element(plane).map(|element| view.key(element));
            view.key(plane) == key || element == Some(key)
        }
    };
    let plane = view.planes().find(|plane| wanted(*plane)).or_else(|| view.planes().next());
    let mut scene = plane.map(|plane| Scene::of(&view, plane)).unwrap_or_default();
    if scene.is_empty() {
        scene = layout::scene(&view);
    }
    let title = title(records, &view);
    let draw = |detail, most| draw::picture(&scene, &title, options, detail, most);
    if !options.thumbnail {
        return draw(Detail::All, limits::PICTURE_BYTES).svg;
    }
    let picture = draw(Detail::Legible, limits::THUMBNAIL_BYTES);
    if picture.complete {
        return picture.svg;
    }
    draw(Detail::Forms, limits::THUMBNAIL_BYTES).svg
}

/// What a reader without eyes is told.
fn title(records: &Records, view: &View<'_>) -> String {
    let of_root = || view.root().and_then(|root| view.text(root, "name"));
    let title = records.meta.get("title").map(String::as_str).or_else(of_root);
    let title = text::legible(title.unwrap_or_default());
    if title.is_empty() { "BPMN diagram".to_owned() } else { title }
}

#[cfg(test)]
mod tests;
