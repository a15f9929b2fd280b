//! The small picture of a diagram, as stored.
//!
//! PURE types; must not know how it is drawn.

use bytes::Bytes;

/// One picture in two formats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    /// As SVG.
    pub svg: Bytes,
    /// As PNG.
    pub png: Bytes,
}
