// Who is here: own whereabouts at a bounded rate, and the others. y-protocols does the bookkeeping; this adds types,
// the rate, the size, and what happens when the connection or the document changes.
import {
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates,
  Awareness as States,
} from 'y-protocols/awareness'
import type * as Y from 'yjs'
import { AWARENESS_EVERY_MS, AWARENESS_RENEW_MS } from './limits.ts'
import { type Person, toPerson, toState, type User, type Whereabouts } from './person.ts'
import { Cell, type Readable } from './readable.ts'

type Change = { added: number[]; updated: number[]; removed: number[] }

/** Own whereabouts and the others' in one diagram. Lives as long as the diagram is open, over reconnects and new documents. */
export class Awareness {
  readonly #others = new Cell<readonly Person[]>([])
  #user: User
  #where: Whereabouts = {}
  #states: States
  #send: ((states: Uint8Array) => void) | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #shownAt = Number.NEGATIVE_INFINITY
  /** What was read of each state, so that an unchanged person stays the same object. */
  #read = new WeakMap<object, Person>()

  constructor(doc: Y.Doc, user: User) {
    this.#user = user
    this.#states = this.#attach(doc)
  }

  /** Everybody else, in the order of their client ids. Empty while there is no connection. */
  get others(): Readable<readonly Person[]> {
    return this.#others
  }

  /** The own client id: that of the document. */
  get client(): number {
    return this.#states.clientID
  }

  /** What others see of oneself. */
  get here(): Whereabouts {
    return this.#where
  }

  /**
   * Changes the fields that are given; `undefined` takes one away. Others see the latest state, at most 20 times a
   * second.
   */
  show(change: { readonly [field in keyof Whereabouts]: Whereabouts[field] | undefined }): void {
    const where = { ...this.#where, ...change }
    this.#where = Object.fromEntries(Object.entries(where).filter(([, value]) => value !== undefined))
    this.#later()
  }

  /** Another name or colour. */
  rename(user: User): void {
    this.#user = user
    this.#later()
  }

  /** A connection is open: tells it the own state, and from now on its changes. */
  connected(send: (states: Uint8Array) => void): void {
    this.#send = send
    this.#publish()
  }

  /** The connection is gone: nobody is seen any more; the server will tell anew who is there. */
  disconnected(): void {
    this.#send = undefined
    const others = [...this.#states.getStates().keys()].filter((client) => client !== this.client)
    removeAwarenessStates(this.#states, others, this)
  }

  /** What the server tells. @throws on bytes that can't be read */
  receive(states: Uint8Array): void {
    applyAwarenessUpdate(this.#states, states, this)
    const shownAt = this.#states.meta.get(this.client)?.lastUpdated ?? 0
    if (Date.now() - shownAt > AWARENESS_RENEW_MS) this.#publish()
  }

  /** The diagram goes on in another document, whose client id is another one. */
  move(doc: Y.Doc): void {
    this.disconnected()
    this.#states.destroy()
    this.#states = this.#attach(doc)
    this.#refresh()
  }

  /** Tells everybody that this window leaves. */
  leave(): void {
    clearTimeout(this.#timer)
    this.#states.destroy()
    this.#send = undefined
    this.#others.set([])
  }

  #attach(doc: Y.Doc): States {
    const states = new States(doc)
    states.setLocalState(toState(this.#user, this.#where))
    states.on('update', (_: Change, origin: unknown) => {
      if (origin === 'local') this.#send?.(encodeAwarenessUpdate(states, [states.clientID]))
    })
    states.on('change', (_: Change, origin: unknown) => {
      if (origin !== 'local') this.#refresh()
    })
    return states
  }

  #later(): void {
    if (this.#timer !== undefined) return
    const wait = this.#shownAt + AWARENESS_EVERY_MS - performance.now()
    if (wait <= 0) this.#publish()
    else this.#timer = setTimeout(() => this.#publish(), wait)
  }

  #publish(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#shownAt = performance.now()
    this.#states.setLocalState(toState(this.#user, this.#where))
  }

  #refresh(): void {
    const people: Person[] = []
    for (const [client, state] of this.#states.getStates()) {
      if (client === this.client) continue
      const person = this.#read.get(state) ?? toPerson(client, state)
      if (!person) continue
      this.#read.set(state, person)
      people.push(person)
    }
    this.#others.set(people.sort((a, b) => a.client - b.client))
  }
}
