//! A scene as SVG: its frame, its order, its bounds.
//!
//! PURE. What would pass the most bytes is left out as a whole element, never cut in the middle.

use std::collections::HashSet;

use super::area::{Area, N, Point};
use super::kinds::Form;
use super::label::{self, Block};
use super::pen::{Fill, Outline, Paint, Pen};
use super::scene::{Edge, Scene, Shape};
use super::{Mark, Options, activity, data, edge, event, gateway, pool, theme};
use crate::limits::THUMBNAIL_SIZE;

/// Around everything.
const MARGIN: f64 = 12.0;
/// Text below this many pixels is no text any more.
const LEGIBLE: f64 = 4.0;
/// With forms alone, no two begin within so many pixels, and no line is shorter.
const CELL: f64 = 3.0;
const END: &str = "</g></svg>";

/// How much of a scene is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    All,
    /// No text that would be too small to read.
    Legible,
    /// Outlines of boxes and lines, what is too small left out.
    Forms,
}

/// A picture, and whether it holds everything that it should.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) svg: String,
    pub(super) complete: bool,
}

/// Draws a scene in at most `most` bytes and the length of its head.
pub(super) fn picture(
    scene: &Scene<'_>,
    title: &str,
    options: &Options<'_>,
    detail: Detail,
    most: usize,
) -> Picture {
    let mut labels: Vec<Block> = scene.shapes.iter().filter_map(label::beside_shape).collect();
    labels.extend(scene.edges.iter().filter_map(label::beside_edge));
    let frame = frame(scene, &labels);
    let scale = if options.thumbnail { thumbnail_scale(frame) } else { 1.0 };
    let mut drawing =
        Drawing { pen: Pen::default(), most: most.saturating_sub(END.len()), full: false };
    drawing.head(frame, scale, title, options);
    if detail == Detail::Forms {
        drawing.forms(scene, frame, scale);
    } else {
        let named = detail == Detail::All || scale * theme::SIZE >= LEGIBLE;
        drawing.all(scene, options, named);
        for block in labels.iter().filter(|_| named) {
            drawing.item(|pen| block.draw(pen));
        }
    }
    drawing.pen.literal(format_args!("{END}"));
    Picture { complete: !drawing.full, svg: drawing.pen.finish() }
}

/// Everything that is drawn, and a margin.
fn frame(scene: &Scene<'_>, labels: &[Block]) -> Area {
    let shapes = scene.shapes.iter().map(|shape| shape.area);
    let edges = scene.edges.iter().filter_map(|edge| Area::of(&edge.points));
    let all = shapes.chain(edges).chain(labels.iter().map(Block::area));
    all.reduce(Area::union).unwrap_or(Area::new(0.0, 0.0, 100.0, 80.0)).inset(-MARGIN)
}

fn thumbnail_scale(frame: Area) -> f64 {
    let (width, height) = THUMBNAIL_SIZE;
    (f64::from(width) / frame.width).min(f64::from(height) / frame.height).min(1.0)
}

struct Drawing {
    pen: Pen,
    most: usize,
    full: bool,
}

