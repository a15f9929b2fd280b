// What bpmn-js would draw if it imported the model tree now, without drawing it: its own importer walks the tree and
// draws on paper. So a canvas that was patched shows what a fresh import of the same document shows, by construction.
import { MAX_MEASURED_TEXTS } from './limits.ts'
import type { ModdleObject } from './moddle.ts'
import type { Element, Modeler, Point, Services, TextRenderer, Viewbox } from './services.ts'

/** An element as an import would draw it. */
export interface Planned {
  readonly kind: Kind
  readonly id: string
  readonly type: string
  readonly businessObject: ModdleObject
  readonly di: ModdleObject
  readonly parent?: Planned
  readonly hidden?: boolean
  readonly collapsed?: boolean
  readonly isFrame?: boolean
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly host?: Planned
  readonly labelTarget?: Planned
  readonly waypoints?: readonly Point[]
  readonly source?: Planned
  readonly target?: Planned
}

/** Which kind of element; labels are shapes to diagram-js, but belong to another. */
export type Kind = 'root' | 'shape' | 'connection' | 'label'

/** What an import would draw: every element behind those that it needs. */
export interface Rehearsal {
  readonly elements: readonly Planned[]
  /** The root that would be shown. */
  readonly main: Planned
}

/** Measured texts, by text and box: measuring lays text out in the page. */
const measured = new WeakMap<TextRenderer, Map<string, unknown>>()

/** Imports on paper; undefined where there is nothing to display. */
export function rehearse(
  modeler: Modeler,
  services: Services,
  definitions: ModdleObject,
): Rehearsal | undefined {
  services.compatibility?._handleImport(definitions)
  const paper = new Paper()
  const importer = Object.create(services.importer, {
    _canvas: { value: paper },
    _elementRegistry: { value: paper },
    _elementFactory: { value: paper },
    _eventBus: { value: SILENT },
    _textRenderer: { value: remembering(services.texts) },
  })
  const parts: Record<string, unknown> = { bpmnImporter: importer, eventBus: SILENT, canvas: paper }
  const stage = { _definitions: definitions, clear: () => {}, get: (name: string) => parts[name] }
  // The import is done when `open` returns; its promise only tells about it, and there is nobody to tell.
  const { open } = modeler as unknown as { open: (this: object) => Promise<unknown> }
  open.call(stage).catch(() => {})
  return paper.main && { elements: paper.elements, main: paper.main }
}

const SILENT = { fire: () => undefined }

/** A canvas, a registry and a factory that only take notes. */
class Paper {
  readonly elements: Planned[] = []
  readonly #byId = new Map<string, Planned>()
  main: Planned | undefined

  createRoot(attributes: object): object {
    return { ...attributes, kind: 'root' }
  }

  createShape(attributes: object): object {
    return { ...attributes, kind: 'shape' }
  }

  createConnection(attributes: object): object {
    return { ...attributes, kind: 'connection' }
  }

  createLabel(attributes: object): object {
    return { ...attributes, kind: 'label' }
  }

  addRootElement(element: Planned): Planned {
    return this.#add(element)
  }

  addShape(element: Planned, parent: Planned): Planned {
    return this.#add(Object.assign(element, { parent }))
  }

  addConnection(element: Planned, parent: Planned): Planned {
    return this.#add(Object.assign(element, { parent }))
  }

  get(id: string): Planned | undefined {
    return this.#byId.get(id)
  }

  findRoot(element: Planned | string): Planned | undefined {
    let root = typeof element === 'string' ? this.#byId.get(element) : element
    while (root?.parent !== undefined) root = root.parent
    return root
  }

  setRootElement(root: Planned | undefined): void {
    this.main = root
  }

  #add(element: Planned): Planned {
    // As the canvas does: the importer reports it and goes on.
    if (this.#byId.has(element.id)) throw new Error(`element <${element.id}> already exists`)
    this.#byId.set(element.id, element)
    this.elements.push(element)
    return element
  }
}

function remembering(texts: TextRenderer): TextRenderer {
  let known = measured.get(texts)
  if (known === undefined) {
    known = new Map()
    measured.set(texts, known)
  }
  const memory = known
  const once = <T>(name: string, measure: () => T): T => {
    if (memory.size > MAX_MEASURED_TEXTS) memory.clear()
    if (!memory.has(name)) memory.set(name, measure())
    return memory.get(name) as T
  }
  return {
    getExternalStyle: () => texts.getExternalStyle(),
    getExternalLabelBounds: (bounds: Viewbox, text: string) =>
      once(`bounds ${numbers(bounds)} ${text}`, () => texts.getExternalLabelBounds(bounds, text)),
    getDimensions: (text, options) =>
      once(`size ${numbers(options.box as Viewbox)} ${text}`, () => texts.getDimensions(text, options)),
  }
}

function numbers({ x, y, width, height }: Viewbox): string {
  return `${x} ${y} ${width} ${height}`
}

/** Which kind of element it is on the canvas. */
export function kindOf(element: Element): Kind {
  if (element.labelTarget) return 'label'
  if (element.waypoints) return 'connection'
  return element.parent ? 'shape' : 'root'
}
