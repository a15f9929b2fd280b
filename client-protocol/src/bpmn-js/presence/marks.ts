// What is drawn of one person: a cursor with their name, outlines around what they selected, ghosts of what they
// drag. Only the document object model; coordinates are those of the diagram.
import type { Box, Person, Point } from '../../client/person.ts'
import { readableOn } from './contrast.ts'

/** Space between an element and its outline, as bpmn-js has it. */
const PADDING = 5

/** Where things are, as far as they are in view. */
export interface Sight {
  /** The box of the element that shows a node. */
  boxOf(key: string): Box | undefined
}

export class Marks {
  readonly #layer: HTMLElement
  readonly #cursor = part('cursor')
  readonly #name = part('name')
  readonly #outlines = new Boxes('selection')
  readonly #ghosts = new Boxes('ghost')
  readonly #editing = new Boxes('editing')

  constructor(layer: HTMLElement) {
    this.#layer = layer
    this.#cursor.append(this.#name)
  }

  /** Draws the person as they are now. */
  draw({ user, cursor, selection, drag, editing }: Person, sight: Sight): void {
    this.#name.textContent = user.name
    this.#place(cursor)
    const draw = (boxes: Boxes, placed: Iterable<readonly [string, Box]>) => boxes.draw(this.#layer, placed)
    const outlines = keyed(selection ?? [], sight)
    draw(this.#outlines, outlines)
    draw(this.#editing, keyed(editing === undefined ? [] : [editing], sight))
    // What is not in view here is not dragged here.
    draw(
      this.#ghosts,
      Object.entries(drag ?? {}).filter(([key]) => sight.boxOf(key)),
    )
    for (const element of [this.#cursor, ...this.#outlines, ...this.#editing, ...this.#ghosts]) {
      paint(element, user.color)
    }
    for (const element of this.#editing) element.dataset.name = user.name
  }

  /** The person is not here. */
  clear(): void {
    this.#cursor.remove()
    for (const boxes of [this.#outlines, this.#ghosts, this.#editing]) boxes.draw(this.#layer, [])
  }

  #place(cursor: Point | undefined): void {
    if (cursor === undefined) {
      this.#cursor.remove()
      return
    }
    this.#cursor.style.translate = `${cursor.x}px ${cursor.y}px`
    if (this.#cursor.parentElement === null) this.#layer.append(this.#cursor)
  }
}

/** Boxes of one kind, by the key of what each of them stands for. */
class Boxes {
  readonly #kind: string
  readonly #boxes = new Map<string, HTMLElement>()

  constructor(kind: string) {
    this.#kind = kind
  }

  [Symbol.iterator](): IterableIterator<HTMLElement> {
    return this.#boxes.values()
  }

  draw(layer: HTMLElement, placed: Iterable<readonly [string, Box]>): void {
    const left = new Set(this.#boxes.keys())
    for (const [key, box] of placed) {
      left.delete(key)
      let element = this.#boxes.get(key)
      if (element === undefined) {
        element = part(this.#kind)
        this.#boxes.set(key, element)
        layer.append(element)
      }
      cover(element, box)
    }
    for (const key of left) {
      this.#boxes.get(key)?.remove()
      this.#boxes.delete(key)
    }
  }
}

function* keyed(keys: readonly string[], sight: Sight): Iterable<readonly [string, Box]> {
  for (const key of keys) {
    const box = sight.boxOf(key)
    if (box === undefined) continue
    const { x, y, width, height } = box
    yield [key, { x: x - PADDING, y: y - PADDING, width: width + 2 * PADDING, height: height + 2 * PADDING }]
  }
}

function cover({ style }: HTMLElement, { x, y, width, height }: Box): void {
  style.translate = `${x}px ${y}px`
  style.width = `${width}px`
  style.height = `${height}px`
}

function paint({ style }: HTMLElement, color: string): void {
  style.setProperty('--atelier-person', color)
  style.setProperty('--atelier-on-person', readableOn(color))
}

function part(name: string): HTMLElement {
  const element = document.createElement('div')
  element.className = `atelier-${name}`
  return element
}
