//! Why a text could not be read, and where.
//!
//! PURE. Sentences are for people who fix the file: they name what was found and, where a bound
//! was reached, the bound.

use std::fmt;

use crate::limits;

/// A refusal of the reader: what and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {kind}")]
pub struct ReadError {
    /// 1-based line; CR, LF and CR LF each end one.
    pub line: usize,
    /// 1-based column, counted in characters.
    pub column: usize,
    /// What is wrong.
    pub kind: ReadErrorKind,
}

/// What the reader refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// The text has no element.
    NoRoot,
    /// A second root element, or text beside the root.
    ContentOutsideRoot,
    /// The declared or detected encoding is not one that is read.
    UnsupportedEncoding(String),
    /// Bytes that the encoding does not allow.
    InvalidBytes(&'static str),
    /// A malformed XML declaration, or a version other than 1.0.
    BadDeclaration(&'static str),
    /// A document type declaration.
    Doctype,
    /// A character outside XML 1.0.
    InvalidChar(char),
    /// A token that never ends, or markup that starts nothing.
    BadMarkup(&'static str),
    /// A name that XML or its namespaces do not allow.
    BadName(String),
    /// Something is wrong inside a tag.
    BadTag(&'static str),
    /// An end tag that does not match the open element.
    MismatchedEnd {
        /// The element that is open.
        expected: String,
        /// The name in the end tag.
        found: String,
    },
    /// An end tag without an open element.
    UnexpectedEnd(String),
    /// The text ends inside this element.
    Unclosed(String),
    /// The same attribute twice on one element.
    DuplicateAttribute(String),
    /// `<` in an attribute value.
    LessThanInValue,
    /// `]]>` in text.
    CdataEndInText,
    /// `--` in a comment.
    DoubleHyphen,
    /// A reference to an entity that XML does not predefine.
    UndefinedEntity(String),
    /// A malformed reference, or a character reference to no XML character.
    BadReference(String),
    /// A prefix that no declaration binds.
    UnboundPrefix(String),
    /// A namespace declaration that Namespaces in XML forbids.
    BadNamespace(&'static str),
    /// More bytes than [`limits::MAX_XML_BYTES`].
    TooManyBytes,
    /// Deeper than [`limits::MAX_XML_DEPTH`].
    TooDeep,
    /// More elements than [`limits::MAX_XML_ELEMENTS`].
    TooManyElements,
    /// More attributes on one element than [`limits::MAX_XML_ATTRIBUTES`].
    TooManyAttributes,
    /// A value or text longer than [`limits::MAX_XML_VALUE_BYTES`].
    ValueTooLong,
    /// More namespaces than [`limits::MAX_XML_NAMESPACES`].
    TooManyNamespaces,
}

impl fmt::Display for ReadErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRoot => f.write_str("there is no XML element"),
            Self::ContentOutsideRoot => f.write_str("content outside the root element"),
            Self::UnsupportedEncoding(name) => write!(
                f,
                "encoding \"{name}\" is not supported (UTF-8, UTF-16, ISO-8859-1, windows-1252 and \
                 US-ASCII are)"
            ),
            Self::InvalidBytes(name) => write!(f, "invalid bytes for {name}"),
            Self::BadDeclaration(what) => write!(f, "XML declaration: {what}"),
            Self::Doctype => f.write_str("document type declarations are refused"),
            Self::InvalidChar(c) => {
                write!(f, "character U+{:04X} is not allowed in XML", u32::from(*c))
            }
            Self::BadMarkup(what) => f.write_str(what),
            Self::BadName(name) => write!(f, "\"{name}\" is not a valid name"),
            Self::BadTag(what) => f.write_str(what),
            Self::MismatchedEnd { expected, found } => {
                write!(f, "</{found}> closes <{expected}>")
            }
            Self::UnexpectedEnd(name) => write!(f, "</{name}> closes nothing"),
            Self::Unclosed(name) => write!(f, "the text ends inside <{name}>"),
            Self::DuplicateAttribute(name) => write!(f, "attribute \"{name}\" appears twice"),
            Self::LessThanInValue => f.write_str("\"<\" in an attribute value"),
            Self::CdataEndInText => f.write_str("\"]]>\" in text"),
            Self::DoubleHyphen => f.write_str("\"--\" in a comment"),
            Self::UndefinedEntity(name) => write!(f, "entity \"{name}\" is not defined"),
            Self::BadReference(text) => write!(f, "\"{text}\" is not a valid reference"),
            Self::UnboundPrefix(prefix) => write!(f, "prefix \"{prefix}\" is not declared"),
            Self::BadNamespace(what) => write!(f, "namespace declaration: {what}"),
            Self::TooManyBytes => {
                write!(f, "the text is longer than {} bytes", limits::MAX_XML_BYTES)
            }
            Self::TooDeep => {
                write!(f, "elements are nested deeper than {}", limits::MAX_XML_DEPTH)
            }
            Self::TooManyElements => {
                write!(f, "there are more than {} elements", limits::MAX_XML_ELEMENTS)
            }
            Self::TooManyAttributes => {
                write!(f, "an element has more than {} attributes", limits::MAX_XML_ATTRIBUTES)
            }
            Self::ValueTooLong => {
                write!(f, "a value or text is longer than {} bytes", limits::MAX_XML_VALUE_BYTES)
            }
            Self::TooManyNamespaces => {
                write!(f, "there are more than {} namespaces", limits::MAX_XML_NAMESPACES)
            }
        }
    }
}

impl ReadError {
    /// The refusal at a byte offset of a text whose line ends are all LF.
    pub(super) fn at(text: &str, offset: usize, kind: ReadErrorKind) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let column = before.get(line_start..).unwrap_or("").chars().count() + 1;
        Self { line, column, kind }
    }
}
