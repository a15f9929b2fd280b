// Edits that the server writes for somebody: saves by REST and restores. Tells which of them is this person's own
// restore, so that undo can take it back, and when somebody else may have saved. Knows no REST.
import type * as Y from 'yjs'

/** Servers write under ids from here on (E2 of PROTOCOL.md). */
const SERVER_IDS = 2 ** 32

/** Looks at the edits of one document. */
export class ServerEdits {
  readonly #listener: (sure: boolean) => void
  #awaited = false
  #own: Y.Transaction | undefined
  #doc: Y.Doc | undefined

  /** @param listener is called when somebody else has saved or restored or, if not `sure`, may have */
  constructor(listener: (sure: boolean) => void) {
    this.#listener = listener
  }

  /** Follows a document, from when its first content is there. */
  follow(doc: Y.Doc): void {
    this.stop()
    this.#doc = doc
    doc.on('afterTransaction', this.#look)
  }

  /** Follows no document any more. */
  stop(): void {
    this.#doc?.off('afterTransaction', this.#look)
    this.#doc = undefined
  }

  /** This person has asked for a restore: the next edit of the server is theirs. */
  expect(): void {
    this.#awaited = true
  }

  /** There will be none. */
  expectNone(): void {
    this.#awaited = false
  }

  /** Whether this transaction is the restore that was asked for. */
  isOwn(transaction: Y.Transaction): boolean {
    if (transaction === this.#own) return true
    if (!this.#awaited || writerOf(transaction) === 'person') return false
    this.#awaited = false
    this.#own = transaction
    return true
  }

  readonly #look = (transaction: Y.Transaction) => {
    const writer = writerOf(transaction)
    if (writer !== 'person' && !this.isOwn(transaction)) this.#listener(writer === 'server')
  }
}

/** New structs tell who wrote them; an edit that only deletes has none, and may be anybody's. */
function writerOf(transaction: Y.Transaction): 'person' | 'server' | 'anybody' {
  const { local, beforeState, afterState, deleteSet } = transaction
  if (local) return 'person'
  let isNew = false
  for (const [client, clock] of afterState) {
    if (clock <= (beforeState.get(client) ?? 0)) continue
    if (client >= SERVER_IDS) return 'server'
    isNew = true
  }
  return !isNew && deleteSet.clients.size > 0 ? 'anybody' : 'person'
}
