//! Tasks, sub-processes, call activities, choreography activities: boxes with an icon and markers.
//!
//! PURE. Draws into the pen; decides nothing about the model.

use super::area::{Area, Point};
use super::kinds::{Activity, Border, Marker, TaskIcon};
use super::pen::{Fill, Paint, Pen};

/// Corner radius.
const RADIUS: f64 = 10.0;
/// Side of a marker, and its distance from the lower border.
const MARKER: f64 = 14.0;
const MARKER_GAP: f64 = 3.0;
/// A box whose shorter side is less has no room for icons.
const LEAST_SIDE: f64 = 36.0;

pub(super) fn draw(pen: &mut Pen, activity: &Activity, area: Area) {
    let radius = RADIUS.min(area.side() / 4.0);
    let plain = Paint::default();
    match activity.border {
        Border::Thin => pen.rect(area, radius, plain),
        Border::Bold => pen.rect(area, radius, Paint { width: 5.0, ..plain }),
        Border::Dotted => {
            pen.rect(area, radius, Paint { width: 2.5, dash: Some("0 6"), ..plain });
        }
        Border::Double => {
            let line = Paint { width: 1.5, ..plain };
            pen.rect(area, radius, line);
            pen.rect(area.inset(3.0), radius - 2.0, Paint { fill: Fill::None, ..line });
        }
    }
    if area.side() < LEAST_SIDE {
        return;
    }
    if let Some(icon) = activity.icon {
        stamp_all(pen, task_icon(icon), Point::new(area.x + 6.0, area.y + 6.0), 1.0);
    }
    #[expect(clippy::cast_precision_loss, reason = "six markers at most")]
    let count = activity.markers.len() as f64;
    let row = count * (MARKER + MARKER_GAP) - MARKER_GAP;
    let mut corner = Point::new(area.centre().x - row / 2.0, area.bottom() - MARKER - MARKER_GAP);
    for marker in &activity.markers {
        stamp_all(pen, marker_drawing(*marker), corner, 1.0);
        corner.x += MARKER + MARKER_GAP;
    }
}

