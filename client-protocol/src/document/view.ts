// What a reader of a document sees once it is repaired (N1–N9), node by node: the common ground of the XML
// writer and of anybody who shows the diagram without XML. Only types; `project` makes it.
import type { Value } from './model.ts'

/** A name in XML: the alias of its namespace (D4), the URI that the alias means here, the local part. */
export interface Name {
  /** `''` for no namespace. Of an alias that only everybody knows (N0.6), the document's own alias. */
  readonly alias: string
  readonly local: string
  /** `''` for no namespace. */
  readonly uri: string
}

/** What kind of node it is. */
export type Kind = 'element' | 'text' | 'cdata' | 'comment' | 'instruction'

/** One attribute that is shown. */
export interface ShownAttribute {
  readonly name: Name
  /** As the XML shows it: references as ids, `id` as made unique (N7). */
  readonly value: string
  /** The key that it refers to, where it is a reference (D7) that resolves. */
  readonly target: string | undefined
}

/** One node that is shown. What it has not is undefined, never absent: all nodes have one shape. */
export interface ShownNode {
  readonly key: string
  readonly kind: Kind
  /** Of an element. */
  readonly name: Name | undefined
  /** The id that references show (N7), of an element of the model, BPMNDI or DI that has one. */
  readonly id: string | undefined
  /** The parent by which it hangs (after N2), `#` for the top level. */
  readonly parent: string
  /** Keys of the children that are shown, in order; regular children (D11) are fields, not children. */
  readonly children: readonly string[]
  /** So many of the children stand before the derived lists (N8). */
  readonly leading: number
  /** By field name, in the order of the XML (N10). Declarations of namespaces are no attributes. */
  readonly attributes: ReadonlyMap<string, ShownAttribute>
  /** `#x` as the XML shows it: of an element its own text, of any other node its data. */
  readonly text: string | undefined
  /** The key that `#x` refers to, on reference elements. */
  readonly textTarget: string | undefined
  /** Whether the text of an element is one CDATA section. */
  readonly cdata: boolean
  /** Whether each piece of its content stands on a line of its own (N10.4). */
  readonly block: boolean
  /** Whether white space in it counts (`xml:space`). */
  readonly preserve: boolean
  /** `#b`, `#lb`, `#w` as in the record, where they are shown and of their form. */
  readonly bounds: string | undefined
  readonly label: string | undefined
  readonly waypoints: string | undefined
  /**
   * Keys: `incoming` and `outgoing` flows of a flow node, members of a lane (N8), in order, without those that
   * a child node stands for. Undefined where empty.
   */
  readonly incoming: readonly string[] | undefined
  readonly outgoing: readonly string[] | undefined
  readonly members: readonly string[] | undefined
  /** The record behind it, for fields that only the document knows (`#p`, `#l`, `#o`, `#pn` …). */
  readonly fields: ReadonlyMap<string, Value>
}

/** A repaired diagram. */
export interface View {
  /** Key of the root element; undefined if there is none, and then nothing is shown. */
  readonly root: string | undefined
  /** Keys of the prolog, the root element and the epilog, in order. */
  readonly top: readonly string[]
  /** All nodes that are shown, in document order. */
  readonly nodes: ReadonlyMap<string, ShownNode>
}
