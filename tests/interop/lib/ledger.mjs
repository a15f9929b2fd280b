// What was written to one diagram, and what must be found there whatever happened to the server.
import * as Y from 'yjs'
import { record } from './diagram.mjs'

/**
 * One field with one writer at a time, whose values are all different: the value that is found tells
 * how far the writes got. `null` means that the node was removed, which ends its history.
 */
export class Entry {
  /** @param {string} key of the node */
  constructor (key) {
    this.key = key
    /** @type {(string | null)[]} */
    this.values = []
    /** The highest place in `values` that was acknowledged. */
    this.acked = -1
    /** The highest place in `values` that another client had. */
    this.seen = -1
  }

  get last () { return this.values.length - 1 }

  /** @param {string | null} value @returns {number} its place */
  write (value) { return this.values.push(value) - 1 }

  /** How far the writes got in this copy; -1 when none is there. @param {Y.Doc} doc */
  reached (doc) {
    /** @type {import('./diagram.mjs').Nodes} */
    const nodes = doc.getMap('nodes')
    return this.values.lastIndexOf(record(nodes, this.key)?.name ?? null)
  }
}

/** All that was written to one diagram. */
export class Ledger {
  constructor () {
    /** @type {Map<string, Entry>} */
    this.entries = new Map()
    /** Clocks of writers that were acknowledged. @type {Map<number, number>} */
    this.ackedClocks = new Map()
    /** Clocks of writers that others had. @type {Map<number, number>} */
    this.seenClocks = new Map()
  }

  /** @param {string} key */
  entry (key) {
    let entry = this.entries.get(key)
    if (!entry) this.entries.set(key, entry = new Entry(key))
    return entry
  }

  /**
   * Notes what a client has of others.
   * @param {Y.Doc} doc
   * @param {(key: string) => boolean} isOwn whether it writes this node itself
   */
  see (doc, isOwn) {
    for (const entry of this.entries.values()) {
      if (!isOwn(entry.key)) entry.seen = Math.max(entry.seen, entry.reached(doc))
    }
    for (const [client, clock] of Y.decodeStateVector(Y.encodeStateVector(doc))) {
      if (client !== doc.clientID) raise(this.seenClocks, client, clock)
    }
  }

  /**
   * What a copy lacks: lines that name the loss.
   * @param {Y.Doc} doc
   * @returns {{ lost: string[], absent: number }} `absent` counts writes that nobody was promised
   */
  compare (doc) {
    const lost = []
    let absent = 0
    for (const entry of this.entries.values()) {
      const reached = entry.reached(doc)
      absent += entry.last - reached
      for (const kind of /** @type {const} */ (['acked', 'seen'])) {
        if (reached < entry[kind]) {
          lost.push(`${kind} ${JSON.stringify(entry.values[entry[kind]])} of ${entry.key}, ` +
            `found ${JSON.stringify(entry.values[reached])}`)
        }
      }
    }
    const have = Y.decodeStateVector(Y.encodeStateVector(doc))
    for (const [kind, clocks] of /** @type {const} */ ([['acked', this.ackedClocks], ['seen', this.seenClocks]])) {
      for (const [client, clock] of clocks) {
        if ((have.get(client) ?? 0) < clock) {
          lost.push(`${kind} clock ${clock} of client ${client}, found ${have.get(client)}`)
        }
      }
    }
    return { lost, absent }
  }
}

/** @param {Map<number, number>} clocks @param {number} client @param {number} clock */
export function raise (clocks, client, clock) {
  clocks.set(client, Math.max(clocks.get(client) ?? 0, clock))
}
