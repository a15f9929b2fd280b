//! Flows and associations: lines with rounded corners, arrowheads and signs at their ends.
//!
//! PURE. Draws into the pen; decides nothing about the model.

use super::area::{Area, Point};
use super::data;
use super::pen::{Fill, Outline, Paint, Pen};
use super::scene::{Edge, Line};

/// Radius of the corners.
const CORNER: f64 = 5.0;
/// Length and half width of an arrowhead.
const HEAD: (f64, f64) = (10.0, 4.0);
/// Between the two lines of a conversation link.
const DOUBLE: f64 = 6.0;
const PLAIN: Paint = Paint { fill: Fill::None, width: 1.5, dash: None };

pub(super) fn draw(pen: &mut Pen, edge: &Edge<'_>) {
    let [first, second, ..] = *edge.points.as_slice() else { return };
    let [.., before, last] = *edge.points.as_slice() else { return };
    match edge.line {
        Line::Sequence { default, conditional } => {
            let mut points = edge.points.clone();
            shorten(&mut points, HEAD.0 / 2.0);
            pen.path(&rounded(&points), PLAIN);
            head(pen, before, last, Fill::Ink);
            if conditional {
                diamond(pen, first, second);
            }
            if default {
                slash(pen, first, second);
            }
        }
        Line::Message { envelope } => {
            pen.path(&rounded(&edge.points), Paint { dash: Some("8 6"), ..PLAIN });
            pen.circle(first, 3.5, Paint { fill: Fill::Paper, ..PLAIN });
            head(pen, before, last, Fill::Paper);
            if let Some(filled) = envelope {
                data::message(pen, filled, Area::around(middle(&edge.points), 24.0, 16.0));
            }
        }
        Line::Association { from, to } => {
            pen.path(&rounded(&edge.points), Paint { dash: Some("0 5"), width: 2.0, ..PLAIN });
            if from {
                open_head(pen, second, first);
            }
            if to {
                open_head(pen, before, last);
            }
        }
        Line::Data => {
            pen.path(&rounded(&edge.points), Paint { dash: Some("0 5"), width: 2.0, ..PLAIN });
            open_head(pen, before, last);
        }
        Line::Conversation => {
            let outline = rounded(&edge.points);
            pen.path(&outline, Paint { width: DOUBLE, ..PLAIN });
            pen.path(&outline, Paint { fill: Fill::Cut, width: DOUBLE - 3.0, dash: None });
        }
    }
}

/// A line through the points whose corners are round.
pub(super) fn rounded(points: &[Point]) -> Outline {
    let Some(first) = points.first() else { return Outline::default() };
    let mut outline = Outline::default().start(first.x, first.y);
    for three in points.windows(3) {
        let [from, corner, to] = *three else { continue };
        let radius = CORNER.min(from.distance(corner) / 2.0).min(corner.distance(to) / 2.0);
        let begin = corner.towards(from, radius);
        outline = outline.line(begin.x, begin.y).curve(corner, corner.towards(to, radius));
    }
    if let [_, .., last] = points {
        outline = outline.line(last.x, last.y);
    }
    outline
}

/// Takes something off the end of a line, where its arrowhead stands.
fn shorten(points: &mut [Point], by: f64) {
    if let [.., before, last] = points {
        let length = before.distance(*last);
        *last = last.towards(*before, by.min(length / 2.0));
    }
}

/// The points beside the way from one point to another: `along` units before its end.
fn sides(from: Point, tip: Point, along: f64, aside: f64) -> [Point; 2] {
    let base = tip.towards(from, along);
    let reach = tip.distance(base).max(0.01);
    let (dx, dy) = ((tip.x - base.x) / reach * aside, (tip.y - base.y) / reach * aside);
    [Point::new(base.x - dy, base.y + dx), Point::new(base.x + dy, base.y - dx)]
}

fn head(pen: &mut Pen, from: Point, tip: Point, fill: Fill) {
    let [left, right] = sides(from, tip, HEAD.0, HEAD.1);
    pen.path(
        &Outline::through(&[left, tip, right]).close(),
        Paint { fill, width: 1.5, dash: None },
    );
}

fn open_head(pen: &mut Pen, from: Point, tip: Point) {
    let [left, right] = sides(from, tip, HEAD.0 * 0.8, HEAD.1 + 1.0);
    pen.path(&Outline::through(&[left, tip, right]), PLAIN);
}

/// The sign of a conditional flow, at its start.
fn diamond(pen: &mut Pen, start: Point, next: Point) {
    let far = start.towards(next, 16.0);
    let [left, right] = sides(start, far, 8.0, 4.5);
    let sign = Outline::through(&[start, left, far, right]).close();
    pen.path(&sign, Paint { fill: Fill::Paper, ..PLAIN });
}

/// The sign of a default flow: a stroke across, near its start.
fn slash(pen: &mut Pen, start: Point, next: Point) {
    let [one, _] = sides(next, start, 12.0, 5.0);
    let [_, other] = sides(next, start, 6.0, 5.0);
    pen.path(&Outline::through(&[one, other]), PLAIN);
}

/// The point half-way along a line.
fn middle(points: &[Point]) -> Point {
    let length = |two: &[Point]| match *two {
        [from, to] => from.distance(to),
        _ => 0.0,
    };
    let mut rest = points.windows(2).map(length).sum::<f64>() / 2.0;
    for two in points.windows(2) {
        let [from, to] = *two else { continue };
        let part = from.distance(to);
        if rest <= part {
            return from.towards(to, rest);
        }
        rest -= part;
    }
    points.last().copied().unwrap_or(Point::new(0.0, 0.0))
}
