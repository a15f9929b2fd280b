// A diagram that is open: the document, its connection, what is saved, who is here. Puts the parts together and
// decides what happens when the diagram's history is another one; the parts decide everything else.
import * as Y from 'yjs'
import type { Applied, Conflict } from '../document/merge/op.ts'
import type { FetchAccess, Role } from './access.ts'
import { Awareness } from './awareness.ts'
import { browserCopies } from './browser-copies.ts'
import { type Copies, type Copy, pageCopies } from './copies.ts'
import { type Connection, Link } from './link.ts'
import { watchPage } from './page.ts'
import type { User } from './person.ts'
import { Cell, type Readable } from './readable.ts'
import { Replica } from './replica.ts'
import { NotSaved, type Saved } from './saves.ts'
import { Session } from './session.ts'
import { uncaught } from './uncaught.ts'

/**
 * Carries own edits into another history of the diagram, record by record: changes `target` by what differs between
 * `base`, which the server had, and `mine`. `carryRecords` is one; whoever does not pass it does not bundle it.
 */
export type CarryOver = (base: Y.Doc, mine: Y.Doc, target: Y.Doc) => Pick<Applied, 'conflicts'>

/** What happened when the server had another history of the diagram. */
export interface HistoryChange {
  /** Own edits that the server did not have. */
  readonly unsaved: number
  /** Whether they are in the new document. If not, they stay in the browser's storage, and in `old`. */
  readonly carried: boolean
  /** What the other history had changed as well, and whose value stands. */
  readonly conflicts: readonly Conflict[]
  /** What `carryOver` threw. */
  readonly error?: unknown
  /** The document as it was here. */
  readonly old: Y.Doc
  /** Removes the edits from the browser's storage; carried ones go by themselves when they are saved. */
  forget(): Promise<void>
}

/** Whether this user may edit now. */
export interface Rights {
  /** As the server told last, also on an earlier visit; null before it did. */
  readonly role: Role | null
  /** Why the diagram must not be edited; null if it may. */
  readonly readOnly: 'loading' | 'viewer' | 'newer schema' | 'refused' | null
}

export interface DiagramOptions {
  /** The diagram's id. */
  readonly id: string
  readonly user: User
  readonly access: FetchAccess
  /** `carryRecords`; without it unsaved edits of another history are kept, but not carried over. */
  readonly carryOver?: CarryOver
  readonly onHistoryChange?: (change: HistoryChange) => void
  /** Where the browser keeps a copy: IndexedDB if there is one; `pageCopies` keeps nothing beyond the page. */
  readonly copies?: Copies
  /** Ask before the page is left with unsaved edits. Default: true. */
  readonly warnBeforeUnload?: boolean
  /** For places without one. */
  readonly WebSocket?: typeof WebSocket
}

/** Opens a diagram: shows it as the browser kept it, and connects in the background. */
export async function openDiagram(options: DiagramOptions): Promise<LiveDiagram> {
  const copies = options.copies ?? (typeof indexedDB === 'undefined' ? pageCopies : browserCopies())
  const { replica, strays } = await load(copies, options).catch(() => load(pageCopies, options))
  return new LiveDiagram(options, copies, replica, strays)
}

/** Fails where storage is forbidden or broken; `saved.kept` tells that to people. */
async function load(copies: Copies, { user, id }: DiagramOptions) {
  const { copy, strays } = await copies.open(user.id, id)
  return { replica: await Replica.load(copy), strays }
}

/** Use `openDiagram`. */
export class LiveDiagram {
  readonly id: string
  readonly awareness: Awareness
  /** Resolves when there is something to show: the browser's copy, or the server's document. Rejects if there won't be. */
  readonly ready: Promise<void>
  readonly #options: DiagramOptions
  readonly #copies: Copies
  readonly #link: Link
  readonly #document: Cell<Y.Doc>
  readonly #saved: Cell<Saved>
  readonly #rights = new Cell<Rights>({ role: null, readOnly: 'loading' })
  readonly #unwatch: () => void
  #replica: Replica
  /** Of another history, until it holds what the server has. */
  #next: { readonly replica: Replica; readonly base: Y.Doc | undefined } | undefined
  #strays: readonly Copy[]
  #session: Session | undefined
  #endSaved = () => {}
  /** Ends the session. */
  #silence = () => {}
  #settleReady: { resolve(): void; reject(error: unknown): void } | undefined

