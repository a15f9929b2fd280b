//! Gateways: a diamond with a sign in it.
//!
//! PURE. Draws into the pen; decides nothing about the model.

use super::area::Area;
use super::kinds::Gateway;
use super::pen::{Fill, Outline, Paint, Pen};

/// The side that signs are made for.
const SIDE: f64 = 50.0;

pub(super) fn draw(pen: &mut Pen, gateway: Gateway, area: Area) {
    let centre = area.centre();
    let diamond = Outline::default()
        .start(centre.x, area.y)
        .line(area.right(), centre.y)
        .line(centre.x, area.bottom())
        .line(area.x, centre.y)
        .close();
    pen.path(&diamond, Paint::default());

    let scale = area.side() / SIDE;
    let bold = Paint { fill: Fill::None, width: 4.0, dash: None };
    let thin = Paint { fill: Fill::None, width: 1.2, dash: None };
    let mut rings = |radii: &[f64]| {
        for radius in radii {
            pen.circle(centre, radius * scale, thin);
        }
    };
    match gateway {
        Gateway::Exclusive { marked: false } => {}
        Gateway::Exclusive { marked: true } => {
            pen.stamp("M-6.5-7.5L6.5 7.5M6.5-7.5L-6.5 7.5", centre, scale, bold);
        }
        Gateway::Inclusive => {
            pen.circle(centre, 11.5 * scale, Paint { width: 3.0, ..thin });
        }
        Gateway::Parallel => pen.stamp("M0-11V11M-11 0H11", centre, scale, bold),
        Gateway::Complex => {
            let sign = "M0-11.5V11.5M-11.5 0H11.5M-8-8L8 8M8-8L-8 8";
            pen.stamp(sign, centre, scale, Paint { width: 3.0, ..bold });
        }
        Gateway::EventBased => {
            rings(&[15.0, 12.0]);
            pen.stamp(PENTAGON, centre, scale, thin);
        }
        Gateway::Instantiate => {
            rings(&[14.0]);
            pen.stamp(PENTAGON, centre, scale, thin);
        }
        Gateway::InstantiateParallel => {
            rings(&[14.0]);
            pen.stamp("M-2-9H2V-2H9V2H2V9H-2V2H-9V-2H-2z", centre, scale, thin);
        }
    }
}

const PENTAGON: &str = "M0-8.5L8.1-2.6L5 6.9H-5L-8.1-2.6z";
