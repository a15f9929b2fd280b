// Which edits are durable: numbers of local edits against barriers that came back (A1). Knows no socket, no document.
import { OVERDUE_MS } from './limits.ts'
import { Cell, type Readable } from './readable.ts'

/** Why edits stay unsaved although there is a connection (A4). */
export type Problem = 'read only' | 'too large' | 'not stored'

/** What a page shows about saving. */
export interface Saved {
  /** Local edits (transactions) that are not known to be durable. 0: everything is saved. */
  readonly unsaved: number
  /** When the oldest of them was made, by the browser's clock. */
  readonly since: number | null
  /** The oldest is older than 8 s: say it loudly. */
  readonly overdue: boolean
  /** All of them are also in the browser's own storage and survive a reload of the page. */
  readonly kept: boolean
  readonly problem: Problem | null
}

/** Edits will not be saved: the diagram was closed, or its connection was refused for good. */
export class NotSaved extends Error {
  override readonly name = 'NotSaved'
}

interface Waiter {
  readonly edit: number
  resolve(): void
  reject(error: unknown): void
}

/** The edits of one document of one client. */
export class Saves {
  readonly #state = new Cell<Saved>({ unsaved: 0, since: null, overdue: false, kept: true, problem: null })
  /** When each unsaved edit was made, oldest first; the last one has the number `#made`. */
  #times: number[] = []
  #made = 0
  /** The barrier that is on its way, and the last edit that it covers. */
  #asked: { readonly barrier: number; readonly edit: number } | undefined
  #barriers = 0
  #waiters: Waiter[] = []
  #alarm: ReturnType<typeof setTimeout> | undefined

  get state(): Readable<Saved> {
    return this.#state
  }

  get unsaved(): number {
    return this.#times.length
  }

  /** An edit was made. @returns its number */
  edit(at: number): number {
    this.#times.push(at)
    this.#made += 1
    this.#show({})
    return this.#made
  }

  /** The number of the barrier to send now; undefined while one is on its way or nothing is to be asked. */
  ask(): number | undefined {
    if (this.#asked || this.#times.length === 0) return undefined
    this.#barriers += 1
    this.#asked = { barrier: this.#barriers, edit: this.#made }
    return this.#barriers
  }

  /** A barrier came back. @returns the last edit that is durable now; undefined if it was not asked for */
  returned(barrier: number | undefined): number | undefined {
    const asked = this.#answered(barrier)
    if (asked === undefined) return undefined
    const first = this.#made - this.#times.length + 1
    this.#times.splice(0, asked - first + 1)
    this.#show({ problem: null })
    const done = this.#waiters.filter((waiter) => waiter.edit <= asked)
    this.#waiters = this.#waiters.filter((waiter) => waiter.edit > asked)
    for (const waiter of done) waiter.resolve()
    return asked
  }

  /** A barrier was refused. @returns false if it was not asked for */
  refused(barrier: number | undefined): boolean {
    return this.#answered(barrier) !== undefined
  }

  /** The connection ended: it acknowledges nothing any more (A5). */
  lost(): void {
    this.#asked = undefined
  }

  set problem(problem: Problem | null) {
    this.#show({ problem })
  }

  set kept(kept: boolean) {
    this.#show({ kept })
  }

  /** Resolves when all edits made so far are durable. */
  flushed(signal?: AbortSignal): Promise<void> {
    if (this.#times.length === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const waiter = { edit: this.#made, resolve, reject }
      this.#waiters.push(waiter)
      const abort = () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter)
        reject(signal?.reason)
      }
      if (signal?.aborted) abort()
      else signal?.addEventListener('abort', abort, { once: true })
    })
  }

  /** Nobody will save what is unsaved: whoever waits is told. */
  fail(why: string): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const waiter of waiters) waiter.reject(new NotSaved(why))
  }

  /** The edits were carried over into another document: whoever waits for them waits there. */
  moveTo(other: Saves): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const { resolve, reject } of waiters) other.flushed().then(resolve, reject)
    this.end()
  }

  /** The edits are thrown away. */
  discard(): void {
    this.#times = []
    this.#asked = undefined
    this.#show({})
    this.fail('the edits were thrown away')
  }

  /** Nothing more will be saved here. */
  end(why = 'the diagram was closed before everything was saved'): void {
    clearTimeout(this.#alarm)
    this.#alarm = undefined
    this.fail(why)
  }

  #answered(barrier: number | undefined): number | undefined {
    const asked = this.#asked
    if (asked === undefined || barrier !== asked.barrier) return undefined
    this.#asked = undefined
    return asked.edit
  }

  #show(change: Partial<Saved>): void {
    clearTimeout(this.#alarm)
    this.#alarm = undefined
    const since = this.#times[0] ?? null
    const left = since === null ? 0 : since + OVERDUE_MS - Date.now()
    const overdue = since !== null && left <= 0
    if (since !== null && !overdue) this.#alarm = setTimeout(() => this.#show({}), left)
    const problem = since === null ? null : this.#state.value.problem
    this.#state.set({ ...this.#state.value, problem, ...change, unsaved: this.#times.length, since, overdue })
  }
}
