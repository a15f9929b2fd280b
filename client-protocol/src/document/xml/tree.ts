// The tree of a parsed text: flat, in document order. Only data and total accessors.

/** "In no namespace", as an index into `Tree.bindings`. */
export const NO_BINDING = -1
/** The binding of the prefix `xml`, which every document has. */
export const XML_BINDING = 0

/** A parsed text. */
export interface Tree {
  readonly decl: Decl | undefined
  /** Every node in document order. */
  readonly nodes: readonly XmlNode[]
  /** Distinct (prefix, URI) pairs in order of first declaration; the first is `xml`. */
  readonly bindings: readonly Binding[]
  /** Index of the root element. */
  readonly root: number
  readonly lexical: Readonly<Lexical>
}

/** The XML declaration, as written. */
export interface Decl {
  readonly encoding?: string
  readonly standalone?: string
  /** Whether its version stands in single quotes. */
  readonly singleQuotes: boolean
}

/** One node; `end` is one past its last descendant, which is the next sibling if there is one. */
export type XmlNode = { end: number } & (
  | XmlElement
  /** References are resolved; never empty, never beside another text. A CDATA section is a node of its own. */
  | XmlText
  | { readonly kind: 'comment'; readonly text: string }
  /** `text` is the data without the white space before it. */
  | { readonly kind: 'pi'; readonly target: string; readonly text: string }
)

/** A run of text or a CDATA section. */
export interface XmlText {
  readonly kind: 'text' | 'cdata'
  readonly text: string
}

/** An element; attributes and declarations in the order of the source. */
export interface XmlElement {
  readonly kind: 'element'
  readonly name: ResolvedName
  readonly attributes: readonly XmlAttribute[]
  readonly declarations: readonly Declaration[]
  /** Whether white space in it is significant (`xml:space="preserve"`). */
  readonly preserve: boolean
}

/** A resolved name: index into `Tree.bindings` or `NO_BINDING`, and the local part. */
export interface ResolvedName {
  readonly binding: number
  readonly local: string
}

/** An attribute other than a namespace declaration. */
export interface XmlAttribute {
  readonly name: ResolvedName
  /** Normalised. */
  readonly value: string
}

/** A namespace declaration on an element. */
export interface Declaration {
  readonly binding: number
  /** How many attributes of the element stand before it. */
  readonly after: number
}

/** A prefix bound to a URI; empty for the default namespace and for undeclaring it. */
export interface Binding {
  readonly prefix: string
  readonly uri: string
}

/** How the source was written, where XML leaves a choice. */
export interface Lexical {
  /** The first line end was CR LF. */
  crlf: boolean
  /** Whether the first empty-element tag had a space before `/>`. */
  spacedEmpty?: boolean
  /** A `>`, `"`, `'` in text was written as a reference, the first without need. */
  textGt: boolean
  textQuot: boolean
  textApos: boolean
  /** A `>`, `'` in an attribute was written as a reference. */
  attributeGt: boolean
  attributeApos: boolean
  /** Whether the first reference to a line end or tab in an attribute was hexadecimal. */
  hexadecimal?: boolean
  /** Whether a line end stood between the first two top-level items. */
  topBreak?: boolean
  /** Whether the text ends with a line end. */
  finalBreak: boolean
}

/** The element at an index. */
export function elementAt(tree: Tree, index: number): XmlElement | undefined {
  const node = tree.nodes[index]
  return node?.kind === 'element' ? node : undefined
}

/** Indices of the children of a node, or of the top-level nodes. */
export function childrenOf(tree: Tree, index: number | undefined): number[] {
  const end = index === undefined ? tree.nodes.length : (tree.nodes[index]?.end ?? 0)
  const children: number[] = []
  let at = index === undefined ? 0 : index + 1
  while (at < end) {
    children.push(at)
    at = tree.nodes[at]?.end ?? end
  }
  return children
}

/** The URI of a binding; empty for `NO_BINDING`. */
export function uriOf(tree: Tree, binding: number): string {
  return tree.bindings[binding]?.uri ?? ''
}
