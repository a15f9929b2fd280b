// The canvas as presence needs it: types of bpmn-js's services, and the way between window and diagram.
import type { Box, Point } from '../../client/person.ts'
import type { Services } from '../command-stack.ts'

/** An element on bpmn-js's canvas. */
export interface CanvasElement {
  readonly id: string
  readonly parent?: CanvasElement | null
  readonly x?: number
  readonly y?: number
  readonly width?: number
  readonly height?: number
  /** Of a connection. */
  readonly waypoints?: readonly Point[]
  /** Of an external label: what it names. */
  readonly labelTarget?: CanvasElement
}

/** Which element shows which node of the document. Total: strangers name the keys. */
export interface Elements {
  /** The key of an element, or of a plane's root; undefined for what is not in the document. */
  keyOf(element: CanvasElement): string | undefined
  /** The shape or connection that shows a node, on whatever plane. */
  elementOf(key: string): CanvasElement | undefined
  /** The root of the plane that shows the content of a node. */
  rootOf(key: string): CanvasElement | undefined
}

/** Listens; returns how to stop. */
export type Listen = <E>(event: string, listener: (event: E) => void) => () => void

interface CanvasService {
  getContainer(): HTMLElement
  getRootElement(): CanvasElement
  setRootElement(root: CanvasElement): void
  findRoot(element: CanvasElement): CanvasElement | undefined
  viewbox(box: Box): void
}

interface EventBusService {
  on<E>(event: string, listener: (event: E) => void): void
  off<E>(event: string, listener: (event: E) => void): void
}

/** Screen and diagram: a point of the diagram is at `scale` times its place, moved by `dx`, `dy`. */
export interface Projection {
  readonly scale: number
  readonly dx: number
  readonly dy: number
}

export class Canvas {
  readonly container: HTMLElement
  readonly #canvas: CanvasService
  readonly #eventBus: EventBusService
  readonly #viewport: SVGGElement

  constructor(services: Services) {
    this.#canvas = services.get('canvas')
    this.#eventBus = services.get('eventBus')
    this.container = this.#canvas.getContainer()
    const viewport = this.container.querySelector<SVGGElement>('svg > g.viewport')
    if (viewport === null) throw new TypeError('this is no canvas of bpmn-js')
    this.#viewport = viewport
  }

  readonly on: Listen = (event, listener) => {
    this.#eventBus.on(event, listener)
    return () => this.#eventBus.off(event, listener)
  }

  /** The root of the plane in view. */
  get root(): CanvasElement {
    return this.#canvas.getRootElement()
  }

  /** Brings a plane into view. */
  open(root: CanvasElement): void {
    if (root !== this.root) this.#canvas.setRootElement(root)
  }

  /** Whether an element is on the plane in view. */
  isInView(element: CanvasElement): boolean {
    return this.#canvas.findRoot(element) === this.root
  }

  /** Read from the drawing itself: asking for the view box measures the whole diagram. */
  get projection(): Projection {
    const matrix = this.#viewport.transform.baseVal.consolidate()?.matrix
    return { scale: matrix?.a ?? 1, dx: matrix?.e ?? 0, dy: matrix?.f ?? 0 }
  }

  /** The part of the diagram in view. */
  get viewport(): Box {
    const { scale, dx, dy } = this.projection
    const { clientWidth, clientHeight } = this.container
    return { x: -dx / scale, y: -dy / scale, width: clientWidth / scale, height: clientHeight / scale }
  }

  /** Shows a part of the diagram, as large as it fits. */
  show(box: Box): void {
    this.#canvas.viewbox(box)
  }

  /** Where in the diagram a pointer is. */
  locate(event: MouseEvent): Point {
    const { scale, dx, dy } = this.projection
    const { left, top } = this.container.getBoundingClientRect()
    return { x: (event.clientX - left - dx) / scale, y: (event.clientY - top - dy) / scale }
  }
}

/** The box around an element; undefined for a root. */
export function boxOf(element: CanvasElement): Box | undefined {
  const { x, y, width, height, waypoints } = element
  if (waypoints !== undefined) return around(waypoints)
  if (x === undefined || y === undefined || width === undefined || height === undefined) return undefined
  return { x, y, width, height }
}

function around(points: readonly Point[]): Box | undefined {
  if (points.length === 0) return undefined
  const xs = points.map(({ x }) => x)
  const ys = points.map(({ y }) => y)
  const [x, y] = [Math.min(...xs), Math.min(...ys)]
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y }
}
