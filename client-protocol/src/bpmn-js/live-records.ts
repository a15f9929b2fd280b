// The records of a live document, kept current: a change re-reads the nodes that it touched, not the document.
import type * as Y from 'yjs'
import { readNode, readRecords, rootOf } from '../document/crdt.ts'
import type { Records } from '../document/model.ts'

/** Roots of which every change re-reads everything: they change with a new namespace, and hardly ever. */
const OTHERS = ['meta', 'ns', 'ao'] as const

/** Records that follow a document. */
export class LiveRecords {
  readonly #doc: Y.Doc
  readonly #listener: (transaction: Y.Transaction) => void
  #records: Records

  /** `changed` is called behind every transaction that changed something, with its origin. */
  constructor(doc: Y.Doc, changed: (origin: unknown) => void) {
    this.#doc = doc
    this.#records = readRecords(doc)
    this.#listener = (transaction) => {
      if (this.#follow(transaction)) changed(transaction.origin)
    }
    doc.on('afterTransaction', this.#listener)
  }

  /** What the document holds now. */
  get current(): Records {
    return this.#records
  }

  destroy(): void {
    this.#doc.off('afterTransaction', this.#listener)
  }

  #follow(transaction: Y.Transaction): boolean {
    const nodes: unknown = rootOf(this.#doc, 'nodes')
    const others: readonly unknown[] = OTHERS.map((name) => rootOf(this.#doc, name))
    let changed = false
    for (const [type, keys] of transaction.changed) {
      if (others.includes(type)) {
        this.#records = readRecords(this.#doc)
        return true
      }
      if (type === nodes) for (const key of keys) this.#reread(key)
      else if (type.parent === nodes) this.#reread(type._item?.parentSub ?? null)
      else continue
      changed = true
    }
    return changed
  }

  #reread(key: string | null): void {
    if (key === null) return
    const fields = readNode(this.#doc, key)
    if (fields === undefined) this.#records.nodes.delete(key)
    else this.#records.nodes.set(key, fields)
  }
}
