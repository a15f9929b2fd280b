//! Fonts and colours of pictures, as one style sheet.
//!
//! PURE. The classes that [`pen`](super::pen) names are explained here and nowhere else.

use super::{Mark, Theme};

/// Size of names inside of shapes.
pub(super) const SIZE: f64 = 12.0;
/// Size of labels beside shapes and edges.
pub(super) const BESIDE: f64 = 11.0;

/// Ink, paper, shade.
const LIGHT: [&str; 3] = ["#22242a", "#ffffff", "#d5d8dd"];
const DARK: [&str; 3] = ["#dfe3ea", "#1d2026", "#454b55"];

/// Everything but colours.
const FORM: &str = ".d{stroke-width:2;stroke-linecap:round;stroke-linejoin:round;font-size:12px;\
                    font-family:Arimo,Arial,'Liberation Sans',Helvetica,sans-serif}\
                    .k,.t{stroke:none}.m{text-anchor:middle}.c,.e{fill:none}\
                    .e{stroke-width:9;stroke-opacity:.45}.b{stroke:none}";

/// The style sheet of a theme.
pub(super) fn sheet(theme: Theme) -> String {
    match theme {
        Theme::Light => format!("{FORM}{}", colours(LIGHT)),
        Theme::Dark => format!("{FORM}{}", colours(DARK)),
        Theme::Auto => format!(
            "{FORM}{}@media (prefers-color-scheme:dark){{{}}}",
            colours(LIGHT),
            colours(DARK)
        ),
    }
}

fn colours([ink, paper, shade]: [&str; 3]) -> String {
    format!(
        ".d{{fill:{paper};stroke:{ink}}}.k,.t{{fill:{ink}}}.c{{stroke:{paper}}}.s{{fill:{shade}}}\
         .b{{fill:{paper}}}"
    )
}

/// The colour of a mark: legible on both papers.
pub(super) fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::Added => "#2e9e4f",
        Mark::Changed => "#e0a100",
        Mark::Removed => "#d9383a",
    }
}
