// Which prefix means what at the place that is being written (N9).
import { XML_URI } from '../tables.ts'

/** Bindings of prefixes with an undo log. */
export class Scope {
  readonly #bound = new Map<string, string>([
    ['xml', XML_URI],
    ['', ''],
  ])
  readonly #undo: { readonly prefix: string; readonly before: string | undefined }[] = []

  /** The URI that a prefix is bound to. */
  meaning(prefix: string): string | undefined {
    return this.#bound.get(prefix)
  }

  bind(prefix: string, uri: string): void {
    this.#undo.push({ prefix, before: this.#bound.get(prefix) })
    this.#bound.set(prefix, uri)
  }

  /** A point to which `release` goes back. */
  mark(): number {
    return this.#undo.length
  }

  /** The prefixes bound since a mark, oldest first. */
  since(mark: number): string[] {
    return mark === this.#undo.length ? [] : this.#undo.slice(mark).map(({ prefix }) => prefix)
  }

  release(mark: number): void {
    while (this.#undo.length > mark) {
      const { prefix = '', before } = this.#undo.pop() ?? {}
      if (before === undefined) this.#bound.delete(prefix)
      else this.#bound.set(prefix, before)
    }
  }
}
