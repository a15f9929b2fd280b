//! Lines of text: how wide they are, where they break, what of them fits.
//!
//! PURE. Widths are those of the embedded font, which is metric-compatible with Arial.

use crate::bpmn::xml::is_xml_char;
use crate::limits::PICTURE_LABEL_CHARS;

/// Height of a line, by the size of the font.
pub(super) const LINE: f64 = 1.2;
/// From the top of a line to its baseline, by the size of the font.
pub(super) const ASCENT: f64 = 0.95;

/// Widths of U+0020 to U+007E, in thousandths of the size.
#[rustfmt::skip]
const ASCII: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/// Width of a text at a size of one.
pub(super) fn width(text: &str) -> f64 {
    text.chars().map(advance).sum()
}

fn advance(c: char) -> f64 {
    let code = u32::from(c);
    let ascii = code.checked_sub(0x20).and_then(|at| ASCII.get(at as usize));
    let thousandths = match (ascii, code) {
        (Some(width), _) => *width,
        // Combining marks, then Latin, Greek and Cyrillic on average, then scripts of square signs.
        (None, 0x300..=0x36f) => 0,
        (None, ..0x1100) => 600,
        (None, _) => 1000,
    };
    f64::from(thousandths) / 1000.0
}

/// What of a name can stand in a picture: characters of XML, not endlessly many.
pub(super) fn legible(text: &str) -> String {
    let legible: String = text
        .trim()
        .chars()
        .filter(|c| is_xml_char(*c) && (!c.is_control() || c.is_whitespace()))
        .take(PICTURE_LABEL_CHARS)
        .collect();
    legible.trim_end().to_owned()
}

/// Breaks a text into lines of at most `width` at a font size of `size`; what is more than `lines`
/// lines ends in an ellipsis.
pub(super) fn wrap(text: &str, width: f64, size: f64, lines: usize) -> Vec<String> {
    let most = width / size;
    let mut broken = Lines { lines: Vec::new(), most };
    for paragraph in text.lines() {
        broken.lines.push(String::new());
        for word in paragraph.split_whitespace() {
            broken.add(word);
        }
    }
    let mut broken = broken.lines;
    while broken.last().is_some_and(String::is_empty) {
        broken.pop();
    }
    if broken.len() > lines {
        broken.truncate(lines);
        if let Some(last) = broken.last_mut() {
            while !last.is_empty() && self::width(last) + 1.0 > most {
                last.pop();
            }
            last.truncate(last.trim_end().len());
            last.push('…');
        }
    }
    broken
}

struct Lines {
    lines: Vec<String>,
    most: f64,
}

impl Lines {
    /// Puts a word behind the others, or on a line of its own, or on several.
    fn add(&mut self, word: &str) {
        let Some(line) = self.lines.last_mut() else { return };
        let word_width = width(word);
        if line.is_empty() {
            // Below, if it is too long.
        } else if width(line) + width(" ") + word_width <= self.most {
            line.push(' ');
            line.push_str(word);
            return;
        } else {
            self.lines.push(String::new());
        }
        let mut used = 0.0;
        for c in word.chars() {
            let Some(line) = self.lines.last_mut() else { return };
            used += advance(c);
            if used > self.most && !line.is_empty() {
                used = advance(c);
                self.lines.push(c.to_string());
            } else {
                line.push(c);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_inside_of_long_ones() {
        assert_eq!(wrap("Check the order", 60.0, 12.0, 9), ["Check the", "order"]);
        assert_eq!(wrap("a\n\nb  c", 60.0, 12.0, 9), ["a", "", "b c"]);
        let long = wrap("Donaudampfschifffahrt", 60.0, 12.0, 9);
        assert_eq!(long.concat(), "Donaudampfschifffahrt");
        assert!(long.len() > 1 && long.iter().all(|line| width(line) * 12.0 <= 60.0));
        assert_eq!(wrap("wide", 0.0, 12.0, 9), ["w", "i", "d", "e"]);
        assert!(wrap(" \n ", 60.0, 12.0, 9).is_empty());
    }

    #[test]
    fn what_does_not_fit_ends_in_an_ellipsis() {
        assert_eq!(wrap("one two three four", 44.0, 12.0, 2), ["one two", "three…"]);
    }

    #[test]
    fn names_are_cut_and_lose_what_xml_can_not_hold() {
        assert_eq!(legible(" a\u{0}\u{1b}b\u{fffe}\tc "), "ab\tc");
        assert_eq!(legible(&"x".repeat(100_000)).len(), PICTURE_LABEL_CHARS);
    }
}
