//! Reading XML 1.0 with namespaces: bytes to a flat tree that keeps what the document model needs.
//!
//! PURE. Knows nothing of BPMN. Tokens come from quick-xml; everything that quick-xml lets pass
//! (open elements at the end, characters outside XML, `<` in values, unbound prefixes, doubled
//! attributes …) is checked here. No document type, no entities but the five predefined ones, no
//! recursion, every size bounded by `limits.rs`.

mod chars;
mod decode;
mod error;
mod parse;
mod tag;
mod tree;

pub(crate) use chars::{
    is_ncname, is_xml_char, is_xml_space, only_space, sanitise, split_qname, trim_space,
};
pub use error::{ReadError, ReadErrorKind};
pub(crate) use tree::{Attribute, Element, Kind, NO_BINDING, Name, RefStyle, Tree, XML_BINDING};

/// The namespace of the prefix `xml`.
pub(crate) const XML_URI: &str = "http://www.w3.org/XML/1998/namespace";
/// The namespace of the prefix `xmlns`.
pub(crate) const XMLNS_URI: &str = "http://www.w3.org/2000/xmlns/";

/// Decodes and parses a document and hands its tree to `use_tree`.
///
/// The tree borrows from the decoded text, which lives only as long as the call.
///
/// # Errors
/// The first violation of XML 1.0, Namespaces in XML or a limit, with its place.
pub(crate) fn with_tree<R>(
    bytes: &[u8],
    use_tree: impl FnOnce(Tree<'_>) -> R,
) -> Result<R, ReadError> {
    let source = decode::decode(bytes)?;
    Ok(use_tree(parse::parse(&source)?))
}

#[cfg(test)]
mod tests;
