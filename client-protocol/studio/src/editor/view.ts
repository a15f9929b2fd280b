// Which part of a diagram a canvas shows.
import type { Box, BpmnJs, CanvasElement } from './services.ts'

/** Around the diagram, in pixels of the screen. */
const MARGIN = 32
/** What the palette covers on the left, likewise: styles/canvas.css. */
const PALETTE = 60
/** How much nearer one step of the zoom buttons goes. */
const ZOOM_STEP = 1.25
/** Nearest and farthest, as by the mouse wheel. */
const ZOOM_RANGE = [0.2, 4] as const

/** Smaller than this nobody reads a label. */
const READABLE = 0.5

export interface View {
  /** Of the plane. */
  readonly root: string
  readonly box: Box
}

export function viewOf(bpmnJs: BpmnJs): View {
  const canvas = bpmnJs.get('canvas')
  const { x, y, width, height } = canvas.viewbox()
  return { root: canvas.getRootElement().id, box: { x, y, width, height } }
}

/** Shows the same part of another state of the diagram, as far as that has it. */
export function lookAt(bpmnJs: BpmnJs, { root, box }: View): void {
  const canvas = bpmnJs.get('canvas')
  const plane = bpmnJs.get('elementRegistry').get(root)
  if (!plane || canvas.findRoot(plane) !== plane) return
  if (plane !== canvas.getRootElement()) canvas.setRootElement(plane)
  canvas.viewbox(box)
}

/** Shows the whole diagram. */
export function fit(bpmnJs: BpmnJs): void {
  const canvas = bpmnJs.get('canvas')
  const { inner, outer } = canvas.viewbox()
  if (inner.width <= 0 || inner.height <= 0 || outer.width <= 0) return void canvas.zoom(1)
  const room = { width: outer.width - PALETTE - 2 * MARGIN, height: outer.height - 2 * MARGIN }
  // A diagram of three elements needs no magnifying glass.
  const scale = Math.min(1, Math.max(room.width, 1) / inner.width, Math.max(room.height, 1) / inner.height)
  canvas.viewbox({
    x: inner.x - (PALETTE + MARGIN + (room.width - inner.width * scale) / 2) / scale,
    y: inner.y - (MARGIN + (room.height - inner.height * scale) / 2) / scale,
    width: outer.width / scale,
    height: outer.height / scale,
  })
}

/** Brings an element of the plane that is shown into view, large enough to be read. */
export function reveal(bpmnJs: BpmnJs, element: CanvasElement): void {
  const canvas = bpmnJs.get('canvas')
  if (canvas.zoom() >= READABLE) {
    canvas.scrollToElement(element)
    return
  }
  const { x, y, scale, outer } = canvas.viewbox()
  const box = canvas.getAbsoluteBBox(element)
  const [width, height] = [outer.width / READABLE, outer.height / READABLE]
  canvas.viewbox({
    x: x + (box.x + box.width / 2) / scale - width / 2,
    y: y + (box.y + box.height / 2) / scale - height / 2,
    width,
    height,
  })
}

export function zoom(bpmnJs: BpmnJs, direction: 1 | -1): void {
  const canvas = bpmnJs.get('canvas')
  const [least, most] = ZOOM_RANGE
  canvas.zoom(Math.min(most, Math.max(least, canvas.zoom() * ZOOM_STEP ** direction)), 'auto')
}
