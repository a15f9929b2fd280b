//! Points and areas of the drawing: numbers of the diagram that can be drawn, and nothing else.
//!
//! PURE. A number that is none, not finite or out of reach gives no point: what stands there is left out.

use std::fmt;

use crate::bpmn::geometry::is_number;
use crate::limits::PICTURE_REACH;

/// A point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// A rectangle with a size above zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A number as it stands in the SVG: at most one decimal, which no eye misses.
#[derive(Debug, Clone, Copy)]
pub(super) struct N(pub(super) f64);

impl fmt::Display for N {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0 * 10.0).round();
        if tenths == 0.0 {
            return f.write_str("0");
        }
        if tenths % 10.0 == 0.0 {
            return write!(f, "{:.0}", tenths / 10.0);
        }
        write!(f, "{:.1}", tenths / 10.0)
    }
}

/// A coordinate as the author wrote it.
fn coordinate(text: &str) -> Option<f64> {
    let number: f64 = is_number(text).then(|| text.parse().ok())??;
    (number.is_finite() && number.abs() <= PICTURE_REACH).then_some(number)
}

impl Point {
    pub(super) fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    pub(super) fn parse(x: &str, y: &str) -> Option<Self> {
        Some(Self { x: coordinate(x)?, y: coordinate(y)? })
    }

    pub(super) fn distance(self, other: Self) -> f64 {
        (other.x - self.x).hypot(other.y - self.y)
    }

    /// The point that many units from here on the way to another.
    pub(super) fn towards(self, other: Self, units: f64) -> Self {
        let distance = self.distance(other);
        if distance == 0.0 {
            return self;
        }
        let share = units / distance;
        Self::new(self.x + (other.x - self.x) * share, self.y + (other.y - self.y) * share)
    }

    pub(super) fn between(self, other: Self) -> Self {
        Self::new(f64::midpoint(self.x, other.x), f64::midpoint(self.y, other.y))
    }
}

impl Area {
    pub(super) fn new(x: f64, y: f64, width: f64, height: f64) -> Self {
        Self { x, y, width, height }
    }

    /// `[x, y, width, height]`, if that is something to see.
    pub(super) fn parse([x, y, width, height]: [&str; 4]) -> Option<Self> {
        let area =
            Self::new(coordinate(x)?, coordinate(y)?, coordinate(width)?, coordinate(height)?);
        (area.width > 0.0 && area.height > 0.0).then_some(area)
    }

    pub(super) fn around(centre: Point, width: f64, height: f64) -> Self {
        Self::new(centre.x - width / 2.0, centre.y - height / 2.0, width, height)
    }

    pub(super) fn right(self) -> f64 {
        self.x + self.width
    }

    pub(super) fn bottom(self) -> f64 {
        self.y + self.height
    }

    pub(super) fn centre(self) -> Point {
        Point::new(self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// The shorter side.
    pub(super) fn side(self) -> f64 {
        self.width.min(self.height)
    }

    /// Smaller by that much at each side, larger if below zero; never smaller than nothing.
    pub(super) fn inset(self, by: f64) -> Self {
        Self::around(
            self.centre(),
            (self.width - 2.0 * by).max(0.0),
            (self.height - 2.0 * by).max(0.0),
        )
    }

    /// The least area around both.
    pub(super) fn union(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self::new(x, y, self.right().max(other.right()) - x, self.bottom().max(other.bottom()) - y)
    }

    /// The least area around some points.
    pub(super) fn of(points: &[Point]) -> Option<Self> {
        let spot = |p: &Point| Self::new(p.x, p.y, 0.0, 0.0);
        points.iter().map(spot).reduce(Self::union)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_place_on_a_canvas_is_none() {
        for bad in ["NaN", "1e300", "-", "", "1.2.3", "inf", "1e9", "+1"] {
            assert_eq!(Area::parse([bad, "0", "10", "10"]), None, "{bad}");
            assert_eq!(Point::parse("0", bad), None, "{bad}");
        }
        for size in ["0", "-10", "-0", "1e-400"] {
            assert_eq!(Area::parse(["0", "0", size, "10"]), None, "{size}");
        }
        assert_eq!(
            Area::parse(["1", "-2.5", "1e2", "80"]),
            Some(Area::new(1.0, -2.5, 100.0, 80.0))
        );
    }

    #[test]
    fn numbers_are_short() {
        let text = |n| N(n).to_string();
        assert_eq!(text(12.0), "12");
        assert_eq!(text(-0.04), "0");
        assert_eq!(text(1.25), "1.3");
        assert_eq!(text(99.96), "100");
        assert_eq!(text(-7.5), "-7.5");
    }
}
