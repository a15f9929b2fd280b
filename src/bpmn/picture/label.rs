//! Names in shapes and labels beside them, broken into lines that fit.
//!
//! PURE. Places text; the pen writes it.

use super::area::{Area, Point};
use super::colour::Rgb;
use super::kinds::Form;
use super::pen::{Anchor, Pen};
use super::pool;
use super::scene::{Edge, Shape};
use super::text::{ASCENT, LINE, width, wrap};
use super::theme::{BESIDE, SIZE};
use crate::limits::PICTURE_LABEL_LINES;

/// A label beside a shape is as wide as the diagram says, but no narrower: fonts differ.
const LEAST_WIDTH: f64 = 90.0;
/// Between a border and the text in it.
const PADDING: f64 = 6.0;

/// Some lines at their place.
#[derive(Debug)]
pub(super) struct Block {
    lines: Vec<String>,
    /// The middle of the first line's upper edge, or its beginning.
    top: Point,
    anchor: Anchor,
    size: f64,
    turned: bool,
    colour: Option<Rgb>,
}

impl Block {
    fn new(lines: Vec<String>, top: Point, size: f64) -> Option<Self> {
        let anchor = Anchor::Middle;
        let block = Self { lines, top, anchor, size, turned: false, colour: None };
        (!block.lines.is_empty()).then_some(block)
    }

    /// The space it takes, if it is not turned.
    pub(super) fn area(&self) -> Area {
        let wide = self.lines.iter().map(|line| width(line)).fold(0.0, f64::max) * self.size;
        let left = match self.anchor {
            Anchor::Start => self.top.x,
            Anchor::Middle => self.top.x - wide / 2.0,
        };
        Area::new(left, self.top.y, wide, height(&self.lines, self.size))
    }

    pub(super) fn draw(&self, pen: &mut Pen) {
        let mut baseline = ASCENT * self.size;
        for line in &self.lines {
            let at = if self.turned {
                Point::new(self.top.x + baseline, self.top.y)
            } else {
                Point::new(self.top.x, self.top.y + baseline)
            };
            pen.text(line, at, self.size, self.anchor, self.turned, self.colour);
            baseline += LINE * self.size;
        }
    }
}

/// The name in a shape.
pub(super) fn within(shape: &Shape<'_>) -> Option<Block> {
    let area = shape.area;
    let mut block = match &shape.form {
        Form::Activity(activity) if activity.expanded => {
            let inner = Area { height: area.height.min(40.0), ..area };
            let top = Point::new(area.centre().x, area.y + PADDING);
            Block::new(fitting(&shape.name, inner), top, SIZE)?
        }
        Form::Activity(_) | Form::Other | Form::Band { .. } => centred(&shape.name, area)?,
        Form::Pool { header: false, .. } => centred(&shape.name, area)?,
        Form::Pool { upright, .. } | Form::Lane { upright } => {
            strip(&shape.name, pool::strip(area, *upright), *upright)?
        }
        Form::Annotation => {
            let top = Point::new(area.x + PADDING, area.y + PADDING / 2.0);
            // It may be longer than its bracket, as in editors.
            let lines = wrap(&shape.name, area.width - PADDING, SIZE, PICTURE_LABEL_LINES);
            let block = Block::new(lines, top, SIZE)?;
            Block { anchor: Anchor::Start, ..block }
        }
        Form::Event(_)
        | Form::Gateway(_)
        | Form::Data { .. }
        | Form::Store
        | Form::Group
        | Form::Message { .. }
        | Form::Conversation { .. } => return None,
    };
    block.colour = shape.colours.stroke;
    Some(block)
}

/// The label beside a shape.
pub(super) fn beside_shape(shape: &Shape<'_>) -> Option<Block> {
    let outside = matches!(
        shape.form,
        Form::Event(_)
            | Form::Gateway(_)
            | Form::Data { .. }
            | Form::Store
            | Form::Group
            | Form::Message { .. }
            | Form::Conversation { .. }
    );
    if !outside {
        return None;
    }
    let y = if shape.form == Form::Group { shape.area.y } else { shape.area.bottom() };
    let default = Point::new(shape.area.centre().x, y + 4.0);
    beside(&shape.name, shape.label, default, shape.colours.label)
}

/// The label of an edge: where the diagram says, else at the middle of its middle part.
pub(super) fn beside_edge(edge: &Edge<'_>) -> Option<Block> {
    let middle = edge.points.len() / 2;
    let (from, to) = (*edge.points.get(middle.checked_sub(1)?)?, *edge.points.get(middle)?);
    let centre = from.between(to);
    let flat = (to.x - from.x).abs() >= (to.y - from.y).abs();
    let shift = if flat { 0.0 } else { width(&edge.name).min(8.0) * BESIDE / 2.0 + PADDING };
    let above = Point::new(centre.x + shift, centre.y - LINE * BESIDE - 2.0);
    beside(&edge.name, edge.label, above, edge.colours.label)
}

fn beside(name: &str, label: Option<Area>, default: Point, colour: Option<Rgb>) -> Option<Block> {
    let wide = label.map_or(0.0, |label| label.width + PADDING).max(LEAST_WIDTH);
    let top = label.map_or(default, |label| Point::new(label.centre().x, label.y));
    let lines = wrap(name, wide, BESIDE, PICTURE_LABEL_LINES);
    Some(Block { colour, ..Block::new(lines, top, BESIDE)? })
}

fn centred(name: &str, area: Area) -> Option<Block> {
    let lines = fitting(name, area);
    let centre = area.centre();
    let top = Point::new(centre.x, centre.y - height(&lines, SIZE) / 2.0);
    Block::new(lines, top, SIZE)
}

/// The name of a pool or lane: beside what it holds it reads upwards.
fn strip(name: &str, strip: Area, upright: bool) -> Option<Block> {
    if upright {
        return centred(name, strip);
    }
    let turned = Area { width: strip.height, height: strip.width, ..strip };
    let lines = fitting(name, turned);
    let centre = strip.centre();
    let top = Point::new(centre.x - height(&lines, SIZE) / 2.0, centre.y);
    Some(Block { turned: true, ..Block::new(lines, top, SIZE)? })
}

fn fitting(name: &str, area: Area) -> Vec<String> {
    let mut room = area.height - LINE * SIZE;
    let mut lines = 1;
    while room >= LINE * SIZE && lines < PICTURE_LABEL_LINES {
        room -= LINE * SIZE;
        lines += 1;
    }
    wrap(name, area.width - 2.0 * PADDING, SIZE, lines)
}

fn height(lines: &[String], size: f64) -> f64 {
    lines.iter().map(|_| LINE * size).sum()
}
