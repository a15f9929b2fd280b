// A parsed text and what the importer asks about its nodes.
import { onlySpace } from '../chars.ts'
import { isDrawing, type Vocabulary } from '../tables.ts'
import { childrenOf, elementAt, NO_BINDING, type Tree, type XmlElement, type XmlText } from '../xml/tree.ts'
import { Aliases } from './aliases.ts'

/**
 * How the text in an element counts (D12): `empty` has no content (and is no element), `text` one run of text or
 * one CDATA section and nothing else; in a `block` white space is layout; in `mixed` every character counts.
 */
export type Layout = 'empty' | 'text' | 'block' | 'mixed'

/** A parsed text; nodes are indices into the tree. */
export class Source {
  readonly aliases: Aliases
  /** By node; undefined at the top. */
  readonly #parents: (number | undefined)[]
  readonly #layouts: Layout[]
  readonly #drawings: boolean[]

  constructor(readonly tree: Tree) {
    this.aliases = new Aliases(tree)
    this.#parents = new Array(tree.nodes.length).fill(undefined)
    this.#drawings = new Array(tree.nodes.length).fill(false)
    this.#layouts = tree.nodes.map((node, index) => {
      const drawing = this.inDrawing(index) || isDrawing(this.vocabularyOf(index) ?? 'foreign')
      const children = childrenOf(tree, index)
      for (const child of children) {
        this.#parents[child] = index
        this.#drawings[child] = drawing
      }
      return node.kind === 'element' ? layoutOf(tree, node, children) : 'empty'
    })
  }

  layout(index: number): Layout {
    return this.#layouts[index] ?? 'empty'
  }

  parent(index: number): number | undefined {
    return this.#parents[index]
  }

  element(index: number): XmlElement | undefined {
    return elementAt(this.tree, index)
  }

  vocabulary(element: XmlElement): Vocabulary {
    return this.aliases.vocabulary(element.name.binding)
  }

  /** The vocabulary of the element at an index. */
  vocabularyOf(index: number): Vocabulary | undefined {
    const element = this.element(index)
    return element && this.vocabulary(element)
  }

  /** Whether a node stands inside an element of the drawing. */
  inDrawing(index: number): boolean {
    return this.#drawings[index] ?? false
  }

  /** Whether it is this element of this vocabulary. */
  is(index: number, vocabulary: Vocabulary, local: string): boolean {
    const element = this.element(index)
    return element !== undefined && element.name.local === local && this.vocabulary(element) === vocabulary
  }

  /** The value of an unprefixed attribute. */
  attribute(element: XmlElement, local: string): string | undefined {
    return element.attributes.find(({ name }) => name.binding === NO_BINDING && name.local === local)?.value
  }

  /** The children that become nodes or fields: all but layout. */
  content(index: number): number[] {
    const children = childrenOf(this.tree, index)
    if (this.layout(index) !== 'block') return children
    return children.filter((child) => this.tree.nodes[child]?.kind !== 'text')
  }

  /** The only text of an element whose layout is `text`. */
  onlyText(index: number): XmlText | undefined {
    const node = this.layout(index) === 'text' ? this.tree.nodes[index + 1] : undefined
    return node?.kind === 'text' || node?.kind === 'cdata' ? node : undefined
  }
}

function layoutOf(tree: Tree, element: XmlElement, children: readonly number[]): Layout {
  const nodes = children.map((child) => tree.nodes[child])
  const texts = nodes.filter((node) => node?.kind === 'text' || node?.kind === 'cdata')
  const others = nodes.length - texts.length
  if (others === 0) return texts.length === 0 ? 'empty' : texts.length === 1 ? 'text' : 'mixed'
  const real = texts.some(
    (node) => node?.kind === 'cdata' || (node?.kind === 'text' && !onlySpace(node.text)),
  )
  return real || element.preserve ? 'mixed' : 'block'
}
