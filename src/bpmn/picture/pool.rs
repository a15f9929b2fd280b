//! Pools, lanes and the participants of choreographies.
//!
//! PURE. Draws into the pen; decides nothing about the model.

use super::area::{Area, Point};
use super::pen::{Fill, Outline, Paint, Pen};

/// Width of the strip that holds the name.
const STRIP: f64 = 30.0;

pub(super) fn pool(pen: &mut Pen, upright: bool, header: bool, multiple: bool, area: Area) {
    let line = Paint { width: 1.5, ..Paint::default() };
    pen.rect(area, 0.0, line);
    if header {
        let (from, to) = if upright {
            let y = area.y + strip(area, upright).height;
            (Point::new(area.x, y), Point::new(area.right(), y))
        } else {
            let x = area.x + strip(area, upright).width;
            (Point::new(x, area.y), Point::new(x, area.bottom()))
        };
        pen.path(&Outline::through(&[from, to]), Paint { fill: Fill::None, ..line });
    }
    if multiple {
        parallel(pen, area);
    }
}

pub(super) fn lane(pen: &mut Pen, coloured: bool, area: Area) {
    let fill = if coloured { Fill::Paper } else { Fill::None };
    pen.rect(area, 0.0, Paint { fill, width: 1.5, dash: None });
}

pub(super) fn band(pen: &mut Pen, filled: bool, multiple: bool, area: Area) {
    let fill = if filled { Fill::Shade } else { Fill::Paper };
    pen.rect(area, 4.0_f64.min(area.side() / 4.0), Paint { fill, width: 1.5, dash: None });
    if multiple {
        parallel(pen, area);
    }
}

/// Three bars at the lower border.
fn parallel(pen: &mut Pen, area: Area) {
    let bars = Paint { fill: Fill::None, width: 2.2, dash: None };
    pen.stamp(
        "M-4 0V10M0 0V10M4 0V10",
        Point::new(area.centre().x, area.bottom() - 13.0),
        1.0,
        bars,
    );
}

/// Where the name of a pool or lane stands.
pub(super) fn strip(area: Area, upright: bool) -> Area {
    if upright {
        Area { height: STRIP.min(area.height), ..area }
    } else {
        Area { width: STRIP.min(area.width), ..area }
    }
}
