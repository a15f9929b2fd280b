// What the binding uses of bpmn-js and diagram-js, as types: nothing of them is imported, the application brings
// its modeler along.
import type { Moddle, ModdleObject } from './moddle.ts'

/** A bpmn-js modeler (or viewer) that an application made. */
export interface Modeler {
  get(service: string, strict?: boolean): unknown
  importDefinitions(definitions: object): Promise<{ warnings: unknown[] }>
  clear(): void
}

/** A point of a connection; `original` is where it would meet the middle of its shape. */
export interface Point {
  x: number
  y: number
  original?: Point
}

/** An element on the canvas. */
export interface Element {
  id: string
  type: string
  businessObject: ModdleObject
  di: ModdleObject
  parent?: Element | null
  children?: Element[]
  hidden?: boolean
  collapsed?: boolean
  isFrame?: boolean
  x: number
  y: number
  width: number
  height: number
  host?: Element | null
  attachers?: Element[]
  labelTarget?: Element
  label?: Element
  labels?: Element[]
  waypoints?: Point[]
  source?: Element | null
  target?: Element | null
  incoming?: Element[]
  outgoing?: Element[]
}

/** Events of diagram-js. */
export interface EventBus {
  on(event: string | string[], priority: number, listener: (event: { element?: Element }) => unknown): void
  off(event: string | string[], listener: (event: { element?: Element }) => unknown): void
  fire(event: string, data?: object): unknown
}

/** The canvas of diagram-js. */
export interface Canvas {
  addRootElement(root: Element): Element
  setRootElement(root: Element): Element
  getRootElement(): Element
  getRootElements(): Element[]
  removeRootElement(root: Element): void
  removeShape(shape: Element): void
  removeConnection(connection: Element): void
  findRoot(element: Element | string): Element | undefined
  viewbox(box?: Viewbox): Viewbox
  getContainer(): HTMLElement
}

/** The visible part of a canvas. */
export interface Viewbox {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** All elements by id. */
export interface ElementRegistry {
  get(id: string): Element | undefined
  getAll(): Element[]
  updateId(element: Element, id: string): void
}

/** Draws elements from the model tree. */
export interface Importer {
  add(element: ModdleObject, di: ModdleObject, parent?: Element): Element
  addLabel(element: ModdleObject, di: ModdleObject, target: Element): Element
}

/** Measures texts. */
export interface TextRenderer {
  getExternalLabelBounds(bounds: Viewbox, text: string): Viewbox
  getDimensions(text: string, options: { box?: object; style?: object }): { width: number; height: number }
  getExternalStyle(): object
}

/** The button by which one enters a collapsed sub-process. */
export interface Drilldown {
  _addOverlay(element: Element): void
  _removeOverlay(element: Element): void
  _updateOverlayVisibility(element: Element): void
}

/** Moves what older tools drew inside a collapsed sub-process to a plane of its own; on import, and then again. */
export interface Compatibility {
  _handleImport(definitions: ModdleObject): void
}

/** The services that every modeler has. */
export interface Services {
  readonly bus: EventBus
  readonly canvas: Canvas
  readonly registry: ElementRegistry
  readonly importer: Importer
  readonly texts: TextRenderer
  readonly moddle: Moddle
  readonly graphics: { updateContainments(elements: Element[]): void }
  readonly selection: { get(): Element[]; select(elements: Element[]): void } | undefined
  readonly dragging: { context(): { prefix?: string; data?: { context?: object } } | undefined } | undefined
  readonly overlays: { get(filter: { element: Element; type: string }): unknown[] } | undefined
  readonly drilldown: Drilldown | undefined
  readonly compatibility: Compatibility | undefined
}

/** Takes the services out of a modeler. */
export function servicesOf(modeler: Modeler): Services {
  const get = <T>(name: string) => modeler.get(name) as T
  const maybe = <T>(name: string) => (modeler.get(name, false) ?? undefined) as T | undefined
  return {
    bus: get('eventBus'),
    canvas: get('canvas'),
    registry: get('elementRegistry'),
    importer: get('bpmnImporter'),
    texts: get('textRenderer'),
    moddle: get('moddle'),
    graphics: get('graphicsFactory'),
    selection: maybe('selection'),
    dragging: maybe('dragging'),
    overlays: maybe('overlays'),
    drilldown: maybe('drilldownOverlayBehavior'),
    compatibility: maybe('subprocessCompatibility'),
  }
}