impl Drawing {
    fn head(&mut self, frame: Area, scale: f64, title: &str, options: &Options<'_>) {
        // Whole units, so that the box of a picture is the size of its canvas.
        let (x, y) = (N(frame.x.floor()), N(frame.y.floor()));
        let (width, height) = (frame.width.ceil().max(1.0), frame.height.ceil().max(1.0));
        let (wide, high) = (N((width * scale).max(1.0)), N((height * scale).max(1.0)));
        let (width, height) = (N(width), N(height));
        self.pen.literal(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide}\" height=\"{high}\" \
             viewBox=\"{x} {y} {width} {height}\" role=\"img\">"
        ));
        self.pen.title(title);
        let sheet = theme::sheet(options.theme);
        self.pen.literal(format_args!(
            "<style>{sheet}</style><g class=\"d\"><rect class=\"b\" x=\"{x}\" y=\"{y}\" \
             width=\"{width}\" height=\"{height}\"/>"
        ));
    }

    /// Draws one thing, unless it would be too much; then nothing more is drawn.
    fn item(&mut self, draw: impl FnOnce(&mut Pen)) {
        if self.full {
            return;
        }
        let before = self.pen.bytes();
        draw(&mut self.pen);
        if self.pen.bytes() > self.most {
            self.pen.back_to(before);
            self.full = true;
        }
    }

    fn all(&mut self, scene: &Scene<'_>, options: &Options<'_>, named: bool) {
        let mark = |key| options.marks.and_then(|marks| marks.get(key)).copied();
        for shape in &scene.shapes {
            self.item(|pen| draw_shape(pen, shape, mark(shape.key), named));
        }
        for edge in &scene.edges {
            self.item(|pen| draw_edge(pen, edge, mark(edge.key)));
        }
    }

    /// Boxes and lines in the pixels of the picture.
    fn forms(&mut self, scene: &Scene<'_>, frame: Area, scale: f64) {
        let pixel = |p: Point| Point::new((p.x * scale).round(), (p.y * scale).round());
        // Half of what is left for lines, so that boxes come to show whatever lines there are.
        let half = self.pen.bytes() + (self.most.saturating_sub(self.pen.bytes())) / 2;
        let mut outline = Outline::default();
        for edge in &scene.edges {
            let mut points: Vec<Point> = edge.points.iter().copied().map(pixel).collect();
            points.dedup();
            let length = Area::of(&points).map_or(0.0, |area| area.width.max(area.height));
            if length >= CELL && self.pen.bytes() + outline.bytes() < half {
                outline = outline.add(&Outline::through(&points));
            }
        }
        let up = 1.0 / scale;
        self.pen.literal(format_args!("<g transform=\"scale({up:.4})\" stroke-width=\".7\">"));
        self.pen.path(&outline, Paint { fill: Fill::None, ..Paint::default() });
        let mut taken = HashSet::new();
        let mut boxes = Outline::default();
        let room = self.most.saturating_sub(self.pen.bytes() + "</g>".len() + 100);
        for shape in &scene.shapes {
            let area = shape.area;
            let corner = pixel(Point::new(area.x, area.y));
            let far = pixel(Point::new(area.right(), area.bottom()));
            let cell = |v: f64, from: f64| N(((v - from * scale) / CELL).floor()).to_string();
            let place = (cell(corner.x, frame.x), cell(corner.y, frame.y));
            if far.x > corner.x
                && far.y > corner.y
                && boxes.bytes() + 64 < room
                && taken.insert(place)
            {
                boxes = boxes.rect(corner, far);
            }
        }
        self.pen.path(&boxes, Paint { fill: Fill::None, ..Paint::default() });
        self.pen.literal(format_args!("</g>"));
    }
}

fn draw_shape(pen: &mut Pen, shape: &Shape<'_>, mark: Option<Mark>, named: bool) {
    let area = shape.area;
    if let Some(mark) = mark {
        pen.literal(format_args!("<g class=\"e\" style=\"stroke:{}\">", theme::mark(mark)));
        pen.rect(area.inset(-3.0), 8.0, Paint::default());
        pen.literal(format_args!("</g>"));
    }
    pen.open(shape.colours);
    match &shape.form {
        Form::Activity(activity) => activity::draw(pen, activity, area),
        Form::Event(event) => event::draw(pen, *event, area),
        Form::Gateway(gateway) => gateway::draw(pen, *gateway, area),
        Form::Data { role, collection } => data::sheet(pen, *role, *collection, area),
        Form::Store => data::store(pen, area),
        Form::Annotation => data::annotation(pen, area),
        Form::Group => data::group(pen, area),
        Form::Message { filled } => data::message(pen, *filled, area),
        Form::Pool { upright, header, multiple } => {
            pool::pool(pen, *upright, *header, *multiple, area);
        }
        Form::Lane { .. } => pool::lane(pen, shape.colours.fill.is_some(), area),
        Form::Band { filled, multiple } => pool::band(pen, *filled, *multiple, area),
        Form::Conversation { bold, collapsed } => data::conversation(pen, *bold, *collapsed, area),
        Form::Other => pen.rect(area, 0.0, Paint::default()),
    }
    if named && let Some(block) = label::within(shape) {
        block.draw(pen);
    }
    pen.close();
}

fn draw_edge(pen: &mut Pen, edge: &Edge<'_>, mark: Option<Mark>) {
    if let Some(mark) = mark {
        pen.literal(format_args!("<g class=\"e\" style=\"stroke:{}\">", theme::mark(mark)));
        pen.path(&edge::rounded(&edge.points), Paint::default());
        pen.literal(format_args!("</g>"));
    }
    pen.open(edge.colours);
    edge::draw(pen, edge);
    pen.close();
}
