// The atomic geometry values: bounds, labels and waypoints (D11). Numbers stay the strings that their author
// wrote; nothing here prints a float.

/** x, y, width and height. */
export type Bounds = readonly [string, string, string, string]

/** Waypoints, and whether every one of them carries the attribute `geo.wx`. */
export interface Waypoints {
  readonly typed: boolean
  readonly points: readonly (readonly [string, string])[]
}

const NUMBER = '[0-9.eE-][0-9.eE+-]*'
const BOUNDS = new RegExp(`^${NUMBER} ${NUMBER} ${NUMBER} ${NUMBER}$`)
const WAYPOINTS = new RegExp(`^\\+?${NUMBER},${NUMBER}(?: ${NUMBER},${NUMBER})*$`)
const ONE = new RegExp(`^${NUMBER}$`)

/** Whether a string may stand as a coordinate: `-?[0-9.eE+-]+`, not starting with `+`. */
export function isNumber(text: string): boolean {
  return ONE.test(text)
}

/** Whether a string has the form `"x y width height"`. */
export function isBounds(text: string): boolean {
  return BOUNDS.test(text)
}

/** Whether a string has the form `"x,y x,y …"`, perhaps with a leading `+`. */
export function isWaypoints(text: string): boolean {
  return WAYPOINTS.test(text)
}

/** Bounds taken apart; undefined if it is not of this form. */
export function parseBounds(text: string): Bounds | undefined {
  const [x, y, width, height] = text.split(' ')
  if (x === undefined || y === undefined || width === undefined || height === undefined) return undefined
  return isBounds(text) ? [x, y, width, height] : undefined
}

/** Waypoints taken apart; undefined if it is not of this form. */
export function parseWaypoints(text: string): Waypoints | undefined {
  if (!isWaypoints(text)) return undefined
  const typed = text.startsWith('+')
  const points = (typed ? text.slice(1) : text).split(' ').map((point): [string, string] => {
    const comma = point.indexOf(',')
    return [point.slice(0, comma), point.slice(comma + 1)]
  })
  return { typed, points }
}
