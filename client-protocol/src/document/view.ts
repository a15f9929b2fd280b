// What a reader of a document sees once it is repaired (N1–N9), node by node: the common ground of the XML
// writer and of anybody who shows the diagram without XML. Only types and total accessors.
import type { Value } from './model.ts'

/** A name in XML: the alias of its namespace (D4), the URI that the alias means here, the local part. */
export interface Name {
  readonly alias: string
  readonly local: string
  /** `''` for no namespace. */
  readonly uri: string
}

/** What kind of node it is. */
export type Kind = 'element' | 'text' | 'cdata' | 'comment' | 'pi'

/** One attribute that is shown. */
export interface ShownAttribute {
  readonly name: Name
  /** As the XML shows it: references as ids, `id` as made unique (N7). */
  readonly value: string
  /** The key that it refers to, where the field is a reference (D7). */
  readonly target?: string
}

/** One node that is shown. */
export interface ShownNode {
  readonly key: string
  readonly kind: Kind
  /** Of an element. */
  readonly name?: Name
  /** The parent by which it hangs (after N2), `#` for the top level. */
  readonly parent: string
  /** Keys of the children that are shown, in order; regular children (D11) are fields, not children. */
  readonly children: readonly string[]
  /** By field name, in the order of the XML (N10). Declarations of namespaces are no attributes. */
  readonly attributes: ReadonlyMap<string, ShownAttribute>
  /** `#x` as the XML shows it. */
  readonly text?: string
  /** The key that `#x` refers to, on reference elements. */
  readonly textTarget?: string
  /** `#b`, `#lb`, `#w` as in the record, where they are shown and of their form. */
  readonly bounds?: string
  readonly label?: string
  readonly waypoints?: string
  /** Keys: `incoming` and `outgoing` flows of a flow node, members of a lane (N8), in order. */
  readonly incoming?: readonly string[]
  readonly outgoing?: readonly string[]
  readonly members?: readonly string[]
  /** The record behind it, for fields that only the document knows (`#p`, `#l`, `#o` …). */
  readonly fields: ReadonlyMap<string, Value>
}

/** A repaired diagram. */
export interface View {
  /** Key of the root element, if there is one. */
  readonly root: string | undefined
  /** All nodes that are shown, in document order. */
  readonly nodes: ReadonlyMap<string, ShownNode>
}
