// What a browser keeps of a diagram: the part that is known to be durable, and own edits that are not yet.
// The seam between the client and its storage, and the storage that forgets with the page.
import * as Y from 'yjs'
import type { Role } from './access.ts'

/** A copy as it was kept. */
export interface Kept {
  /** Updates that the server has for certain. */
  readonly saved: readonly Uint8Array[]
  /** Own edits that it may not have, oldest first. */
  readonly unsaved: readonly { readonly update: Uint8Array; readonly at: number }[]
  /** What the user could do then. */
  readonly role?: Role
}

/** The copy of one history of a diagram, of one user. Writing never throws: a copy that can't be written says so. */
export interface Copy {
  /** Whether it survives a reload of the page. */
  readonly lasting: boolean
  /** Called once when it can't be written any more. */
  onBroken: () => void
  /** Loads it, once, before anything is added. What was unsaved gets the edit numbers 1, 2, 3 … */
  load(): Promise<Kept>
  remember(role: Role): void
  /** Something of the server's. */
  addSaved(update: Uint8Array): void
  addUnsaved(edit: number, update: Uint8Array, at: number): void
  /** All edits up to this one are durable. */
  acknowledge(edit: number): void
  /** The state that the server has for certain. @throws if this copy does not know it */
  base(): Promise<Y.Doc>
  /** Writes what is still held back. */
  flush(): Promise<void>
  /** Ends writing; the copy stays. */
  close(): Promise<void>
  /** Own edits of this window are not needed here any more. Removes the copy, unless it holds edits of another window. */
  retire(): Promise<void>
}

/** Where copies are kept. */
export interface Copies {
  /** The copy of a diagram, and those of its earlier histories that were set aside. */
  open(user: string, diagram: string): Promise<{ copy: Copy; strays: readonly Copy[] }>
  /** Sets a copy aside, as its history is over, and gives the one of the new history. */
  replace(old: Copy): Promise<Copy>
}

/** Copies that go with the page. They let unsaved edits be carried into another history all the same. */
export const pageCopies: Copies = {
  open: async () => ({ copy: new PageCopy(), strays: [] }),
  replace: async () => new PageCopy(),
}

class PageCopy implements Copy {
  readonly lasting = false
  onBroken = () => {}
  #saved = new Y.Doc()
  #unsaved: { readonly edit: number; readonly update: Uint8Array }[] = []

  async load(): Promise<Kept> {
    return { saved: [], unsaved: [] }
  }

  remember(): void {}

  addSaved(update: Uint8Array): void {
    Y.applyUpdate(this.#saved, update)
  }

  addUnsaved(edit: number, update: Uint8Array): void {
    this.#unsaved.push({ edit, update })
  }

  acknowledge(edit: number): void {
    for (const row of this.#unsaved) if (row.edit <= edit) Y.applyUpdate(this.#saved, row.update)
    this.#unsaved = this.#unsaved.filter((row) => row.edit > edit)
  }

  async base(): Promise<Y.Doc> {
    const base = new Y.Doc()
    Y.applyUpdate(base, Y.encodeStateAsUpdate(this.#saved))
    return base
  }

  async flush(): Promise<void> {}
  async close(): Promise<void> {}
  async retire(): Promise<void> {}
}
