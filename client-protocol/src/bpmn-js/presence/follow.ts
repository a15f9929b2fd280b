// Looking over somebody's shoulder: their plane and view become one's own, until one touches the canvas.
import type { Person } from '../../client/person.ts'
import { Cell, type Readable } from '../../client/readable.ts'
import type { Canvas, Elements } from './canvas.ts'

/** What ends following: whoever acts has somewhere else to look. */
const OWN_ACTIONS = ['pointerdown', 'wheel', 'keydown'] as const

export class Follow {
  readonly #canvas: Canvas
  readonly #elements: Elements
  readonly #others: Readable<readonly Person[]>
  readonly #following = new Cell<number | undefined>(undefined)
  #end: (() => void) | undefined
  #shown: Person['viewport']

  constructor(canvas: Canvas, elements: Elements, others: Readable<readonly Person[]>) {
    this.#canvas = canvas
    this.#elements = elements
    this.#others = others
  }

  /** The client that is followed. */
  get following(): Readable<number | undefined> {
    return this.#following
  }

  start(client: number): void {
    this.stop()
    const ended = new AbortController()
    for (const action of OWN_ACTIONS) {
      this.#canvas.container.addEventListener(action, () => this.stop(), {
        signal: ended.signal,
        capture: true,
        passive: true,
      })
    }
    this.#following.set(client)
    const unsubscribe = this.#others.subscribe((others) => {
      if (this.#following.value !== client) return
      const person = others.find((other) => other.client === client)
      if (person === undefined) this.stop()
      else this.#look(person)
    })
    this.#end = () => {
      ended.abort()
      unsubscribe()
    }
    // They may have left already.
    if (this.#following.value !== client) this.#end()
  }

  stop(): void {
    this.#end?.()
    this.#end = undefined
    this.#shown = undefined
    this.#following.set(undefined)
  }

  #look({ plane, viewport }: Person): void {
    const root = plane === undefined ? undefined : this.#elements.rootOf(plane)
    if (root !== undefined) this.#canvas.open(root)
    if (viewport === undefined || same(viewport, this.#shown)) return
    this.#shown = viewport
    if (viewport.width > 0 && viewport.height > 0) this.#canvas.show(viewport)
  }
}

function same(a: Person['viewport'], b: Person['viewport']): boolean {
  return a?.x === b?.x && a?.y === b?.y && a?.width === b?.width && a?.height === b?.height
}
