// What is drawn of one person: a cursor with their name, outlines around what they selected, ghosts of what they
// drag. Only the document object model; coordinates are those of the diagram.
import type { Box, Person, Point, User } from '../../client/person.ts'
import { readableOn } from './contrast.ts'

/** Space between an element and its outline, as bpmn-js has it. */
const PADDING = 5

/** Where things are, as far as they are in view. */
export interface Sight {
  /** The box of the element that shows a node. */
  boxOf(key: string): Box | undefined
}

export class Marks {
  /** Has the person's colours; holds everything else. */
  readonly #root = part('person')
  readonly #cursor = part('cursor')
  readonly #name = part('name')
  readonly #outlines = new Boxes(this.#root, 'selection')
  readonly #ghosts = new Boxes(this.#root, 'ghost')
  readonly #editing = new Boxes(this.#root, 'editing')
  #user: User | undefined

  constructor(layer: HTMLElement) {
    this.#cursor.append(this.#name)
    layer.append(this.#root)
  }

  /** Draws the person as they are now. */
  draw({ user, cursor, selection, drag, editing }: Person, sight: Sight): void {
    this.#introduce(user)
    this.#point(cursor)
    this.#outlines.draw(around(selection ?? [], sight))
    this.#editing.draw(around(editing === undefined ? [] : [editing], sight))
    // What is not in view here is not dragged here.
    this.#ghosts.draw(Object.entries(drag ?? {}).filter(([key]) => sight.boxOf(key)))
  }

  /** The person is not here. */
  clear(): void {
    this.#root.remove()
  }

  /** Twenty times a second somebody moves, and is still the same. */
  #introduce(user: User): void {
    if (user.name === this.#user?.name && user.color === this.#user.color) return
    this.#user = user
    this.#name.textContent = user.name
    this.#root.style.setProperty('--atelier-person', user.color)
    this.#root.style.setProperty('--atelier-on-person', readableOn(user.color))
    this.#root.style.setProperty('--atelier-name', JSON.stringify(user.name))
  }

  #point(at: Point | undefined): void {
    if (at === undefined) {
      this.#cursor.remove()
      return
    }
    this.#cursor.style.translate = `${at.x}px ${at.y}px`
    if (this.#cursor.parentElement === null) this.#root.append(this.#cursor)
  }
}

/** Boxes of one kind, by the key of what each of them stands for. */
class Boxes {
  readonly #parent: HTMLElement
  readonly #kind: string
  readonly #drawn = new Map<string, { readonly element: HTMLElement; box: Box }>()

  constructor(parent: HTMLElement, kind: string) {
    this.#parent = parent
    this.#kind = kind
  }

  draw(boxes: Iterable<readonly [string, Box]>): void {
    const left = new Set(this.#drawn.keys())
    for (const [key, box] of boxes) {
      left.delete(key)
      const drawn = this.#drawn.get(key)
      if (drawn !== undefined && same(drawn.box, box)) continue
      const element = drawn?.element ?? this.#parent.appendChild(part(this.#kind))
      this.#drawn.set(key, { element, box })
      element.style.translate = `${box.x}px ${box.y}px`
      element.style.width = `${box.width}px`
      element.style.height = `${box.height}px`
    }
    for (const key of left) {
      this.#drawn.get(key)?.element.remove()
      this.#drawn.delete(key)
    }
  }
}

function* around(keys: readonly string[], sight: Sight): Iterable<readonly [string, Box]> {
  for (const key of keys) {
    const box = sight.boxOf(key)
    if (box === undefined) continue
    const { x, y, width, height } = box
    yield [key, { x: x - PADDING, y: y - PADDING, width: width + 2 * PADDING, height: height + 2 * PADDING }]
  }
}

function same(a: Box, b: Box): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height
}

function part(name: string): HTMLElement {
  const element = document.createElement('div')
  element.className = `atelier-${name}`
  return element
}
