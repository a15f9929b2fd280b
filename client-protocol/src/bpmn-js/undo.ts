// Undo and redo of one person's own edits. A step holds the records of the nodes that one transaction touched,
// before and after; undoing it writes back what nobody else has changed since. Knows nothing of bpmn-js.
import * as Y from 'yjs'
import {
  createNode,
  deleteNode,
  readNode,
  removeField,
  rootOf,
  sameValue,
  setField,
} from '../document/crdt.ts'
import { isValue } from '../document/json.ts'
import type { Fields } from '../document/model.ts'
import { MAX_UNDO_NODES, MAX_UNDO_STEPS } from './limits.ts'

/** One node on both sides of an edit; undefined where there was, or is, none. */
interface Change {
  readonly key: string
  readonly before: Fields | undefined
  readonly after: Fields | undefined
}

/** What one transaction did; never empty. */
type Step = readonly Change[]

/** Fields that a record only shows (N0.5). */
const SHOWN_ONLY = new Set(['#t0', '#p0'])

/**
 * Steps of the transactions whose origin is its owner's; the stack itself is the origin of what undo and redo
 * write. Namespaces and attribute orders stay: others may use them by now.
 */
export class UndoStack {
  readonly #isOwn: (origin: unknown, transaction: Y.Transaction) => boolean
  readonly #listeners = new Set<() => void>()
  readonly #undo: Step[] = []
  readonly #redo: Step[] = []
  #doc: Y.Doc | undefined
  /** What the transaction of an undo or redo did. */
  #inverse: Step = []

  constructor(isOwn: (origin: unknown, transaction: Y.Transaction) => boolean) {
    this.#isOwn = isOwn
  }

  /** Follows a document. The steps stay: they name nodes by key, also in another history of the diagram. */
  follow(doc: Y.Doc): void {
    this.stop()
    this.#doc = doc
    rootOf(doc, 'nodes')?.observeDeep(this.#observe)
  }

  /** Follows no document any more, and can undo nothing until it does. */
  stop(): void {
    if (this.#doc !== undefined) rootOf(this.#doc, 'nodes')?.unobserveDeep(this.#observe)
    this.#doc = undefined
  }

  get canUndo(): boolean {
    return this.#doc !== undefined && this.#undo.length > 0
  }

  get canRedo(): boolean {
    return this.#doc !== undefined && this.#redo.length > 0
  }

  /** Undoes the last step of which something is left to undo; says whether there was one. */
  undo(): boolean {
    return this.#play(this.#undo, this.#redo)
  }

  /** Redoes what was undone last, likewise. */
  redo(): boolean {
    return this.#play(this.#redo, this.#undo)
  }

  /** Forgets all steps. */
  clear(): void {
    this.#undo.length = 0
    this.#redo.length = 0
    this.#changed()
  }

  /** Calls the listener when `canUndo` or `canRedo` may have changed; returns how to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #play(from: Step[], to: Step[]): boolean {
    const doc = this.#doc
    if (doc === undefined) return false
    let played = false
    while (!played) {
      const step = from.pop()
      if (step === undefined) break
      this.#inverse = []
      doc.transact(() => revert(doc, step), this)
      if (this.#inverse.length > 0) to.push(this.#inverse)
      played = this.#inverse.length > 0
    }
    this.#changed()
    return played
  }

  readonly #observe = (events: readonly Y.YEvent<Y.AbstractType<unknown>>[], transaction: Y.Transaction) => {
    const inverse = transaction.origin === this
    if (this.#doc === undefined || !(inverse || this.#isOwn(transaction.origin, transaction))) return
    const step = changes(this.#doc, events)
    if (inverse) this.#inverse = step
    else if (step.length > 0) this.#push(step)
  }

  #push(step: Step): void {
    this.#undo.push(step)
    this.#redo.length = 0
    let nodes = this.#undo.reduce((sum, { length }) => sum + length, 0)
    while (this.#undo.length > MAX_UNDO_STEPS || (nodes > MAX_UNDO_NODES && this.#undo.length > 1)) {
      nodes -= this.#undo.shift()?.length ?? 0
    }
    this.#changed()
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** Writes back what the step changed, wherever it is still as the step left it. */
function revert(doc: Y.Doc, step: Step): void {
  for (const { key, before, after } of step) {
    if (before === undefined) deleteNode(doc, key)
    else if (after === undefined) createNode(doc, key, before)
    else revertFields(doc, key, before, after)
  }
}

function revertFields(doc: Y.Doc, key: string, before: Fields, after: Fields): void {
  const current = readNode(doc, key)
  if (current === undefined) return
  for (const field of new Set([...before.keys(), ...after.keys()])) {
    const value = before.get(field)
    const left = after.get(field)
    if (SHOWN_ONLY.has(field) || sameValue(value, left) || !sameValue(current.get(field), left)) continue
    if (value === undefined) removeField(doc, key, field)
    else setField(doc, key, field, value)
  }
}

/** The nodes that a transaction touched, before and after it. */
function changes(doc: Y.Doc, events: readonly Y.YEvent<Y.AbstractType<unknown>>[]): Step {
  const nodes = rootOf(doc, 'nodes')
  const step = new Map<string, Change>()
  const note = (key: string, event: Y.YEvent<Y.AbstractType<unknown>>, node: unknown) => {
    const before = node instanceof Y.Map ? fieldsBefore(key, event, node) : undefined
    const after = readNode(doc, key)
    if (before !== undefined || after !== undefined) step.set(key, { key, before, after })
  }
  for (const event of events) {
    const [key] = event.path
    if (event.target === nodes) {
      for (const [key, { oldValue }] of event.changes.keys) note(key, event, oldValue)
    } else if (event.target.parent === nodes && typeof key === 'string' && !step.has(key)) {
      note(key, event, event.target)
    }
  }
  return [...step.values()]
}

/** The record as it was before the transaction, also of a node that is deleted now: nothing is collected yet. */
function fieldsBefore(
  key: string,
  event: Y.YEvent<Y.AbstractType<unknown>>,
  node: Y.Map<unknown>,
): Fields | undefined {
  const entries = new Map<string, unknown>()
  for (const [name, latest] of node._map) {
    let item: Y.Item | null = latest
    while (item !== null && event.adds(item)) item = item.left
    if (item === null || (item.deleted && !event.deletes(item))) continue
    const value: unknown = item.content.getContent().at(-1)
    entries.set(name, isValue(value) ? value : null)
  }
  if (entries.size === 0) return undefined
  const past = new Y.Doc()
  past.getMap('nodes').set(key, new Y.Map(entries))
  return readNode(past, key)
}
