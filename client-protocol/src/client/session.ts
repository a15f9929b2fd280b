// One socket's conversation about one document: sync, edits, barriers, refusals (PROTOCOL.md O1–O3, A1–A5).
// Knows no socket: bytes come in by `receive` and go out by `send`.
import * as Y from 'yjs'
import type { Role } from './access.ts'
import type { Awareness } from './awareness.ts'
import { MESSAGE_BYTES, RETRY_LONGEST_MS, STORE_RETRY_MS } from './limits.ts'
import type { Saves } from './saves.ts'
import { uncaught } from './uncaught.ts'
import * as wire from './wire.ts'

/** What a session tells whoever holds it. */
export interface SessionEvents {
  /** The document holds what the server has. */
  synced(): void
  /** All edits up to this one are durable. */
  saved(edit: number): void
  /** The server says, or shows by a refusal, what this user may do from now on. */
  roleChanged(role: Role): void
}

/** Codes of type 103 (A4). */
const READ_ONLY = 1
const GAP = 2
const TOO_LARGE = 3

export class Session {
  readonly #doc: Y.Doc
  readonly #saves: Saves
  readonly #awareness: Awareness
  readonly #send: (frame: Uint8Array) => void
  readonly #events: SessionEvents
  /** What the server had when it asked last; it only gets more. */
  #theirs: Uint8Array | undefined
  /** Something was refused: what follows would be a gap, so the whole difference is sent in its place. */
  #behind = false
  /** The server asked for what it misses since the barrier was sent. */
  #madeGood = false
  #storeRetries = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #synced = false

  constructor(
    doc: Y.Doc,
    saves: Saves,
    awareness: Awareness,
    send: (frame: Uint8Array) => void,
    events: SessionEvents,
  ) {
    this.#doc = doc
    this.#saves = saves
    this.#awareness = awareness
    this.#send = send
    this.#events = events
  }

  /** Says hello (O1). Edits wait until the server has asked for them (O2). */
  start(): void {
    this.#send(wire.step1(Y.encodeStateVector(this.#doc)))
    this.#awareness.connected((states) => this.#send(wire.awareness(states)))
  }

  /** @throws on bytes that no server sends */
  receive(frame: Uint8Array): void {
    for (const message of wire.decode(frame)) this.#take(message)
  }

  /** An edit of this client, right when it is made. */
  edited(update: Uint8Array): void {
    if (this.#theirs === undefined) return
    if (this.#behind) this.#sendDifference()
    else this.#sendEdit(wire.update(update))
    this.#ask()
  }

  /** Sends all that the server may miss; after a change of rights, for example. */
  resend(): void {
    if (this.#theirs === undefined) return
    this.#sendDifference()
    this.#ask()
  }

  /** The socket is gone. */
  end(): void {
    clearTimeout(this.#retry)
    this.#saves.lost()
    this.#awareness.disconnected()
  }

  #take(message: wire.ServerMessage): void {
    switch (message.type) {
      case 'step1':
        this.#theirs = message.vector
        this.#madeGood = true
        this.#sendDifference()
        this.#ask()
        break
      case 'step2':
        this.#apply(message.update)
        if (!this.#synced) this.#events.synced()
        this.#synced = true
        break
      case 'update':
        this.#apply(message.update)
        break
      case 'awareness':
        this.#awareness.receive(message.states)
        break
      case 'barrier':
        this.#stored(wire.barrierNumber(message.opaque))
        break
      case 'refused':
        if (this.#saves.refused(wire.barrierNumber(message.opaque))) this.#refused(message.code)
        break
      case 'role':
        // A role that this client does not know gives no right to write.
        this.#events.roleChanged(message.role === 'editor' ? 'editor' : 'viewer')
        break
      // The end of a token is known from the token itself.
      case 'token taken':
        break
    }
  }

  #apply(update: Uint8Array): void {
    try {
      Y.applyUpdate(this.#doc, update, this)
    } catch (error) {
      // Yjs throws what an observer of the document threw, after it took the update.
      uncaught(error)
    }
  }

  #sendDifference(): void {
    this.#behind = false
    this.#sendEdit(wire.step2(Y.encodeStateAsUpdate(this.#doc, this.#theirs)))
  }

  #sendEdit(frame: Uint8Array): void {
    if (frame.length <= MESSAGE_BYTES) {
      this.#send(frame)
    } else {
      // It would close the socket for good (T2).
      this.#behind = true
      this.#saves.problem = 'too large'
    }
  }

  #ask(): void {
    // Behind an edit that was not sent a barrier would say "saved" of it.
    if (this.#behind) return
    const barrier = this.#saves.ask()
    if (barrier === undefined) return
    this.#madeGood = false
    this.#send(wire.barrier(barrier))
  }

  #stored(barrier: number | undefined): void {
    const edit = this.#saves.returned(barrier)
    if (edit === undefined) return
    this.#storeRetries = 0
    this.#events.saved(edit)
    // For the edits made while it was on its way.
    this.#ask()
  }

  #refused(code: number): void {
    if (code === GAP) {
      // The Step1 that came along is answered; if it is still on its way, its answer asks again.
      if (this.#madeGood) this.#ask()
      return
    }
    this.#behind = true
    if (code === READ_ONLY) {
      this.#saves.problem = 'read only'
      this.#events.roleChanged('viewer')
    } else if (code === TOO_LARGE) {
      // The next edit may make the document smaller.
      this.#saves.problem = 'too large'
    } else {
      this.#saves.problem = 'not stored'
      const wait = Math.min(STORE_RETRY_MS * 2 ** this.#storeRetries, RETRY_LONGEST_MS)
      this.#storeRetries += 1
      clearTimeout(this.#retry)
      this.#retry = setTimeout(() => this.resend(), wait)
    }
  }
}
