// Which element of the model tree stands for which node of the document. Elements have no identity of their own
// that survives a rename or a replacement, so the pairs are kept here; keys for new elements are chosen in keys.ts.
import type { ModdleObject } from './moddle.ts'

/** Pairs of keys and elements of the model tree. */
export class Identity {
  readonly #objects = new Map<string, ModdleObject>()
  /** Also of elements that are gone: an undo brings them back under their key. */
  readonly #keys = new WeakMap<ModdleObject, string>()

  /** The element that stands for a node now. */
  object(key: string): ModdleObject | undefined {
    return this.#objects.get(key)
  }

  /** The key of an element, unless another element stands for that node now. */
  key(object: ModdleObject): string | undefined {
    const key = this.#keys.get(object)
    if (key === undefined) return undefined
    const holder = this.#objects.get(key)
    return holder === undefined || holder === object ? key : undefined
  }

  /** Whether an element stands for a node now. */
  stands(object: ModdleObject): boolean {
    const key = this.#keys.get(object)
    return key !== undefined && this.#objects.get(key) === object
  }

  /** Lets an element stand for a node. */
  set(key: string, object: ModdleObject): void {
    this.#objects.set(key, object)
    this.#keys.set(object, key)
  }

  /** No element stands for this node any more. */
  delete(key: string): void {
    this.#objects.delete(key)
  }

  /** Forgets everything. */
  clear(): void {
    this.#objects.clear()
  }
}
