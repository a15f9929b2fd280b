//! The writer of SVG: the only place where text of a diagram meets markup.
//!
//! PURE. Numbers are written by [`N`], text is escaped, everything else is a literal of this program.

use std::fmt::{self, Write as _};

use super::area::{Area, N, Point};
use super::colour::{Colours, Rgb};

/// How an outline is painted. What it does not say comes from the group around it: paper inside,
/// ink of 2 outside.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Paint {
    pub(super) fill: Fill,
    /// Width of the line; zero is as around it.
    pub(super) width: f64,
    pub(super) dash: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Fill {
    /// As the group says.
    #[default]
    Paper,
    None,
    /// In the colour of lines, without a line of its own.
    Ink,
    /// Nothing inside; the line in the colour of paper, on ink.
    Cut,
    /// A shade of grey.
    Shade,
    /// Nothing, unless the diagram says so; no line.
    Bare,
}

/// Where a line of text begins, ends or has its middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
}

/// SVG in the making.
#[derive(Debug, Default)]
pub(super) struct Pen {
    out: String,
    colours: Colours,
}

/// An outline of straight lines, curves and arcs.
#[derive(Debug, Default)]
pub(super) struct Outline(String);

impl Outline {
    pub(super) fn start(mut self, x: f64, y: f64) -> Self {
        write(&mut self.0, format_args!("M{} {}", N(x), N(y)));
        self
    }

    pub(super) fn line(mut self, x: f64, y: f64) -> Self {
        write(&mut self.0, format_args!("L{} {}", N(x), N(y)));
        self
    }

    /// A curve whose tangents meet in a corner.
    pub(super) fn curve(mut self, corner: Point, to: Point) -> Self {
        let (cx, cy, x, y) = (N(corner.x), N(corner.y), N(to.x), N(to.y));
        write(&mut self.0, format_args!("Q{cx} {cy} {x} {y}"));
        self
    }

    /// Half an ellipse, clockwise if `sweep`.
    pub(super) fn half(mut self, radii: (f64, f64), sweep: bool, x: f64, y: f64) -> Self {
        let (rx, ry) = (N(radii.0), N(radii.1));
        let sweep = u8::from(sweep);
        write(&mut self.0, format_args!("A{rx} {ry} 0 0 {sweep} {} {}", N(x), N(y)));
        self
    }

    pub(super) fn close(mut self) -> Self {
        self.0.push('z');
        self
    }

    /// A rectangle between two corners.
    pub(super) fn rect(mut self, from: Point, to: Point) -> Self {
        let (x, y, width, height) = (N(from.x), N(from.y), N(to.x - from.x), N(to.y - from.y));
        let back = N(from.x - to.x);
        write(&mut self.0, format_args!("M{x} {y}h{width}v{height}h{back}z"));
        self
    }

    pub(super) fn add(mut self, other: &Self) -> Self {
        self.0.push_str(&other.0);
        self
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.len()
    }

    pub(super) fn through(points: &[Point]) -> Self {
        let mut outline = Self::default();
        for (i, point) in points.iter().enumerate() {
            outline = if i == 0 {
                outline.start(point.x, point.y)
            } else {
                outline.line(point.x, point.y)
            };
        }
        outline
    }
}

impl Pen {
    pub(super) fn bytes(&self) -> usize {
        self.out.len()
    }

    /// Forgets what was written since it had that many bytes.
    pub(super) fn back_to(&mut self, bytes: usize) {
        self.out.truncate(bytes);
        self.colours = Colours::default();
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// Markup of our own.
    pub(super) fn literal(&mut self, markup: fmt::Arguments<'_>) {
        write(&mut self.out, markup);
    }

    /// Begins the group of one element.
    pub(super) fn open(&mut self, colours: Colours) {
        self.colours = colours;
        self.out.push_str("<g");
        let paints = [("fill", colours.fill), ("stroke", colours.stroke)];
        if paints.iter().any(|(_, colour)| colour.is_some()) {
            self.out.push_str(" style=\"");
            for (name, colour) in paints {
                if let Some(colour) = colour {
                    self.literal(format_args!("{name}:{colour};"));
                }
            }
            self.out.push('"');
        }
        self.out.push('>');
    }

    pub(super) fn close(&mut self) {
        self.colours = Colours::default();
        self.out.push_str("</g>");
    }

    pub(super) fn rect(&mut self, area: Area, radius: f64, paint: Paint) {
        let Area { x, y, width, height } = area;
        let (x, y, width, height) = (N(x), N(y), N(width), N(height));
        self.literal(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\""
        ));
        if radius > 0.0 {
            self.literal(format_args!(" rx=\"{}\"", N(radius)));
        }
        self.paint(paint);
    }

