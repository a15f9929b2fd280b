//! PNG out of our own pictures, with the one font that is built in.
//!
//! CPU work of up to a second for the largest: never on an async worker. Takes SVG of `bpmn::picture`
//! alone; what others wrote does not get here.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use crate::limits::PICTURE_PIXELS;

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(include_bytes!("../fonts/arimo.ttf").to_vec());
    Arc::new(fonts)
});

/// Why there is no PNG. Never seen for a picture of ours.
#[derive(Debug, thiserror::Error)]
pub enum RasterError {
    /// Not SVG.
    #[error("the picture can't be read: {0}")]
    Svg(#[from] resvg::usvg::Error),
    /// No memory for it, or no size.
    #[error("the picture has no size that can be drawn")]
    Size,
    /// The encoder failed.
    #[error("the picture can't be encoded: {0}")]
    Png(String),
}

/// Draws a picture at its own size, or smaller if that is too large.
///
/// # Errors
/// If it is none of ours.
pub fn png(svg: &str) -> Result<Vec<u8>, RasterError> {
    let options = Options {
        font_family: "Arimo".to_owned(),
        fontdb: Arc::clone(&FONTS),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options)?;
    let size = tree.size().to_int_size();
    let longer = size.width().max(size.height());
    let fit = if longer > PICTURE_PIXELS {
        size.scale_to(
            resvg::tiny_skia::IntSize::from_wh(PICTURE_PIXELS, PICTURE_PIXELS)
                .ok_or(RasterError::Size)?,
        )
    } else {
        size
    };
    #[expect(clippy::cast_precision_loss, reason = "pixels are few")]
    let scale = fit.width() as f32 / tree.size().width();
    let mut pixels = Pixmap::new(fit.width(), fit.height()).ok_or(RasterError::Size)?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| RasterError::Png(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg(body: &str, width: u32) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"40\">{body}</svg>"
        )
    }

    fn ink(png: &[u8]) -> usize {
        Pixmap::decode_png(png).unwrap().pixels().iter().filter(|p| p.alpha() > 128).count()
    }

    #[test]
    fn text_is_drawn_with_the_font_that_is_built_in() {
        let text = |t: &str| {
            let text =
                format!("<text x=\"5\" y=\"30\" font-size=\"20\" font-family=\"Arimo\">{t}</text>");
            ink(&png(&svg(&text, 100)).unwrap())
        };
        assert_eq!(text(""), 0);
        for sample in ["Order", "Größe", "Ελ", "Жук"] {
            assert!(text(sample) > 50, "{sample}");
        }
    }

    #[test]
    fn what_is_too_large_becomes_smaller_and_keeps_its_shape() {
        let wide = png(&svg("<rect width=\"20000\" height=\"40\"/>", 20_000)).unwrap();
        let pixels = Pixmap::decode_png(&wide).unwrap();
        assert_eq!((pixels.width(), pixels.height()), (PICTURE_PIXELS, 9));
        assert!(png("<svg").is_err());
    }
}
