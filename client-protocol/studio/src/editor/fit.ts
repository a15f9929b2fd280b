// The whole diagram in view, clear of what lies over the canvas.
import type { BpmnJs } from './services.ts'

/** Around the diagram, in pixels of the screen. */
const MARGIN = 32

/** @param left pixels that are covered on the left */
export function fit(bpmnJs: BpmnJs, left = 0): void {
  const canvas = bpmnJs.get('canvas')
  const { inner, outer } = canvas.viewbox()
  if (inner.width <= 0 || inner.height <= 0 || outer.width <= 0) return void canvas.zoom(1)
  const room = { width: outer.width - left - 2 * MARGIN, height: outer.height - 2 * MARGIN }
  // A diagram of three elements needs no magnifying glass.
  const scale = Math.min(1, Math.max(room.width, 1) / inner.width, Math.max(room.height, 1) / inner.height)
  canvas.viewbox({
    x: inner.x - (left + MARGIN + (room.width - inner.width * scale) / 2) / scale,
    y: inner.y - (MARGIN + (room.height - inner.height * scale) / 2) / scale,
    width: outer.width / scale,
    height: outer.height / scale,
  })
}