    pub(super) fn circle(&mut self, centre: Point, radius: f64, paint: Paint) {
        self.ellipse(centre, radius, radius, paint);
    }

    pub(super) fn ellipse(&mut self, centre: Point, rx: f64, ry: f64, paint: Paint) {
        let (x, y, rx, ry) = (N(centre.x), N(centre.y), N(rx), N(ry));
        self.literal(format_args!("<ellipse cx=\"{x}\" cy=\"{y}\" rx=\"{rx}\" ry=\"{ry}\""));
        self.paint(paint);
    }

    pub(super) fn path(&mut self, outline: &Outline, paint: Paint) {
        self.out.push_str("<path d=\"");
        self.out.push_str(&outline.0);
        self.out.push('"');
        self.paint(paint);
    }

    /// A drawing of our own, moved and scaled.
    pub(super) fn stamp(&mut self, drawing: &'static str, at: Point, scale: f64, paint: Paint) {
        self.out.push_str("<path d=\"");
        self.out.push_str(drawing);
        self.literal(format_args!("\" transform=\"translate({} {})", N(at.x), N(at.y)));
        // A third decimal: a scale is multiplied.
        let thousandths = (scale * 1000.0).round() / 1000.0;
        if thousandths != 1.0 {
            self.literal(format_args!(" scale({thousandths})"));
        }
        self.out.push('"');
        self.paint(paint);
    }

    fn paint(&mut self, paint: Paint) {
        let Colours { fill, stroke, .. } = self.colours;
        match (paint.fill, stroke, fill) {
            (Fill::Paper, ..) => {}
            (Fill::None, ..) => self.out.push_str(" fill=\"none\""),
            (Fill::Ink, None, _) => self.out.push_str(" class=\"k\""),
            (Fill::Ink, Some(ink), _) => {
                self.literal(format_args!(" style=\"fill:{ink};stroke:none\""));
            }
            (Fill::Shade, ..) => self.out.push_str(" class=\"s\""),
            (Fill::Bare, _, None) => self.out.push_str(" fill=\"none\" stroke=\"none\""),
            (Fill::Bare, _, Some(_)) => self.out.push_str(" stroke=\"none\""),
            (Fill::Cut, _, None) => self.out.push_str(" class=\"c\""),
            (Fill::Cut, _, Some(paper)) => {
                self.literal(format_args!(" style=\"fill:none;stroke:{paper}\""));
            }
        }
        if paint.width > 0.0 {
            self.literal(format_args!(" stroke-width=\"{}\"", N(paint.width)));
        }
        if let Some(dash) = paint.dash {
            self.literal(format_args!(" stroke-dasharray=\"{dash}\""));
        }
        self.out.push_str("/>");
    }

    /// One line of text; `turned` reads upwards.
    pub(super) fn text(
        &mut self,
        text: &str,
        at: Point,
        size: f64,
        anchor: Anchor,
        turned: bool,
        colour: Option<Rgb>,
    ) {
        let class = if anchor == Anchor::Middle { "t m" } else { "t" };
        self.literal(format_args!("<text class=\"{class}\""));
        let (x, y) = (N(at.x), N(at.y));
        if turned {
            self.literal(format_args!(" transform=\"translate({x} {y})rotate(-90)\""));
        } else {
            self.literal(format_args!(" x=\"{x}\" y=\"{y}\""));
        }
        if size != super::theme::SIZE {
            self.literal(format_args!(" font-size=\"{}\"", N(size)));
        }
        if let Some(colour) = colour {
            self.literal(format_args!(" style=\"fill:{colour}\""));
        }
        self.out.push('>');
        escape(&mut self.out, text);
        self.out.push_str("</text>");
    }

    /// The title of the whole.
    pub(super) fn title(&mut self, title: &str) {
        self.out.push_str("<title>");
        escape(&mut self.out, title);
        self.out.push_str("</title>");
    }
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c if c.is_whitespace() => out.push(' '),
            c => out.push(c),
        }
    }
}

fn write(out: &mut String, markup: fmt::Arguments<'_>) {
    // A string takes everything.
    let _written = out.write_fmt(markup);
}
