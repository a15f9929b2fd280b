// Holds one socket to a room: fetches and renews tokens, notices silence, comes back after losses (PROTOCOL.md R1,
// R3, T7). Knows no document: what is said on the socket is its owner's.
import { type Access, AccessDenied, checked, type FetchAccess, type Role } from './access.ts'
import { type CloseReason, closeReason } from './close.ts'
import * as limits from './limits.ts'
import { Cell, type Readable } from './readable.ts'
import * as wire from './wire.ts'

/** How it stands with the connection. */
export type Connection =
  /** For the first time, or after `reconnect()`. */
  | { readonly state: 'connecting' }
  /** The document holds what the server has; edits of both sides flow. */
  | { readonly state: 'online' }
  /** Lost, and being tried again: at `retryAt` (browser's clock), or right now if that is null. */
  | { readonly state: 'offline'; readonly text: string; readonly retryAt: number | null }
  /** The server does not let this user in (any more). Nothing happens until `reconnect()`. */
  | { readonly state: 'refused'; readonly reason: CloseReason; readonly text: string }
  /** `close()` was called. */
  | { readonly state: 'closed' }

/** What a link tells its owner. */
export interface LinkEvents {
  /** A socket is open. */
  opened(): void
  /** @throws on bytes that no server sends */
  received(frame: Uint8Array): void
  /** The open socket is gone. */
  lost(): void
  /** The document belongs to another history (E2): another one is needed before the next socket opens. */
  otherHistory(): Promise<void>
  /** Whether nothing waits to be saved. */
  idle(): boolean
}

export class Link {
  readonly #state = new Cell<Connection>({ state: 'connecting' })
  readonly #role = new Cell<Role | undefined>(undefined)
  readonly #fetchAccess: FetchAccess
  readonly #WebSocket: typeof WebSocket
  readonly #events: LinkEvents
  #access: Fetched | undefined
  #socket: WebSocket | undefined
  /** Only the latest attempt counts: results of earlier ones are dropped. */
  #turn = 0
  #failures = 0
  #tokensRefused = 0
  #histories = 0
  #onlineSince: number | undefined
  #heardAt = 0
  #retry: Timer
  #silence: Timer
  #renewal: Timer

  constructor(fetchAccess: FetchAccess, Socket: typeof WebSocket, events: LinkEvents) {
    this.#fetchAccess = fetchAccess
    this.#WebSocket = Socket
    this.#events = events
  }

  get state(): Readable<Connection> {
    return this.#state
  }

  /** As the last token says; undefined before the first. */
  get role(): Readable<Role | undefined> {
    return this.#role
  }

