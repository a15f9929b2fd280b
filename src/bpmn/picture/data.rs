//! What is neither flow nor container: data, stores, annotations, groups, messages, conversations.
//!
//! PURE. Draws into the pen; decides nothing about the model.

use super::activity::{LINE, SOLID, THIN};
use super::area::{Area, Point};
use super::kinds::DataRole;
use super::pen::{Fill, Outline, Paint, Pen};

pub(super) fn sheet(pen: &mut Pen, role: DataRole, collection: bool, area: Area) {
    let (right, bottom) = (area.right(), area.bottom());
    let fold = area.side() * 0.28;
    let page = Outline::default()
        .start(area.x, area.y)
        .line(right - fold, area.y)
        .line(right, area.y + fold)
        .line(right, bottom)
        .line(area.x, bottom)
        .close();
    pen.path(&page, Paint::default());
    let corner = [
        Point::new(right - fold, area.y),
        Point::new(right - fold, area.y + fold),
        Point::new(right, area.y + fold),
    ];
    pen.path(&Outline::through(&corner), Paint { fill: Fill::None, ..Paint::default() });
    let arrow = "M0 3.5H7V0L13 5.5L7 11V7.5H0z";
    let place = Point::new(area.x + 4.0, area.y + 4.0);
    match role {
        DataRole::Object => {}
        DataRole::Input => pen.stamp(arrow, place, 1.0, THIN),
        DataRole::Output => pen.stamp(arrow, place, 1.0, SOLID),
    }
    if collection {
        let place = Point::new(area.centre().x, bottom - 12.0);
        pen.stamp("M-4 0V9M0 0V9M4 0V9", place, 1.0, Paint { width: 2.0, ..LINE });
    }
}

pub(super) fn store(pen: &mut Pen, area: Area) {
    let lid = (area.height * 0.14).min(area.width / 4.0);
    let radii = (area.width / 2.0, lid);
    let (top, bottom, right) = (area.y + lid, area.bottom() - lid, area.right());
    let drum = Outline::default()
        .start(area.x, top)
        .half(radii, true, right, top)
        .line(right, bottom)
        .half(radii, true, area.x, bottom)
        .close();
    pen.path(&drum, Paint::default());
    let mut rings = Outline::default();
    for down in [0.0, lid * 0.7, lid * 1.4] {
        rings = rings.start(area.x, top + down).half(radii, false, right, top + down);
    }
    pen.path(&rings, Paint { fill: Fill::None, width: 1.5, dash: None });
}

pub(super) fn annotation(pen: &mut Pen, area: Area) {
    pen.rect(area, 0.0, Paint { fill: Fill::Bare, ..Paint::default() });
    let lip = area.x + 10.0_f64.min(area.width);
    let bracket = [
        Point::new(lip, area.y),
        Point::new(area.x, area.y),
        Point::new(area.x, area.bottom()),
        Point::new(lip, area.bottom()),
    ];
    pen.path(&Outline::through(&bracket), Paint { fill: Fill::None, ..Paint::default() });
}

pub(super) fn group(pen: &mut Pen, area: Area) {
    let line = Paint { fill: Fill::None, width: 1.5, dash: Some("8 5 0 5") };
    pen.rect(area, 10.0_f64.min(area.side() / 4.0), line);
}

/// An envelope; filled if somebody else sends it.
pub(super) fn message(pen: &mut Pen, filled: bool, area: Area) {
    let paint = Paint { width: 1.5, ..Paint::default() };
    let fill = if filled { Fill::Shade } else { Fill::Paper };
    pen.rect(area, 0.0, Paint { fill, ..paint });
    let flap = [
        Point::new(area.x, area.y),
        Point::new(area.centre().x, area.y + area.height * 0.6),
        Point::new(area.right(), area.y),
    ];
    pen.path(&Outline::through(&flap), Paint { fill: Fill::None, ..paint });
}

pub(super) fn conversation(pen: &mut Pen, bold: bool, collapsed: bool, area: Area) {
    let (middle, slope) = (area.centre().y, area.width / 4.0);
    let hexagon = Outline::default()
        .start(area.x, middle)
        .line(area.x + slope, area.y)
        .line(area.right() - slope, area.y)
        .line(area.right(), middle)
        .line(area.right() - slope, area.bottom())
        .line(area.x + slope, area.bottom())
        .close();
    pen.path(&hexagon, Paint { width: if bold { 4.0 } else { 2.0 }, ..Paint::default() });
    if collapsed {
        let place = Point::new(area.centre().x, area.bottom() - 12.0);
        pen.stamp("M-5 0h10v10h-10zM0 2v6M-3 5h6", place, 1.0, LINE);
    }
}
