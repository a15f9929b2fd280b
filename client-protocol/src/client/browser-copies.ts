// Copies in the browser's IndexedDB: they survive a reload, a crash and a day without network.
//
// Own code instead of y-indexeddb, which keeps one growing list of updates per name: it can't tell own unsaved edits
// from the rest (what is counted, and carried over, after a reload), mixes two histories of a diagram into one
// document, and knows neither users nor bounds.
//
// Two stores: `copies`, one row for each history of a diagram that a user has here, and `updates`, under
// [copy, window, number], so that two windows of one user write side by side. An update with `at` is an own edit that is
// not known to be durable.
import { uuidv4 } from 'lib0/random'
import * as Y from 'yjs'
import type { Role } from './access.ts'
import type { Copies, Copy, Kept } from './copies.ts'
import { COPIES, COPY_BATCH_MS, COPY_OPEN_MS, COPY_ROWS } from './limits.ts'

interface CopyRow {
  readonly id: string
  readonly owner: [user: string, diagram: string]
  /** Set aside: its history is over. */
  readonly stray: boolean
  readonly usedAt: number
  readonly role?: Role
}

interface UpdateRow {
  readonly update: Uint8Array
  readonly at?: number
}

type Key = [copy: string, window: string, number: number]

/** Copies in IndexedDB. Two of one name share them. */
export function browserCopies(name = 'atelier'): Copies {
  return new BrowserCopies(name)
}

class BrowserCopies implements Copies {
  readonly #name: string
  #database: Promise<IDBDatabase> | undefined

  constructor(name: string) {
    this.#name = name
  }

  async open(user: string, diagram: string) {
    const database = await this.#open()
    const work = database.transaction('copies', 'readwrite')
    const rows = work.objectStore('copies')
    const owner: CopyRow['owner'] = [user, diagram]
    const known: CopyRow[] = await result(rows.index('owner').getAll(owner))
    const current = known.find((row) => !row.stray) ?? newRow(owner)
    rows.put({ ...current, usedAt: Date.now() })
    await done(work)
    // Not being able to tidy up is no reason not to work.
    sweep(database).catch(() => {})
    const copy = (row: CopyRow) => new BrowserCopy(database, row)
    return { copy: copy(current), strays: known.filter((row) => row.stray).map(copy) }
  }

  async replace(old: Copy): Promise<Copy> {
    if (!(old instanceof BrowserCopy)) throw new TypeError('a copy of another kind')
    const database = await this.#open()
    const work = database.transaction('copies', 'readwrite')
    const rows = work.objectStore('copies')
    const known: CopyRow[] = await result(rows.index('owner').getAll(old.row.owner))
    // Another window of this user may have set it aside already.
    const current = known.find((row) => !row.stray && row.id !== old.row.id) ?? newRow(old.row.owner)
    rows.put({ ...old.row, stray: true })
    rows.put(current)
    await done(work)
    return new BrowserCopy(database, current)
  }

  #open(): Promise<IDBDatabase> {
    this.#database ??= openDatabase(this.#name).catch((error) => {
      this.#database = undefined
      throw error
    })
    return this.#database
  }
}

class BrowserCopy implements Copy {
  readonly lasting = true
  onBroken = () => {}
  row: CopyRow
  readonly #database: IDBDatabase
  readonly #window = uuidv4()
  #numbers = 0
  /** Rows of unsaved edits, by edit. */
  #unsaved: { readonly edit: number; readonly key: Key }[] = []
  /** Updates of others that wait to be written. */
  #batch: Uint8Array[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #rows = 0
  #closed = false

  constructor(database: IDBDatabase, row: CopyRow) {
    this.#database = database
    this.row = row
  }

  async load(): Promise<Kept> {
    const rows = await this.#read()
    const unsaved = rows
      .filter(({ row }) => row.at !== undefined)
      .sort((a, b) => (a.row.at ?? 0) - (b.row.at ?? 0))
    this.#unsaved = unsaved.map(({ key }, index) => ({ edit: index + 1, key }))
    this.#rows = rows.length
    return {
      saved: rows.filter(({ row }) => row.at === undefined).map(({ row }) => row.update),
      unsaved: unsaved.map(({ row }) => ({ update: row.update, at: row.at ?? 0 })),
      ...(this.row.role && { role: this.row.role }),
    }
  }

