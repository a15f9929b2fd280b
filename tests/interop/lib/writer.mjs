// A person who edits one diagram with a stock client, and remembers what was acknowledged (A3).
import { setTimeout as delay } from 'node:timers/promises'
import * as Y from 'yjs'
import { NotStored, join } from './client.mjs'
import { addTask, outline, record, removeTask } from './diagram.mjs'
import { raise } from './ledger.mjs'

/** Edits between two barriers. */
const EDITS_PER_BARRIER = 4
/** Tasks of its own that a writer keeps. */
const OWN_TASKS = 6

/** @typedef {{ id: string, ledger: import('./ledger.mjs').Ledger }} Diagram */
/** @typedef {{ entry: import('./ledger.mjs').Entry | null, place: number, clock: number, echoes: boolean }} Edit */

export class Writer {
  /**
   * Use `Writer.start`.
   * @param {import('./client.mjs').Client} client
   * @param {Diagram} diagram
   * @param {import('./random.mjs').Random} random
   * @param {{ slot: number, of: number, early?: boolean }} place which existing nodes it names, so
   *   that each has one writer; `early` counts edits as acknowledged when they are sent
   */
  constructor (client, diagram, random, { slot, of, early = false }) {
    this.client = client
    this.diagram = diagram
    this.random = random
    this.slot = slot
    this.of = of
    this.early = early
    this.number = 0
    this.acknowledged = 0
    /** Edits that nobody has acknowledged, oldest first. @type {Edit[]} */
    this.open = []
    /** Its own tasks. @type {string[]} */
    this.tasks = []
    /** @type {Set<string>} */
    this.own = new Set()
    this.barrier = false
    this.stopped = false
  }

  /**
   * @param {import('./server.mjs').Server} server
   * @param {import('./client.mjs').Options} options
   * @param {Diagram} diagram
   * @param {import('./random.mjs').Random} random
   * @param {{ slot: number, of: number, early?: boolean }} place
   */
  static async start (server, options, diagram, random, place) {
    const client = await join(server, diagram.id, options)
    const writer = new Writer(client, diagram, random, place)
    writer.running = writer.run()
    return writer
  }

  async run () {
    while (!this.client.provider.synced) {
      if (this.stopped) return
      await delay(20)
    }
    this.outline = outline(this.client.nodes)
    this.named = this.outline.named.filter((_, index) => index % this.of === this.slot)
    for (const key of this.named) this.own.add(key)
    while (!this.stopped) {
      this.edit()
      if (this.open.length >= EDITS_PER_BARRIER) void this.store()
      await delay(this.random.int(20, 300))
    }
  }

  /** One edit of a random kind, now. */
  edit () {
    const { client: { nodes }, random, outline } = this
    if (!outline || !this.named) return
    const kind = random.next()
    const value = `w${this.client.id} ${++this.number}`
    if (kind < 0.3 && this.named.length > 0) {
      const key = random.pick(this.named)
      return this.write(key, value, () => nodes.get(key)?.set('name', value))
    }
    if (kind < 0.5 && outline.shapes.length > 0) {
      // Everybody moves the same shapes: nobody can tell whose place stays, but all must agree.
      const key = random.pick(outline.shapes)
      const bounds = `${random.int(0, 2000)} ${random.int(0, 2000)} 100 80`
      if (nodes.has(key)) return this.note(null, 0, true, () => nodes.get(key)?.set('#b', bounds))
    }
    const own = random.pick([...this.tasks, ''])
    if (own !== '' && this.tasks.length >= OWN_TASKS) {
      this.tasks = this.tasks.filter(key => key !== own)
      return this.write(own, null, () => removeTask(nodes, own))
    }
    if (own !== '') return this.write(own, value, () => nodes.get(own)?.set('name', value))
    const key = `Task_${this.client.id}_${this.number}`
    this.tasks.push(key)
    this.own.add(key)
    this.write(key, value, () => addTask(nodes, outline, key, value))
  }

  /** @param {string} key @param {string | null} value @param {() => void} change */
  write (key, value, change) {
    const entry = this.diagram.ledger.entry(key)
    this.note(entry, entry.write(value), value !== null, change)
  }

  /**
   * @param {Edit['entry']} entry
   * @param {number} place
   * @param {boolean} echoes whether its echo tells its arrival: a removal has no clock of its own
   * @param {() => void} change
   */
  note (entry, place, echoes, change) {
    change()
    const clock = Y.getState(this.client.doc.store, this.client.id)
    this.open.push({ entry, place, clock, echoes })
    if (this.early && this.client.provider.wsconnected) this.settle(() => true)
  }

  /** Asks for the barrier, unless one is on its way; a lost connection acknowledges nothing. */
  async store () {
    this.settle(edit => edit.echoes && edit.clock <= this.client.echoed)
    // Only then has the provider sent what it edited before it was connected.
    if (this.barrier || !this.client.provider.synced) return
    this.barrier = true
    const covered = new Set(this.open)
    try {
      await this.client.barrier()
      this.settle(edit => covered.has(edit))
    } catch (why) {
      if (!(why instanceof NotStored)) throw why
    } finally {
      this.barrier = false
    }
  }

  /** @param {(edit: Edit) => boolean} isAcknowledged */
  settle (isAcknowledged) {
    this.open = this.open.filter(edit => {
      if (!isAcknowledged(edit)) return true
      this.acknowledged += 1
      raise(this.diagram.ledger.ackedClocks, this.client.id, edit.clock)
      if (edit.entry) edit.entry.acked = Math.max(edit.entry.acked, edit.place)
      return false
    })
  }

  /** Stops editing; the client stays. */
  async stop () {
    this.stopped = true
    await this.running
  }

  /** As a crashed browser: what it has not sent is gone. */
  async die () {
    this.stopped = true
    this.client.leave()
    await this.running
  }

  /** Whether its copy shows its own last writes. */
  holdsItsOwn () {
    return [...this.own].every(key => {
      const entry = this.diagram.ledger.entries.get(key)
      return !entry || entry.reached(this.client.doc) === entry.last
    })
  }

  /** @param {string} key */
  name (key) { return record(this.client.nodes, key)?.name }
}
