// One open diagram: the live connection and the stage it is shown on, as the page wants them. Loaded only when a
// diagram is opened: the modeler and the client come with it.
import '../styles/canvas.css'
import { type ReadonlySignal, signal } from '@preact/signals'
import {
  type Connection,
  carryRecords,
  type HistoryChange,
  type LiveDiagram,
  openDiagram,
  type Person,
  type Rights,
  roomAccess,
  type Saved,
} from 'atelier-client'
import { bearer, type Who } from '../session.ts'
import { toSignal } from './readable.ts'
import { Stage } from './stage.ts'

/** Something that happened to the diagram as a whole. */
export type Incident =
  | { readonly kind: 'history'; readonly change: HistoryChange }
  | { readonly kind: 'unshown'; readonly reason: string }

/** Somebody else in the diagram; one person with two windows is there twice. */
export type Companion = Pick<Person, 'client' | 'user'>

export class Room {
  readonly connection: ReadonlySignal<Connection>
  readonly saved: ReadonlySignal<Saved>
  readonly rights: ReadonlySignal<Rights>
  /** Everybody else; changes when somebody comes, goes or takes another name, not with every move. */
  readonly people: ReadonlySignal<readonly Companion[]>
  readonly #diagram: LiveDiagram
  readonly #incident: { value: Incident | null }
  readonly #stops: readonly (() => void)[]
  #stage: Stage | undefined

  private constructor(diagram: LiveDiagram, incident: { value: Incident | null }) {
    this.#diagram = diagram
    this.#incident = incident
    const connection = toSignal(diagram.connection)
    const saved = toSignal(diagram.saved)
    const rights = toSignal(diagram.rights)
    const people = signal<readonly Companion[]>([])
    const stopPeople = diagram.awareness.others.subscribe((others) => {
      if (!sameCompanions(people.value, others))
        people.value = others.map(({ client, user }) => ({ client, user }))
    })
    this.connection = connection.value
    this.saved = saved.value
    this.rights = rights.value
    this.people = people
    this.#stops = [connection.stop, saved.stop, rights.stop, stopPeople]
  }

  static async open(id: string, who: Who): Promise<Room> {
    const incident = signal<Incident | null>(null)
    const diagram = await openDiagram({
      id,
      user: { id: who.user, name: who.name, color: who.color },
      access: roomAccess('', id, bearer),
      carryOver: carryRecords,
      onHistoryChange: (change) => {
        incident.value = { kind: 'history', change }
      },
    })
    return new Room(diagram, incident)
  }

  /** Resolves when there is something to show. */
  get ready(): Promise<void> {
    return this.#diagram.ready
  }

  get incident(): Incident | null {
    return this.#incident.value
  }

  /** The incident was read. */
  settle(): void {
    this.#incident.value = null
  }

  /** Shows the diagram in this element. */
  async show(container: HTMLElement): Promise<Stage> {
    const stage = new Stage(container, this.#diagram, ({ reason, shown }) => {
      if (!shown) this.#incident.value = { kind: 'unshown', reason }
    })
    this.#stage = stage
    await stage.ready
    stage.fit()
    return stage
  }

  rename(who: Who): void {
    this.#diagram.awareness.rename({ id: who.user, name: who.name, color: who.color })
  }

  reconnect(): void {
    this.#diagram.reconnect()
  }

  /** Resolves when everything that was edited is on the server. */
  flush(signal: AbortSignal): Promise<void> {
    return this.#diagram.flush(signal)
  }

  async leave(): Promise<void> {
    for (const stop of this.#stops) stop()
    this.#stage?.end()
    await this.#diagram.close()
  }
}

function sameCompanions(known: readonly Companion[], now: readonly Companion[]): boolean {
  return (
    known.length === now.length &&
    known.every(({ client, user }, i) => {
      const other = now[i]
      return client === other?.client && user.name === other.user.name && user.color === other.user.color
    })
  )
}
