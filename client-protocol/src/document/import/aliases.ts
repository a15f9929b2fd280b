// The aliases of a text's namespaces (D4).
import type { Namespace } from '../model.ts'
import { defaultAlias, type Vocabulary, vocabularyOf } from '../tables.ts'
import { elementAt, NO_BINDING, type ResolvedName, type Tree, XML_BINDING } from '../xml/tree.ts'

/** Aliases by binding. */
export class Aliases {
  readonly #names: string[]
  readonly #vocabularies: Vocabulary[]

  readonly #tree: Tree

  constructor(tree: Tree) {
    this.#tree = tree
    // `xml` is the first binding and takes its own name.
    const taken = new Set<string>()
    const next = new Map<string, number>()
    this.#names = tree.bindings.map(({ prefix, uri }) => {
      const base = prefix === '' ? defaultAlias(uri) : prefix
      let name = base
      let n = next.get(base) ?? 1
      while (taken.has(name)) {
        n++
        name = `${base}$${n}`
      }
      next.set(base, n)
      taken.add(name)
      return name
    })
    this.#vocabularies = tree.bindings.map(({ uri }) => vocabularyOf(uri))
  }

  /** The alias of a binding. */
  name(binding: number): string {
    return this.#names[binding] ?? ''
  }

  /** `alias:local`, or `local` in no namespace. */
  tag(name: ResolvedName): string {
    return name.binding === NO_BINDING ? name.local : `${this.name(name.binding)}:${name.local}`
  }

  vocabulary(binding: number): Vocabulary {
    return this.#vocabularies[binding] ?? 'foreign'
  }

  /** The `ns` map. */
  namespaces(): Map<string, Namespace> {
    const root = elementAt(this.#tree, this.#tree.root)
    const atRoot = new Set(root?.declarations.map(({ binding }) => binding))
    const namespaces = new Map<string, Namespace>()
    for (const [binding, { prefix, uri }] of this.#tree.bindings.entries()) {
      if (binding === XML_BINDING) continue
      const name = this.name(binding)
      const namespace = { uri, atRoot: atRoot.has(binding) }
      namespaces.set(name, name === prefix ? namespace : { ...namespace, prefix })
    }
    return namespaces
  }

  /** `meta.nso`: the root's declarations in order, with `@field` for attributes between or before them. */
  rootOrder(): string | undefined {
    const root = elementAt(this.#tree, this.#tree.root)
    if (root === undefined || root.declarations.length === 0) return undefined
    const order: string[] = []
    let written = 0
    for (const { binding, after } of root.declarations) {
      for (const { name } of root.attributes.slice(written, after)) order.push(`@${this.tag(name)}`)
      written = after
      if (binding !== XML_BINDING) order.push(this.name(binding))
    }
    return order.join(' ')
  }
}
