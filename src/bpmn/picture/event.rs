//! Events: one, two or thick circles around a symbol that is outlined (catch) or filled (throw).
//!
//! PURE. Draws into the pen; decides nothing about the model.

use super::activity::{CUT, LINE, SOLID, Stroke, THIN, stamp_all};
use super::area::Area;
use super::kinds::{Event, Rim, Symbol};
use super::pen::{Fill, Paint, Pen};

/// The radius that symbols are made for.
const RADIUS: f64 = 18.0;
/// Smaller ones have no room for a symbol.
const LEAST_RADIUS: f64 = 6.0;

pub(super) fn draw(pen: &mut Pen, event: Event, area: Area) {
    let (centre, radius) = (area.centre(), area.side() / 2.0);
    let dash = event.dashed.then_some("5 4");
    match event.rim {
        Rim::Start => pen.circle(centre, radius, Paint { dash, ..Paint::default() }),
        Rim::End => pen.circle(centre, radius, Paint { width: 4.0, ..Paint::default() }),
        Rim::Intermediate => {
            let line = Paint { width: 1.5, dash, ..Paint::default() };
            pen.circle(centre, radius, line);
            let inner = (radius - 3.5).max(0.0);
            pen.circle(centre, inner, Paint { fill: Fill::None, ..line });
        }
    }
    if let Some(symbol) = event.symbol.filter(|_| radius >= LEAST_RADIUS) {
        stamp_all(pen, drawing(symbol, event.filled), centre, radius / RADIUS);
    }
}

/// Symbols stand around the origin.
fn drawing(symbol: Symbol, filled: bool) -> &'static [Stroke] {
    const LETTER: &str = "M-9-6h18v12h-18z";
    const FLAP: &str = "M-9-6l9 7l9-7";
    match (symbol, filled) {
        (Symbol::Message, true) => &[(LETTER, SOLID), (FLAP, CUT)],
        (Symbol::Message, false) => &[(LETTER, THIN), (FLAP, LINE)],
        (Symbol::Timer, _) => &[
            ("M10.5 0A10.5 10.5 0 1 1-10.5 0A10.5 10.5 0 1 1 10.5 0z", THIN),
            (
                "M0-10V-8M5-8.7L4-6.9M8.7-5L6.9-4M10 0H8M8.7 5L6.9 4M5 8.7L4 6.9M0 10V8M-5 8.7L-4 \
                 6.9M-8.7 5L-6.9 4M-10 0H-8M-8.7-5L-6.9-4M-5-8.7L-4-6.9M1.5-7L0 0L4.5 1",
                LINE,
            ),
        ],
        (Symbol::Error, true) => &[(BOLT, SOLID)],
        (Symbol::Error, false) => &[(BOLT, LINE)],
        (Symbol::Signal, true) => &[(TRIANGLE, SOLID)],
        (Symbol::Signal, false) => &[(TRIANGLE, LINE)],
        (Symbol::Escalation, true) => &[(ARROWHEAD, SOLID)],
        (Symbol::Escalation, false) => &[(ARROWHEAD, LINE)],
        (Symbol::Conditional, _) => {
            &[("M-7-9h14v18h-14z", THIN), ("M-4.5-6h9M-4.5-2h9M-4.5 2h9M-4.5 6h9", LINE)]
        }
        (Symbol::Link, true) => &[(ARROW, SOLID)],
        (Symbol::Link, false) => &[(ARROW, LINE)],
        (Symbol::Compensation, true) => &[(REWIND, SOLID)],
        (Symbol::Compensation, false) => &[(REWIND, LINE)],
        (Symbol::Cancel, true) => &[(CROSS, SOLID)],
        (Symbol::Cancel, false) => &[(CROSS, LINE)],
        (Symbol::Terminate, _) => &[("M11 0A11 11 0 1 1-11 0A11 11 0 1 1 11 0z", SOLID)],
        (Symbol::Multiple, true) => &[(PENTAGON, SOLID)],
        (Symbol::Multiple, false) => &[(PENTAGON, LINE)],
        (Symbol::ParallelMultiple, true) => &[(PLUS, SOLID)],
        (Symbol::ParallelMultiple, false) => &[(PLUS, LINE)],
    }
}

const BOLT: &str = "M-8.5 8.5L-4-8.5L3 1.5L8.5-8.5L4.5 8.5L-2.7-1.5z";
const TRIANGLE: &str = "M0-9.5L9 6.5H-9z";
const ARROWHEAD: &str = "M0-9.5L7 9L0 2.5L-7 9z";
const ARROW: &str = "M-9.5-3.5H1.5V-8L10 0L1.5 8V3.5H-9.5z";
const REWIND: &str = "M-.5-7V7L-9.5 0zM8.5-7V7L-.5 0z";
const CROSS: &str = "M-8.5-5.7L-5.7-8.5L0-2.8L5.7-8.5L8.5-5.7L2.8 0L8.5 5.7L5.7 8.5L0 2.8L-5.7 8.5L-8.5 \
                     5.7L-2.8 0z";
const PENTAGON: &str = "M0-10L9.5-3.1L5.9 8.1H-5.9L-9.5-3.1z";
const PLUS: &str = "M-2.5-9.5H2.5V-2.5H9.5V2.5H2.5V9.5H-2.5V2.5H-9.5V-2.5H-2.5z";