  constructor(options: DiagramOptions, copies: Copies, replica: Replica, strays: readonly Copy[]) {
    this.id = options.id
    this.#options = options
    this.#copies = copies
    this.#replica = replica
    this.#strays = strays
    this.awareness = new Awareness(replica.doc, options.user)
    this.#document = new Cell(replica.doc)
    this.#saved = new Cell(replica.saves.state.value)
    this.#link = new Link(options.access, options.WebSocket ?? WebSocket, {
      opened: () => this.#converse(),
      received: (frame) => this.#session?.receive(frame),
      lost: () => this.#endSession(),
      otherHistory: () => this.#leaveHistory(),
      idle: () => this.#replica.saves.unsaved === 0,
    })
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject }
    })
    // Whoever does not wait for it sees the refusal in `connection`.
    this.ready.catch(() => {})
    this.#unwatch = watchPage({
      awake: () => this.#link.nudge(),
      leaving: () => void this.#replica.copy.flush(),
      warns: () => options.warnBeforeUnload !== false && this.saved.value.unsaved > 0,
    })
    this.#adopt(replica)
    if (!replica.isEmpty) this.#settleReady?.resolve()
    this.#link.role.subscribe((role) => {
      if (role) this.#replica.copy.remember(role)
      this.#judge()
      // It may have been refused before.
      if (role === 'editor') this.#session?.resend()
    })
    this.#link.state.subscribe((connection) => this.#connectionChanged(connection))
    this.#link.connect()
  }

  /** The shared document. Another one takes its place when the diagram's history is another one. */
  get document(): Readable<Y.Doc> {
    return this.#document
  }

  /** The shared document as of now. */
  get doc(): Y.Doc {
    return this.#document.value
  }

  get connection(): Readable<Connection> {
    return this.#link.state
  }

  get saved(): Readable<Saved> {
    return this.#saved
  }

  get rights(): Readable<Rights> {
    return this.#rights
  }

  /**
   * Resolves when every edit made so far is durable, however long the connection is away.
   * @throws {NotSaved} if that will not happen: the connection was refused, or the diagram closed
   */
  flush(signal?: AbortSignal): Promise<void> {
    const { saves } = this.#replica
    const connection = this.connection.value
    if (saves.unsaved > 0) {
      if (connection.state === 'refused') return Promise.reject(new NotSaved(connection.text))
      if (connection.state === 'closed') return Promise.reject(new NotSaved('the diagram is closed'))
    }
    return saves.flushed(signal)
  }

  /** Connects anew and at once: after a refusal, or by a button. */
  reconnect(): void {
    this.#link.connect()
  }

  /** Throws own unsaved edits away and loads the document anew. */
  async discard(): Promise<void> {
    const old = this.#replica
    old.saves.discard()
    this.#next = { replica: await this.#fresh(old.copy), base: undefined }
    this.awareness.move(this.#next.replica.doc)
    this.#link.connect()
  }

  /** Leaves. What is unsaved stays in the browser's storage, if it keeps any. */
  async close(): Promise<void> {
    this.#unwatch()
    this.awareness.leave()
    this.#link.close()
    this.#settleReady?.reject(new Error('the diagram was closed'))
    const replicas = this.#next ? [this.#replica, this.#next.replica] : [this.#replica]
    for (const { saves } of replicas) saves.end()
    await Promise.all(replicas.map(({ copy }) => copy.close()))
  }

  /** A socket is open. */
  #converse(): void {
    const replica = this.#next?.replica ?? this.#replica
    const session = new Session(
      replica.doc,
      replica.saves,
      this.awareness,
      (frame) => this.#link.send(frame),
      {
        synced: () => this.#synced(),
        saved: (edit) => replica.saved(edit),
        roleChanged: (role) => this.#link.roleChanged(role),
      },
    )
    replica.onEdit = (update) => session.edited(update)
    this.#session = session
    this.#silence = () => {
      session.end()
      replica.onEdit = () => {}
    }
    session.start()
  }

  #endSession(): void {
    this.#silence()
    this.#silence = () => {}
    this.#session = undefined
  }

  #synced(): void {
    if (this.#next) this.#change(this.#next.replica, this.#next.base)
    this.#link.synced()
    this.#settleReady?.resolve()
    this.#judge()
    void this.#carryStrays()
  }

  /** 4409: sets the copy aside; the next socket starts with an empty document, or what another window has of it. */
  async #leaveHistory(): Promise<void> {
    const failed = this.#next
    const base = failed ? failed.base : await this.#replica.base()
    const replica = await this.#fresh(failed?.replica.copy ?? this.#replica.copy)
    failed?.replica.saves.end()
    this.#next = { replica, base }
    this.awareness.move(replica.doc)
  }

  /** The new history is here: its document takes the place of the old one, own unsaved edits go along. */
  #change(next: Replica, base: Y.Doc | undefined): void {
    const old = this.#replica
    const { unsaved } = old.saves
    this.#next = undefined
    this.#replica = next
    const report = unsaved > 0 ? this.#carry(old.copy, unsaved, base, old.doc) : undefined
    if (!report) void old.copy.retire()
    if (!report || report.carried) old.saves.moveTo(next.saves)
    else old.saves.end('the diagram was replaced by another state of it')
    this.#adopt(next)
    if (report) this.#tell(report)
  }

  /** Carries edits of other histories over that an earlier visit could not. */
  async #carryStrays(): Promise<void> {
    const strays = this.#strays
    this.#strays = []
    for (const stray of strays) {
      const kept = await stray.load().catch(() => undefined)
      // What can't be read now stays for the next visit.
      if (!kept) continue
      const { saved, unsaved } = kept
      if (unsaved.length === 0) {
        await stray.retire()
        continue
      }
      const base = documentOf(saved)
      const mine = documentOf([...saved, ...unsaved.map(({ update }) => update)])
      this.#tell(this.#carry(stray, unsaved.length, base, mine))
    }
  }

  /** Carries edits over into the present document, and forgets their copy once they are durable there. */
  #carry(copy: Copy, unsaved: number, base: Y.Doc | undefined, mine: Y.Doc): HistoryChange {
    const { doc, saves } = this.#replica
    const { carryOver } = this.#options
    const report = { unsaved, old: mine, forget: () => copy.retire() }
    const left = { ...report, carried: false, conflicts: [] }
    if (!carryOver || !base || this.#link.role.value !== 'editor') return left
    let conflicts: readonly Conflict[]
    try {
      conflicts = carryOver(base, mine, doc).conflicts
    } catch (error) {
      return { ...left, error }
    }
    // Without an answer it stays, and is carried over again on the next visit, which changes nothing twice.
    saves.flushed().then(
      () => copy.retire(),
      () => {},
    )
    return { ...report, carried: true, conflicts }
  }

  #tell(change: HistoryChange): void {
    try {
      this.#options.onHistoryChange?.(change)
    } catch (error) {
      uncaught(error)
    }
  }

  async #fresh(old: Copy): Promise<Replica> {
    try {
      return await Replica.load(await this.#copies.replace(old))
    } catch {
      return Replica.load(await pageCopies.replace(old))
    }
  }

  #adopt(replica: Replica): void {
    this.#endSaved()
    this.#endSaved = replica.saves.state.subscribe((saved) => {
      // A connection can die without a word; silence alone would tell after 45 s.
      if (saved.overdue && !this.#saved.value.overdue) this.#link.probe()
      this.#saved.set(saved)
    })
    replica.doc.getMap('meta').observe(() => this.#judge())
    if (this.#link.role.value) replica.copy.remember(this.#link.role.value)
    this.#document.set(replica.doc)
    this.#judge()
  }

  #judge(): void {
    const role = this.#link.role.value ?? this.#replica.role ?? null
    const isLoading = this.#replica.isEmpty && this.connection.value.state !== 'online'
    let readOnly: Rights['readOnly'] = null
    if (this.connection.value.state === 'refused') readOnly = 'refused'
    else if (role === 'viewer') readOnly = 'viewer'
    else if (!this.#replica.isWritable) readOnly = 'newer schema'
    else if (isLoading) readOnly = 'loading'
    const known = this.#rights.value
    if (known.role !== role || known.readOnly !== readOnly) this.#rights.set({ role, readOnly })
  }

  #connectionChanged(connection: Connection): void {
    this.#judge()
    if (connection.state !== 'refused') return
    const { saves, copy } = this.#replica
    saves.fail(connection.text)
    this.#settleReady?.reject(new Error(connection.text))
    // Whoever lost the right to see it does not keep it either, but for what exists nowhere else.
    const isGone = connection.reason.code === 4403 || connection.reason.code === 4404
    if (isGone && saves.unsaved === 0) void copy.retire()
  }
}

function documentOf(updates: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc()
  doc.transact(() => {
    for (const update of updates) Y.applyUpdate(doc, update)
  })
  return doc
}
