// Every bound of the document model in one place, with its reason. The same numbers as the server's
// (DOCUMENT.md D1, D6, D9, N3, N9, N10): two implementations that differ here show two diagrams.

/** Deepest nesting of elements; real files stay under 20. What hangs deeper is not shown (N3). */
export const MAX_DEPTH = 256
/** Attributes on one element, and names in one attribute order (D9, N10.2). */
export const MAX_ATTRIBUTES = 256
/** Longest namespace URI and longest id that references may name, bytes: both are written once per use. */
export const MAX_NAME_BYTES = 1024
/** Longest prefix, and longest value of the attribute that every waypoint carries, bytes. */
export const MAX_PREFIX_BYTES = 256
/** Levels that indentation follows: a line costs at most 256 bytes. */
export const MAX_INDENT_LEVELS = 32
/** Characters of one level of indentation. */
export const MAX_INDENT = 8
/** Longest key, bytes; the server refuses longer names of map entries. */
export const MAX_KEY_BYTES = 1024
/** Longest id that serves as a key, bytes: the role keys of children are longer still (D6). */
export const MAX_ID_KEY_BYTES = 512

// ---- reading texts (D1) ----

/** Largest text, bytes. The largest real file has 0.9 MB. */
export const MAX_XML_BYTES = 16 << 20
/** Elements in one text. The largest real file has 7,945. */
export const MAX_ELEMENTS = 250_000
/** One attribute value, text, comment or instruction, bytes. */
export const MAX_VALUE_BYTES = 4 << 20
/** Distinct (prefix, URI) pairs of one text. */
export const MAX_NAMESPACES = 1024