  remember(role: Role): void {
    if (role === this.row.role) return
    this.row = { ...this.row, role }
    void this.#write('copies', (copies) => {
      const row: IDBRequest<CopyRow | undefined> = copies.get(this.row.id)
      // Another window may have set it aside, or removed it.
      row.onsuccess = () => row.result && copies.put({ ...row.result, role })
    })
  }

  addSaved(update: Uint8Array): void {
    if (this.#closed) return
    this.#batch.push(update)
    this.#timer ??= setTimeout(() => void this.flush(), COPY_BATCH_MS)
  }

  addUnsaved(edit: number, update: Uint8Array, at: number): void {
    // It may build on them.
    void this.flush()
    const key = this.#nextKey()
    this.#unsaved.push({ edit, key })
    void this.#write('updates', (updates) => updates.put({ update, at } satisfies UpdateRow, key))
  }

  acknowledge(edit: number): void {
    const keys = this.#unsaved.filter((row) => row.edit <= edit).map((row) => row.key)
    this.#unsaved = this.#unsaved.filter((row) => row.edit > edit)
    void this.#write('updates', (updates) => {
      for (const key of keys) {
        const found: IDBRequest<UpdateRow | undefined> = updates.get(key)
        // Another window may have merged it already.
        found.onsuccess = () => found.result && updates.put({ update: found.result.update }, key)
      }
    })
    if (this.#rows > COPY_ROWS) void this.#compact()
  }

  async base(): Promise<Y.Doc> {
    await this.flush()
    const base = new Y.Doc()
    const rows = await this.#read()
    base.transact(() => {
      for (const { row } of rows) if (row.at === undefined) Y.applyUpdate(base, row.update)
    })
    return base
  }

  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const batch = this.#batch
    this.#batch = []
    if (batch.length === 0) return
    const update = batch.length === 1 ? batch[0] : Y.mergeUpdates(batch)
    await this.#write('updates', (updates) => updates.put({ update }, this.#nextKey()))
    if (this.#rows > COPY_ROWS) await this.#compact()
  }

  async close(): Promise<void> {
    await this.flush()
    this.#closed = true
  }

  async retire(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#batch = []
    const own = new Set(this.#unsaved.map(({ key }) => `${key}`))
    try {
      const work = this.#database.transaction(['copies', 'updates'], 'readwrite')
      const updates = work.objectStore('updates')
      const range = rangeOf(this.row.id)
      const keys = updates.getAllKeys(range)
      const rows: IDBRequest<UpdateRow[]> = updates.getAll(range)
      rows.onsuccess = () => {
        let others = 0
        rows.result.forEach(({ update, at }, index) => {
          const key = keys.result[index] as Key
          // Edits of others may build on it.
          if (own.has(`${key}`)) updates.put({ update }, key)
          else if (at !== undefined) others += 1
        })
        if (others === 0) remove(work, this.row.id)
      }
      await done(work)
    } catch {
      this.onBroken()
    }
  }

  #nextKey(): Key {
    this.#numbers += 1
    this.#rows += 1
    return [this.row.id, this.#window, this.#numbers]
  }

  async #read(): Promise<{ key: Key; row: UpdateRow }[]> {
    const updates = this.#database.transaction('updates').objectStore('updates')
    const range = rangeOf(this.row.id)
    const [keys, rows] = await Promise.all([result(updates.getAllKeys(range)), result(updates.getAll(range))])
    return rows.map((row: UpdateRow, index) => ({ key: keys[index] as Key, row }))
  }

  /** One transaction. The browser may refuse it (no space left): then this copy is no use any more. */
  async #write(store: 'copies' | 'updates', change: (store: IDBObjectStore) => void): Promise<void> {
    if (this.#closed) return
    try {
      const work = this.#database.transaction(store, 'readwrite')
      change(work.objectStore(store))
      await done(work)
    } catch {
      this.#closed = true
      this.onBroken()
    }
  }

  /** Merges all that is saved into one row, without what was deleted since. */
  async #compact(): Promise<void> {
    this.#rows = 0
    const range = rangeOf(this.row.id)
    await this.#write('updates', (updates) => {
      const keys = updates.getAllKeys(range)
      const rows: IDBRequest<UpdateRow[]> = updates.getAll(range)
      rows.onsuccess = () => {
        const doc = new Y.Doc()
        doc.transact(() => {
          rows.result.forEach(({ update, at }, index) => {
            if (at !== undefined) return
            Y.applyUpdate(doc, update)
            updates.delete(keys.result[index] as Key)
          })
        })
        updates.put({ update: Y.encodeStateAsUpdate(doc) }, this.#nextKey())
        doc.destroy()
      }
    })
  }
}

const newRow = (owner: CopyRow['owner']): CopyRow => ({
  id: uuidv4(),
  owner,
  stray: false,
  usedAt: Date.now(),
})

/** All updates of a copy: an array sorts behind every string. */
const rangeOf = (copy: string): IDBKeyRange => IDBKeyRange.bound([copy], [copy, []])

function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    // Some browsers never answer where storage is forbidden.
    const late = setTimeout(() => reject(new Error('the browser does not open its storage')), COPY_OPEN_MS)
    const opening = indexedDB.open(name, 1)
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore('copies', { keyPath: 'id' }).createIndex('owner', 'owner')
      opening.result.createObjectStore('updates')
    }
    opening.onsuccess = () => {
      clearTimeout(late)
      // A later version of this package, in another window, must not wait for this one.
      opening.result.onversionchange = () => opening.result.close()
      resolve(opening.result)
    }
    opening.onerror = () => {
      clearTimeout(late)
      reject(opening.error)
    }
  })
}

/** Removes the least recently used copies above the bound, but none that holds unsaved edits. */
async function sweep(database: IDBDatabase): Promise<void> {
  const work = database.transaction(['copies', 'updates'], 'readwrite')
  const all: CopyRow[] = await result(work.objectStore('copies').getAll())
  const old = all.sort((a, b) => b.usedAt - a.usedAt).slice(COPIES)
  for (const { id } of old) {
    const rows: UpdateRow[] = await result(work.objectStore('updates').getAll(rangeOf(id)))
    if (rows.every((row) => row.at === undefined)) remove(work, id)
  }
  await done(work)
}

function remove(work: IDBTransaction, copy: string): void {
  work.objectStore('copies').delete(copy)
  work.objectStore('updates').delete(rangeOf(copy))
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

function done(work: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    work.oncomplete = () => resolve()
    work.onabort = () => reject(work.error)
  })
}
