// The diagrams that the list shows: searched by the server, page by page.
import { signal } from '@preact/signals'
import type { Api, Summary } from '../api.ts'
import { PAGE_SIZE } from '../limits.ts'

export type Sort = 'updated' | 'created' | 'title'

/** Which diagrams: of a project, or those that were deleted and can be brought back; else all. */
export interface Shelf {
  readonly project?: string
  readonly deleted?: true
}

export interface Shown {
  readonly diagrams: readonly Summary[]
  /** `null`: there is no more. */
  readonly next: string | null
}

export type Catalog =
  | { readonly state: 'loading' }
  | { readonly state: 'shown'; readonly shown: Shown; readonly loadingMore: boolean }
  | { readonly state: 'failed'; readonly error: unknown }

export class Diagrams {
  readonly catalog = signal<Catalog>({ state: 'loading' })
  readonly words = signal('')
  readonly sort = signal<Sort>('updated')
  readonly shelf = signal<Shelf>({})
  readonly #api: Api
  readonly #onTrouble: (error: unknown) => void
  #turn = new AbortController()

  /** @param onTrouble is told why the list could not be renewed */
  constructor(api: Api, onTrouble: (error: unknown) => void) {
    this.#api = api
    this.#onTrouble = onTrouble
  }

  /** Shows other diagrams; nothing of the old ones stays. */
  async turnTo(shelf: Shelf): Promise<void> {
    this.shelf.value = shelf
    this.catalog.value = { state: 'loading' }
    await this.load()
  }

  /** Asks anew. What is shown stays until the answer is there. */
  async load(): Promise<void> {
    this.#turn.abort()
    const turn = new AbortController()
    this.#turn = turn
    try {
      const page = await this.#api.list(this.#query(), turn.signal)
      if (turn.signal.aborted) return
      this.#show(page.diagrams, page.nextCursor)
    } catch (error) {
      if (!turn.signal.aborted) this.#fail(error)
    }
  }

  async more(): Promise<void> {
    const { value } = this.catalog
    if (value.state !== 'shown' || value.shown.next === null || value.loadingMore) return
    this.catalog.value = { ...value, loadingMore: true }
    const turn = this.#turn
    try {
      const page = await this.#api.list({ ...this.#query(), cursor: value.shown.next }, turn.signal)
      if (turn.signal.aborted) return
      // A diagram that changed meanwhile moved to the front and is there already.
      const known = new Set(value.shown.diagrams.map((diagram) => diagram.id))
      const fresh = page.diagrams.filter((diagram) => !known.has(diagram.id))
      this.#show([...value.shown.diagrams, ...fresh], page.nextCursor)
    } catch (error) {
      if (!turn.signal.aborted) this.#fail(error)
    }
  }

  /** Takes a diagram away before the server says so. */
  forget(id: string): void {
    this.#change((diagrams) => diagrams.filter((diagram) => diagram.id !== id))
  }

  /** Shows what the server said of a diagram, which may stand elsewhere now. */
  replace(changed: Summary): void {
    const { project } = this.shelf.value
    const isElsewhere = project !== undefined && changed.projectId !== project
    if (isElsewhere) this.forget(changed.id)
    else this.#change((known) => known.map((diagram) => (diagram.id === changed.id ? changed : diagram)))
  }

  /** What is shown already is better than nothing. */
  #fail(error: unknown): void {
    const { value } = this.catalog
    if (value.state !== 'shown' || value.shown.diagrams.length === 0)
      this.catalog.value = { state: 'failed', error }
    else {
      this.#show(value.shown.diagrams, value.shown.next)
      this.#onTrouble(error)
    }
  }

  #change(change: (diagrams: readonly Summary[]) => readonly Summary[]): void {
    const { value } = this.catalog
    if (value.state === 'shown') this.#show(change(value.shown.diagrams), value.shown.next)
  }

  #show(diagrams: readonly Summary[], next: string | null): void {
    this.catalog.value = { state: 'shown', shown: { diagrams, next }, loadingMore: false }
  }

  #query(): Record<string, string> {
    const words = this.words.value.trim()
    const { project, deleted } = this.shelf.value
    return {
      limit: String(PAGE_SIZE),
      sort: SORTS[this.sort.value],
      ...(words !== '' && { q: words }),
      ...(deleted && { deleted: 'true' }),
      ...(project !== undefined && { projectId: project }),
    }
  }
}

/** As the server wants to be asked. */
const SORTS: Readonly<Record<Sort, string>> = { updated: '-updated', created: '-created', title: 'title' }
