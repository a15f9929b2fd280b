// Geometry between the model tree of bpmn-js and the atomic fields `#b`, `#lb`, `#w` (DOCUMENT.md D11). Only
// conversions.
import type { Moddle, ModdleObject } from './moddle.ts'

/** Bounds as a field; undefined where one of the numbers is missing. */
export function boundsField(bounds: ModdleObject | undefined): string | undefined {
  if (bounds === undefined) return undefined
  const numbers = [bounds.x, bounds.y, bounds.width, bounds.height]
  return numbers.every(Number.isFinite) ? numbers.join(' ') : undefined
}

/** Waypoints as a field; undefined where there are none. */
export function waypointsField(points: readonly ModdleObject[]): string | undefined {
  if (points.length === 0 || !points.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))) {
    return undefined
  }
  return points.map(({ x, y }) => `${x},${y}`).join(' ')
}

/** Bounds of the model tree from a field. */
export function boundsOf(moddle: Moddle, field: string): ModdleObject {
  const [x, y, width, height] = field.split(' ').map(Number)
  return moddle.create('dc:Bounds', { x, y, width, height })
}

/** Waypoints of the model tree from a field. */
export function waypointsOf(moddle: Moddle, field: string): ModdleObject[] {
  return field
    .replace(/^\+/, '')
    .split(' ')
    .map((point) => {
      const [x, y] = point.split(',').map(Number)
      return moddle.create('dc:Point', { x, y })
    })
}

/** Whether two geometry fields mean the same numbers, however they are written. */
export function sameNumbers(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  const [left, right] = [a.split(/[ ,]/), b.split(/[ ,]/)]
  return left.length === right.length && left.every((number, at) => Number(number) === Number(right[at]))
}
