// One stock client: a Y.Doc and an unchanged y-websocket provider, and what a test sees of its socket.
import { isDeepStrictEqual } from 'node:util'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import WebSocket from 'ws'
import { WebsocketProvider as V1 } from 'y-websocket-1.5.4'
import { WebsocketProvider as V2 } from 'y-websocket-2.1.0'
import { WebsocketProvider as V30 } from 'y-websocket-3.0.0'
import { WebsocketProvider as V31 } from 'y-websocket-3.1.0'
import * as Y from 'yjs'
import { until, within } from './wait.mjs'

/** @type {Record<string, any>} */
const PROVIDERS = { '1.5.4': V1, '2.1.0': V2, '3.0.0': V30, '3.1.0': V31 }

/** The released versions of the provider that the server serves. */
export const VERSIONS = Object.keys(PROVIDERS)

// Every provider listens to the end of the process.
process.setMaxListeners(0)

/** Message types of this server beside those of y-websocket. */
const TOKEN = 101
const BARRIER = 102
const REFUSED = 103

/**
 * @typedef {object} Options
 * @property {string} [version] of the provider
 * @property {import('./server.mjs').OrgRole} [role]
 * @property {string} [user]
 * @property {string} [token] a room token, instead of the one that the server gives
 * @property {Y.Doc} [doc] an existing copy
 * @property {import('./gate.mjs').Gate} [gate] the way through it
 * @property {Record<string, unknown> | null} [state] of awareness
 * @property {Record<string, unknown>} [provider] options of the provider
 */

/** Why a barrier came back as refused, or did not come back. */
export class NotStored extends Error {
  /** @param {number} code 0: the connection was lost @param {string} reason */
  constructor (code, reason) {
    super(reason)
    this.code = code
  }
}

