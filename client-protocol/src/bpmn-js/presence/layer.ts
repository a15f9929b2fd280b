// Everybody else on the canvas: one layer over it that moves with the view, and on it the marks of each person on
// the same plane. Draws at most once per frame, and only who changed.
import type { Person } from '../../client/person.ts'
import type { Readable } from '../../client/readable.ts'
import { boxOf, type Canvas, type Elements } from './canvas.ts'
import { Marks } from './marks.ts'

interface Drawn {
  readonly marks: Marks
  /** As drawn last; undefined if it must be drawn anew. */
  person: Person | undefined
}

export class Layer {
  readonly #canvas: Canvas
  readonly #elements: Elements
  readonly #others: Readable<readonly Person[]>
  /** Fixed over the canvas. */
  readonly #frame = document.createElement('div')
  /** Moves and scales as the diagram does. */
  readonly #diagram = document.createElement('div')
  readonly #drawn = new Map<number, Drawn>()
  readonly #stops: (() => void)[]
  #request: number | undefined

  constructor(canvas: Canvas, elements: Elements, others: Readable<readonly Person[]>) {
    this.#canvas = canvas
    this.#elements = elements
    this.#others = others
    this.#frame.className = 'atelier-presence'
    // People are announced by whoever lists them; marks that move 20 times a second would only disturb.
    this.#frame.ariaHidden = 'true'
    this.#diagram.className = 'atelier-presence-diagram'
    this.#frame.append(this.#diagram)
    // Over the drawing, below palette and context pad.
    canvas.container.querySelector(':scope > svg')?.after(this.#frame)
    const anew = () => this.#drawAnew()
    this.#stops = [
      canvas.on('canvas.viewbox.changing', () => this.#later()),
      canvas.on('elements.changed', anew),
      canvas.on('root.set', anew),
      canvas.on('import.done', anew),
      others.subscribe(() => this.#later()),
    ]
  }

  /** Frames the canvas in the colour of whoever is followed. */
  frame(color: string | undefined): void {
    this.#frame.toggleAttribute('data-following', color !== undefined)
    if (color !== undefined) this.#frame.style.setProperty('--atelier-person', color)
  }

  end(): void {
    for (const stop of this.#stops) stop()
    if (this.#request !== undefined) cancelAnimationFrame(this.#request)
    this.#frame.remove()
  }

  /** Elements are elsewhere, or others. */
  #drawAnew(): void {
    for (const drawn of this.#drawn.values()) drawn.person = undefined
    this.#later()
  }

  #later(): void {
    this.#request ??= requestAnimationFrame(() => {
      this.#request = undefined
      this.#draw()
    })
  }

  #draw(): void {
    const { scale, dx, dy } = this.#canvas.projection
    const { style } = this.#diagram
    style.transform = `matrix(${scale}, 0, 0, ${scale}, ${dx}, ${dy})`
    style.setProperty('--atelier-scale', String(scale))
    const plane = this.#elements.keyOf(this.#canvas.root)
    const here = this.#others.value.filter((person) => person.plane === plane)
    const sight = { boxOf: (key: string) => this.#boxOf(key) }
    for (const person of here) {
      const drawn = this.#drawnOf(person.client)
      if (drawn.person === person) continue
      drawn.marks.draw(person, sight)
      drawn.person = person
    }
    const clients = new Set(here.map(({ client }) => client))
    for (const [client, { marks }] of this.#drawn) {
      if (clients.has(client)) continue
      marks.clear()
      this.#drawn.delete(client)
    }
  }

  #drawnOf(client: number): Drawn {
    let drawn = this.#drawn.get(client)
    if (drawn === undefined) {
      drawn = { marks: new Marks(this.#diagram), person: undefined }
      this.#drawn.set(client, drawn)
    }
    return drawn
  }

  #boxOf(key: string) {
    const element = this.#elements.elementOf(key)
    return element && this.#canvas.isInView(element) ? boxOf(element) : undefined
  }
}