  /** Connects, also after a refusal, and at once. */
  connect(): void {
    if (this.#state.value.state === 'closed') return
    this.#drop()
    this.#state.set({ state: 'connecting' })
    this.#failures = this.#tokensRefused = this.#histories = 0
    void this.#attempt()
  }

  send(frame: Uint8Array): void {
    if (this.#socket?.readyState === this.#WebSocket.OPEN) this.#socket.send(frame as Uint8Array<ArrayBuffer>)
  }

  /** The owner has what the server has. */
  synced(): void {
    this.#onlineSince = Date.now()
    this.#tokensRefused = this.#histories = 0
    this.#state.set({ state: 'online' })
  }

  /** The world may have changed (network, page seen again): waits no longer, and doubts a quiet socket. */
  nudge(): void {
    if (this.#retry !== undefined) void this.#attempt()
    else if (Date.now() - this.#heardAt > limits.DOUBTFUL_MS) this.probe()
  }

  /** The open socket must answer now, or is given up. */
  probe(): void {
    if (this.#socket?.readyState !== this.#WebSocket.OPEN || !this.#access) return
    // A token is answered at once, also while the server's storage is away.
    this.send(wire.token(this.#access.token))
    this.#watch(limits.PROBE_MS)
  }

  /** The server gives another role (R4): asks for the present rights, at once or when it last did is a while ago. */
  roleChanged(role: Role): void {
    if (role !== this.#role.value) this.#role.set(role)
    const wait = (this.#access?.fetchedAt ?? 0) + limits.REFRESH_RETRY_MS - Date.now()
    clearTimeout(this.#renewal)
    this.#renewal = setTimeout(() => void this.renew(), Math.max(wait, 0))
  }

  /** Fetches a token with the present rights and shows it to the server. */
  async renew(): Promise<void> {
    clearTimeout(this.#renewal)
    const turn = this.#turn
    try {
      const access = await this.#fetch()
      if (turn !== this.#turn) return
      this.send(wire.token(access.token))
      this.#planRenewal(access)
      this.#role.set(access.role)
    } catch {
      // The socket is good until the old token ends. A fetch that still fails then is told as a refusal.
      if (turn === this.#turn) this.#renewal = setTimeout(() => void this.renew(), limits.REFRESH_RETRY_MS)
    }
  }

  close(): void {
    this.#drop()
    this.#state.set({ state: 'closed' })
  }

  async #attempt(): Promise<void> {
    clearTimeout(this.#retry)
    this.#retry = undefined
    const turn = ++this.#turn
    if (this.#state.value.state === 'offline') this.#state.set({ ...this.#state.value, retryAt: null })
    try {
      const access = this.#usable() ?? (await this.#fetch())
      if (turn === this.#turn) this.#open(access)
    } catch (error) {
      if (turn !== this.#turn) return
      if (error instanceof AccessDenied) this.#refuse(closeReason(error.code), error.message)
      else this.#later('soon', 'The server cannot be reached.')
    }
  }

  /** The token at hand, if the server will take it for a while. */
  #usable(): Fetched | undefined {
    const access = this.#access
    return access && Date.now() < renewalTime(access) ? access : undefined
  }

  async #fetch(): Promise<Fetched> {
    const fetchedAt = Date.now()
    const limit = AbortSignal.timeout(limits.ACCESS_TIMEOUT_MS)
    const late = new Promise<never>((_, reject) => {
      limit.addEventListener('abort', () => reject(limit.reason), { once: true })
    })
    const access = checked(await Promise.race([this.#fetchAccess(limit), late]))
    this.#access = { ...access, fetchedAt }
    return this.#access
  }

  #planRenewal(access: Fetched): void {
    clearTimeout(this.#renewal)
    const wait = renewalTime(access) - Date.now()
    // Without time left the clocks differ; the server then ends the session, and a new token follows (4401).
    if (wait > 0) this.#renewal = setTimeout(() => void this.renew(), Math.min(wait, limits.TIMER_MAX_MS))
  }

  #open(access: Fetched): void {
    this.#planRenewal(access)
    this.#role.set(access.role)
    const socket = new this.#WebSocket(`${access.url}?token=${encodeURIComponent(access.token)}`)
    socket.binaryType = 'arraybuffer'
    this.#socket = socket
    this.#watch(limits.OPEN_TIMEOUT_MS)
    // A socket that was given up may still speak: only the present one is heard.
    const present = (then: () => void) => () => this.#socket === socket && then()
    socket.onopen = present(() => {
      this.#heard()
      this.#events.opened()
    })
    socket.onmessage = ({ data }) => {
      if (this.#socket !== socket || !(data instanceof ArrayBuffer)) return
      this.#heard()
      try {
        this.#events.received(new Uint8Array(data))
      } catch {
        this.#lose(1006)
      }
    }
    // A close follows and tells more; without a listener some implementations throw.
    socket.onerror = () => {}
    socket.onclose = ({ code }) => this.#socket === socket && this.#lose(code)
  }

  #heard(): void {
    this.#heardAt = Date.now()
    this.#watch(limits.SILENCE_MS)
  }

  /** The socket is dead if nothing is heard for so long. */
  #watch(patience: number): void {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => this.#lose(1006), patience)
  }

  /** The present socket is over. */
  #lose(code: number): void {
    const steady = this.#onlineSince !== undefined && Date.now() - this.#onlineSince > limits.STEADY_MS
    if (steady) this.#failures = 0
    this.#drop()
    const reason = closeReason(code)
    const token = reason.retry === 'with another token'
    const history = reason.retry === 'with a new document'
    if (token) this.#access = undefined
    if (token) this.#tokensRefused += 1
    if (history) this.#histories += 1
    const isHopeless =
      this.#tokensRefused >= limits.TOKEN_ATTEMPTS || this.#histories >= limits.HISTORY_ATTEMPTS
    if (reason.retry === 'never' || isHopeless) this.#refuse(reason)
    else if (history) void this.#anotherDocument(reason)
    else this.#later(reason.retry, reason.text)
  }

  async #anotherDocument(reason: CloseReason): Promise<void> {
    const turn = this.#turn
    await this.#events.otherHistory()
    if (turn === this.#turn) this.#later('at once', reason.text)
  }

  #refuse(reason: CloseReason, text = reason.text): void {
    this.#drop()
    this.#state.set({ state: 'refused', reason, text })
  }

  /** Tries again when it is time. */
  #later(retry: CloseReason['retry'], text: string): void {
    const wait = this.#wait(retry)
    this.#failures += 1
    this.#state.set({ state: 'offline', text, retryAt: Date.now() + wait })
    this.#retry = setTimeout(() => void this.#attempt(), wait)
  }

  #wait(retry: CloseReason['retry']): number {
    if (this.#failures === 0 && retry === 'with another token') return 0
    if (this.#failures === 0 && retry === 'at once') return Math.random() * limits.RESTART_SPREAD_MS
    const hidden = typeof document !== 'undefined' && document.visibilityState === 'hidden'
    const longest = hidden && this.#events.idle() ? limits.RETRY_HIDDEN_MS : limits.RETRY_LONGEST_MS
    const first = retry === 'later' ? limits.RETRY_LATER_MS : limits.RETRY_FIRST_MS
    return Math.min(first * 2 ** this.#failures, longest) * (0.5 + Math.random() / 2)
  }

  /** Forgets socket and timers. What still runs for them finds that its turn is over. */
  #drop(): void {
    this.#turn += 1
    for (const timer of [this.#retry, this.#silence, this.#renewal]) clearTimeout(timer)
    this.#retry = undefined
    this.#onlineSince = undefined
    const socket = this.#socket
    this.#socket = undefined
    if (!socket) return
    if (socket.readyState === this.#WebSocket.OPEN || socket.readyState === this.#WebSocket.CONNECTING)
      socket.close()
    this.#events.lost()
  }
}

type Fetched = Access & { readonly fetchedAt: number }
type Timer = ReturnType<typeof setTimeout> | undefined

/** When it is time for another token, by the browser's clock. */
function renewalTime(access: Fetched): number {
  const ends = Date.parse(access.expiresAt)
  return access.fetchedAt + (ends - access.fetchedAt) * limits.REFRESH_AT
}