export class Client {
  /**
   * Use `join`.
   * @param {string} url @param {string} room @param {string} token @param {Options} options
   */
  constructor (url, room, token, options) {
    const { version = '3.1.0', doc = new Y.Doc(), state } = options
    this.version = version
    this.doc = doc
    /** Codes of the closes so far; `null` where the client itself closed. @type {(number | null)[]} */
    this.closes = []
    /** How often the socket was open. */
    this.opened = 0
    /** Clocks of this document's own edits that came back over the socket. */
    this.echoed = 0
    /** Expiry times that the server told in answer to a token. @type {string[]} */
    this.tokens = []
    this.barriers = 0
    /** @type {Map<number, { resolve: () => void, reject: (why: NotStored) => void }>} */
    this.pending = new Map()

    const client = this
    class Spied extends WebSocket {
      /** @param {string} address @param {string[]} [protocols] */
      constructor (address, protocols) {
        super(address, protocols ?? [])
        this.on('open', () => { client.opened += 1 })
        this.on('message', bytes => client.#hear(new Uint8Array(/** @type {ArrayBuffer} */ (bytes))))
        this.on('close', () => client.#lost())
      }
    }
    const Provider = PROVIDERS[version]
    this.provider = new Provider(url, room, doc, {
      disableBc: true,
      WebSocketPolyfill: Spied,
      params: { token },
      connect: false,
      ...options.provider
    })
    this.awareness = this.provider.awareness
    if (state !== undefined) this.awareness.setLocalState(state)
    this.provider.on('connection-close', (/** @type {{ code: number } | null} */ event) => {
      this.closes.push(event?.code ?? null)
    })
    const handlers = this.provider.messageHandlers
    handlers[TOKEN] = (/** @type {any} */ _, /** @type {decoding.Decoder} */ decoder) => {
      this.tokens.push(decoding.readVarString(decoder))
    }
    handlers[BARRIER] = (/** @type {any} */ _, /** @type {decoding.Decoder} */ decoder) => {
      this.#settle(decoder)?.resolve()
    }
    handlers[REFUSED] = (/** @type {any} */ _, /** @type {decoding.Decoder} */ decoder) => {
      const waiting = this.#settle(decoder)
      const code = decoding.readVarUint(decoder)
      waiting?.reject(new NotStored(code, decoding.readVarString(decoder)))
    }
    this.provider.connect()
  }

  /** The records of the diagram. @returns {Y.Map<Y.Map<any>>} */
  get nodes () { return this.doc.getMap('nodes') }

  get id () { return this.doc.clientID }

  /** The states of others that this client sees. @returns {Map<number, any>} */
  get others () {
    const states = new Map(this.awareness.getStates())
    states.delete(this.id)
    return states
  }

  /** Waits until the provider says that it has the server's state. */
  async synced () {
    await until(`${this.version} is synced`, () => this.provider.synced)
    return this
  }

  /**
   * Waits until everything that was sent so far is durable (A1).
   * @throws {NotStored}
   */
  async barrier () {
    const number = ++this.barriers
    /** @type {Promise<void>} */
    const stored = new Promise((resolve, reject) => this.pending.set(number, { resolve, reject }))
    const opaque = encoding.encode(encoder => encoding.writeVarUint(encoder, number))
    this.send(BARRIER, encoder => encoding.writeVarUint8Array(encoder, opaque))
    await within('the answer to a barrier', stored)
  }

  /**
   * Waits until everything that was sent so far is durable, also when the server first asks for
   * what it misses (C2): the provider answers that by itself.
   */
  async stored () {
    await until('a barrier comes back', () => this.barrier().then(() => true, (/** @type {unknown} */ why) => {
      if (why instanceof NotStored && why.code === 2) return false
      throw why
    }))
  }

  /** Shows the server a fresh token, in band. @param {string} token */
  refresh (token) {
    this.send(TOKEN, encoder => encoding.writeVarString(encoder, token))
  }

  /** @param {number} type @param {(encoder: encoding.Encoder) => void} body */
  send (type, body) {
    this.sendRaw(encoding.encode(encoder => {
      encoding.writeVarUint(encoder, type)
      body(encoder)
    }))
  }

  /** @param {Uint8Array} frame */
  sendRaw (frame) {
    const socket = this.provider.ws
    if (socket?.readyState === WebSocket.OPEN) socket.send(frame)
    else this.#lost()
  }

  /** Leaves as a closed tab does: the provider says good-bye and never comes back. */
  leave () {
    this.provider.destroy()
    this.awareness.destroy()
    this.#lost()
  }

  /** Records what others see of awareness; call before. @returns {{ added: number[], updated: number[], removed: number[] }} */
  watchAwareness () {
    /** @type {{ added: number[], updated: number[], removed: number[] }} */
    const seen = { added: [], updated: [], removed: [] }
    this.awareness.on('update', (/** @type {typeof seen} */ change) => {
      seen.added.push(...change.added)
      seen.updated.push(...change.updated)
      seen.removed.push(...change.removed)
    })
    return seen
  }

  /** @param {Uint8Array} bytes */
  #hear (bytes) {
    const decoder = decoding.createDecoder(bytes)
    if (decoding.readVarUint(decoder) !== 0 || decoding.readVarUint(decoder) === 0) return
    const { to } = Y.parseUpdateMeta(decoding.readVarUint8Array(decoder))
    this.echoed = Math.max(this.echoed, to.get(this.id) ?? 0)
  }

  /** @param {decoding.Decoder} decoder */
  #settle (decoder) {
    const number = decoding.readVarUint(decoding.createDecoder(decoding.readVarUint8Array(decoder)))
    const waiting = this.pending.get(number)
    this.pending.delete(number)
    return waiting
  }

  #lost () {
    for (const { reject } of this.pending.values()) reject(new NotStored(0, 'the connection was lost'))
    this.pending.clear()
  }
}

/**
 * A client on its way in.
 * @param {import('./server.mjs').Server} server
 * @param {string} id
 * @param {Options} [options]
 */
export async function join (server, id, options = {}) {
  const { user = 'ana', role = 'member' } = options
  const way = options.token === undefined ? await server.collaborate(id, { user, role }) : null
  const port = options.gate?.port ?? server.port
  const url = `ws://127.0.0.1:${port}/collab`
  return new Client(url, id, options.token ?? /** @type {{ token: string }} */ (way).token, options)
}

/** Whether two copies hold the same, tombstones included. @param {Y.Doc} a @param {Y.Doc} b */
export function same (a, b) {
  return Y.equalSnapshots(Y.snapshot(a), Y.snapshot(b)) &&
    isDeepStrictEqual(a.getMap('nodes').toJSON(), b.getMap('nodes').toJSON())
}
