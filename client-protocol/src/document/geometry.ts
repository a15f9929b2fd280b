// The atomic geometry values: bounds, labels and waypoints (D11). Numbers stay the strings that their author
// wrote; nothing here prints a float.

/** x, y, width and height. */
export type Bounds = readonly [string, string, string, string]

/** Waypoints, and whether every one of them carries the attribute `geo.wx`. */
export interface Waypoints {
  readonly typed: boolean
  readonly points: readonly (readonly [string, string])[]
}

/** Whether a string may stand as a coordinate: `-?[0-9.eE+-]+`, not starting with `+`. */
export function isNumber(text: string): boolean {
  return /^[0-9.eE-][0-9.eE+-]*$/.test(text)
}

/** `"x y width height"` taken apart; undefined if it is not of this form. */
export function parseBounds(text: string): Bounds | undefined {
  const [x, y, width, height, ...more] = text.split(' ')
  if (x === undefined || y === undefined || width === undefined || height === undefined) return undefined
  const sound = more.length === 0 && isNumber(x) && isNumber(y) && isNumber(width) && isNumber(height)
  return sound ? [x, y, width, height] : undefined
}

/** `"x,y x,y …"` taken apart, with the leading `+`; undefined if it is not of this form. */
export function parseWaypoints(text: string): Waypoints | undefined {
  const typed = text.startsWith('+')
  const points: [string, string][] = []
  for (const point of (typed ? text.slice(1) : text).split(' ')) {
    const [x, y, ...more] = point.split(',')
    if (x === undefined || y === undefined || more.length > 0 || !isNumber(x) || !isNumber(y))
      return undefined
    points.push([x, y])
  }
  return { typed, points }
}
