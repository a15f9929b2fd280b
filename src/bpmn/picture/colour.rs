//! Colours that a diagram gives its elements (`bioc`, `color`), as plain numbers.
//!
//! PURE. Whatever is no colour is none: no text of the diagram gets into a style.

use std::fmt;

use crate::bpmn::materialise::view::{At, View};

const BIOC_URI: &str = "http://bpmn.io/schema/bpmn/biocolor/1.0";
const COLOR_URI: &str = "http://www.omg.org/spec/BPMN/non-normative/color/1.0";

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rgb(u8, u8, u8);

/// The colours of one shape or edge; none is the theme's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Colours {
    pub(super) fill: Option<Rgb>,
    pub(super) stroke: Option<Rgb>,
    /// Of an external label.
    pub(super) label: Option<Rgb>,
}

/// What is no brighter counts as black.
const DARKEST: u32 = 32;
const BLACK: Rgb = Rgb(0, 0, 0);
const WHITE: Rgb = Rgb(255, 255, 255);

impl Colours {
    /// What a shape or edge of the diagram says, the standard's attributes before bpmn.io's.
    pub(super) fn of(view: &View<'_>, drawn: At) -> Self {
        let read = |at: At, uri, local| view.foreign(at, uri, local).and_then(Rgb::parse);
        let either = |standard, bioc| {
            read(drawn, COLOR_URI, standard).or_else(|| read(drawn, BIOC_URI, bioc))
        };
        let fill = either("background-color", "fill");
        let stroke = either("border-color", "stroke");
        let label = view.children(drawn).find(|child| view.drawing(*child) == "BPMNLabel");
        let label = label.and_then(|label| read(label, COLOR_URI, "color"));
        // Black on nothing is the ink of the theme: on dark paper it would not be seen.
        let ink = |colour: Option<Rgb>| colour.filter(|rgb| rgb.luma() > DARKEST);
        let line = if fill.is_some() { stroke.or(fill.map(Rgb::ink)) } else { ink(stroke) };
        Self { fill, stroke: line, label: ink(label.or(stroke)) }
    }
}

impl Rgb {
    /// `#rgb`, `#rrggbb`, `#rrggbbaa`, `rgb(r, g, b)` or a basic name.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(hex) = text.strip_prefix('#') {
            return Self::hex(hex);
        }
        if let Some(numbers) = text.strip_prefix("rgb(").and_then(|t| t.strip_suffix(')')) {
            let mut numbers = numbers.split(',').map(|n| n.trim().parse::<u8>().ok());
            let rgb = Self(numbers.next()??, numbers.next()??, numbers.next()??);
            return numbers.next().is_none().then_some(rgb);
        }
        NAMED.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, rgb)| *rgb)
    }

    fn hex(hex: &str) -> Option<Self> {
        let digits: Vec<u8> =
            hex.chars().map(|c| u8::try_from(c.to_digit(16)?).ok()).collect::<Option<_>>()?;
        match *digits.as_slice() {
            [r, g, b] => Some(Self(r * 17, g * 17, b * 17)),
            [r, s, g, h, b, c] | [r, s, g, h, b, c, _, _] => {
                Some(Self(r * 16 + s, g * 16 + h, b * 16 + c))
            }
            _ => None,
        }
    }

    /// What is legible on it.
    fn ink(self) -> Self {
        if self.luma() > 128 { BLACK } else { WHITE }
    }

    /// How bright it is, up to 255.
    fn luma(self) -> u32 {
        (299 * u32::from(self.0) + 587 * u32::from(self.1) + 114 * u32::from(self.2)) / 1000
    }
}

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// The basic colour keywords of CSS, and orange.
const NAMED: [(&str, Rgb); 18] = [
    ("black", BLACK),
    ("silver", Rgb(192, 192, 192)),
    ("gray", Rgb(128, 128, 128)),
    ("grey", Rgb(128, 128, 128)),
    ("white", WHITE),
    ("maroon", Rgb(128, 0, 0)),
    ("red", Rgb(255, 0, 0)),
    ("purple", Rgb(128, 0, 128)),
    ("fuchsia", Rgb(255, 0, 255)),
    ("green", Rgb(0, 128, 0)),
    ("lime", Rgb(0, 255, 0)),
    ("olive", Rgb(128, 128, 0)),
    ("yellow", Rgb(255, 255, 0)),
    ("navy", Rgb(0, 0, 128)),
    ("blue", Rgb(0, 0, 255)),
    ("teal", Rgb(0, 128, 128)),
    ("aqua", Rgb(0, 255, 255)),
    ("orange", Rgb(255, 165, 0)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colours_are_colours() {
        for (text, colour) in [
            ("#fff", Some(WHITE)),
            (" #1E88E5 ", Some(Rgb(0x1e, 0x88, 0xe5))),
            ("#1e88e5ff", Some(Rgb(0x1e, 0x88, 0xe5))),
            ("rgb(255, 0,0)", Some(Rgb(255, 0, 0))),
            ("Orange", Some(Rgb(255, 165, 0))),
            ("#12", None),
            ("#ggg", None),
            ("rgb(256,0,0)", None),
            ("url(http://x)", None),
            ("red;background:url(x)", None),
            ("\"/><script>", None),
        ] {
            assert_eq!(Rgb::parse(text), colour, "{text}");
        }
    }
}