/// One path of an icon.
pub(super) type Stroke = (&'static str, Paint);

pub(super) fn stamp_all(pen: &mut Pen, strokes: &[Stroke], at: Point, scale: f64) {
    for (drawing, paint) in strokes {
        pen.stamp(drawing, at, scale, *paint);
    }
}

pub(super) const THIN: Paint = Paint { fill: Fill::Paper, width: 1.2, dash: None };
pub(super) const LINE: Paint = Paint { fill: Fill::None, width: 1.2, dash: None };
pub(super) const SOLID: Paint = Paint { fill: Fill::Ink, width: 0.0, dash: None };
pub(super) const CUT: Paint = Paint { fill: Fill::Cut, width: 1.2, dash: None };

const ENVELOPE: &str = "M0 3h19v12.5h-19z";
const FLAP: &str = "M0 3l9.5 7.5l9.5-7.5";

/// Icons stand in a square of about 19.
fn task_icon(icon: TaskIcon) -> &'static [Stroke] {
    match icon {
        TaskIcon::User => &[
            ("M1.5 18v-3.2c0-3.4 2.9-5 7-5s7 1.6 7 5V18z", THIN),
            ("M4.3 18v-2.6M12.7 18v-2.6", LINE),
            ("M12.6 5.6a4.1 4.1 0 1 1-8.2 0a4.1 4.1 0 1 1 8.2 0z", THIN),
            ("M4.5 5C6 2.6 9 4.6 12.5 4.6C12 .4 5-.4 4.5 5z", SOLID),
        ],
        TaskIcon::Manual => &[
            (
                "M.8 8.2L5.4 3.4H11c1.9 0 1.9 2.5 0 2.5H8.2h8.6c1.9 0 1.9 2.6 0 2.6h.7c1.8 0 1.8 2.6 0 \
                 2.6h-.9c1.6 0 1.6 2.5 0 2.5h-1.1c1.4 0 1.4 2.3 0 2.3H5.6L.8 14z",
                THIN,
            ),
            ("M10.4 8.5h6.4M10.4 11.1h6.2M10.4 13.6h5.2", LINE),
        ],
        TaskIcon::Service => &[
            (
                "M12.2 5.7L14.1 6L14.1 8.4L12.2 8.7L11.8 9.6L12.9 11.2L11.2 12.9L9.6 11.8L8.7 12.2L8.4 \
                 14.1L6 14.1L5.7 12.2L4.8 11.8L3.2 12.9L1.5 11.2L2.6 9.6L2.2 8.7L0.3 8.4L0.3 6L2.2 \
                 5.7L2.6 4.8L1.5 3.2L3.2 1.5L4.8 2.6L5.7 2.2L6 0.3L8.4 0.3L8.7 2.2L9.6 2.6L11.2 \
                 1.5L12.9 3.2L11.8 4.8z",
                THIN,
            ),
            (
                "M17.2 10.7L19.1 11L19.1 13.4L17.2 13.7L16.8 14.6L17.9 16.2L16.2 17.9L14.6 16.8L13.7 \
                 17.2L13.4 19.1L11 19.1L10.7 17.2L9.8 16.8L8.2 17.9L6.5 16.2L7.6 14.6L7.2 13.7L5.3 \
                 13.4L5.3 11L7.2 10.7L7.6 9.8L6.5 8.2L8.2 6.5L9.8 7.6L10.7 7.2L11 5.3L13.4 5.3L13.7 \
                 7.2L14.6 7.6L16.2 6.5L17.9 8.2L16.8 9.8z",
                THIN,
            ),
            ("M14.6 12.2A2.4 2.4 0 1 0 9.8 12.2A2.4 2.4 0 1 0 14.6 12.2z", THIN),
        ],
        TaskIcon::Script => &[
            (
                "M5.5 1h11c-3.6 2.7-3.6 5.3-1.4 8.5s2.2 5.8-1.4 8.5h-11c3.6-2.7 3.6-5.3 1.4-8.5S1.9 3.7 5.5 1z",
                THIN,
            ),
            ("M6.2 4.8h6.4M6.6 8h6.4M8 11.2h6.4M7.4 14.4h6.4", LINE),
        ],
        TaskIcon::Send => &[(ENVELOPE, SOLID), (FLAP, CUT)],
        TaskIcon::Receive => &[(ENVELOPE, THIN), (FLAP, LINE)],
        TaskIcon::Instantiate => &[
            ("M19 9.5a9.5 9.5 0 1 1-19 0a9.5 9.5 0 1 1 19 0z", THIN),
            ("M4 6h11v7.5h-11z", THIN),
            ("M4 6l5.5 4.3l5.5-4.3", LINE),
        ],
        TaskIcon::Rule => &[
            ("M0 3h20v13h-20z", THIN),
            ("M0 3h20v4.2h-20z", SOLID),
            ("M0 7.2h20M0 11.6h20M6 7.2v8.8", LINE),
        ],
    }
}

/// Markers stand in a square of 14.
fn marker_drawing(marker: Marker) -> &'static [Stroke] {
    const BOLD: Paint = Paint { fill: Fill::None, width: 2.2, dash: None };
    const MIDDLE: Paint = Paint { fill: Fill::None, width: 1.6, dash: None };
    match marker {
        Marker::Loop => {
            &[("M5 12.4A5.6 5.6 0 1 1 9.4 12.3", MIDDLE), ("M1.8 12.9h3.6v-3.6", MIDDLE)]
        }
        Marker::Parallel => &[("M3 2v10.5M7 2v10.5M11 2v10.5", BOLD)],
        Marker::Sequential => &[("M1.8 3h10.5M1.8 7h10.5M1.8 11h10.5", BOLD)],
        Marker::Compensation => &[("M7 2v10l-6-5zM13 2v10l-6-5z", THIN)],
        Marker::Collapsed => &[("M0 0h14v14h-14z", THIN), ("M7 2.8v8.4M2.8 7h8.4", MIDDLE)],
        Marker::AdHoc => &[("M1.5 8.5c1-5 3.8-3.6 5.5-1.7s4.4 2.6 5.5-1.6", BOLD)],
    }
}
