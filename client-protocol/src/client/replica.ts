// One history of a diagram in this client: the document, what of it is not saved, and the copy that the browser keeps.
// Knows no connection.
import * as Y from 'yjs'
import type { Role } from './access.ts'
import type { Copy, Kept } from './copies.ts'
import { SCHEMA_VERSION } from './limits.ts'
import { Saves } from './saves.ts'
import { Session } from './session.ts'

export class Replica {
  readonly doc = new Y.Doc()
  readonly saves = new Saves()
  readonly copy: Copy
  /** What the user could do on the last visit. */
  readonly role: Role | undefined
  /** Called with each edit of this client. */
  onEdit: (update: Uint8Array) => void = () => {}

  private constructor(copy: Copy, kept: Kept) {
    this.copy = copy
    this.role = kept.role
    this.doc.transact(() => {
      for (const update of kept.saved) Y.applyUpdate(this.doc, update, copy)
      for (const { update } of kept.unsaved) Y.applyUpdate(this.doc, update, copy)
    }, copy)
    for (const { at } of kept.unsaved) this.saves.edit(at)
    this.saves.kept = copy.lasting
    copy.onBroken = () => {
      this.saves.kept = false
    }
    this.doc.on('update', (update: Uint8Array, origin: unknown) => this.#changed(update, origin))
  }

  /** As the browser kept it; empty if it did not. */
  static async load(copy: Copy): Promise<Replica> {
    return new Replica(copy, await copy.load())
  }

  /** Whether there is anything in it. */
  get isEmpty(): boolean {
    return this.doc.store.clients.size === 0
  }

  /** The schema is one that this client can write (DOCUMENT.md D2). */
  get isWritable(): boolean {
    const version = this.doc.getMap('meta').get('v')
    return version === undefined || Number(version) <= SCHEMA_VERSION
  }

  /** All edits up to this one are durable. */
  saved(edit: number): void {
    this.copy.acknowledge(edit)
  }

  /** What the server has for certain; undefined if that is not known here. */
  async base(): Promise<Y.Doc | undefined> {
    return this.copy.base().catch(() => undefined)
  }

  #changed(update: Uint8Array, origin: unknown): void {
    if (origin instanceof Session) {
      this.copy.addSaved(update)
      return
    }
    const at = Date.now()
    this.copy.addUnsaved(this.saves.edit(at), update, at)
    this.onEdit(update)
  }
}
