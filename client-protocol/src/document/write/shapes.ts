// How the atomic geometry of a document is written: names and attribute order of bounds, waypoints and labels
// (`meta.geo`, D11, N10.3).
import { fitsBytes, splitOnce } from '../chars.ts'
import type { Bounds } from '../geometry.ts'
import { parseStrings } from '../json.ts'
import { MAX_PREFIX_BYTES } from '../limits.ts'
import type { Records } from '../model.ts'
import type { Alias, Aliases } from '../repair/aliases.ts'
import { parseOrder } from '../repair/attributes.ts'
import { nameOf } from '../repair/tag.ts'
import { BPMNDI_URI, DC_URI, DI_URI } from '../tables.ts'

/** The name of an element or attribute that is written; no alias for no namespace. */
export interface Named {
  readonly alias: Alias | undefined
  readonly local: string
}

/** An attribute that is written. */
export interface Attribute extends Named {
  readonly field: string
  readonly value: string
}

const BOUNDS = ['x', 'y', 'width', 'height']

/** Names and orders, looked up once. */
export class Shapes {
  readonly boundsName: Named
  readonly waypointName: Named
  readonly labelName: Named
  /** The attribute that typed waypoints carry. */
  readonly #type: Attribute | undefined
  /** Places among x, y, width, height. */
  readonly #boundsOrder: readonly number[]
  /** Places among the type, x, y. */
  readonly #waypointOrder: readonly number[]

  /**
   * Reads `meta.geo`; what is missing or does not fit is `dc:Bounds`, `di:waypoint`, `bpmndi:BPMNLabel`, whatever
   * the aliases of the document for these namespaces are.
   */
  constructor({ meta, ao }: Records, aliases: Aliases) {
    const geo = parseStrings(meta.get('geo'))
    const [bounds, waypoint] = [geo.get('b'), geo.get('w')]
    const orderOf = (tag: string | undefined) => (tag === undefined ? undefined : ao.get(tag))
    this.#type = typeOf(geo.get('wx'), aliases)
    this.boundsName = named(bounds, 'Bounds', DC_URI, 'dc', aliases)
    this.waypointName = named(waypoint, 'waypoint', DI_URI, 'di', aliases)
    this.labelName = named(geo.get('l'), 'BPMNLabel', BPMNDI_URI, 'bpmndi', aliases)
    this.#boundsOrder = complete(orderOf(bounds) ?? '', BOUNDS)
    this.#waypointOrder = complete(orderOf(waypoint) ?? 'x y', [this.#type?.field ?? '', 'x', 'y'])
  }

  /** The attributes of bounds. */
  bounds(bounds: Bounds): Attribute[] {
    return this.#boundsOrder.map((at) => plain(BOUNDS[at] ?? '', bounds[at] ?? ''))
  }

  /** The attributes of a waypoint. */
  waypoint(typed: boolean, x: string, y: string): Attribute[] {
    const attributes = [typed ? this.#type : undefined, plain('x', x), plain('y', y)]
    return this.#waypointOrder.map((at) => attributes[at]).filter((attribute) => attribute !== undefined)
  }
}

function named(tag: string | undefined, local: string, uri: string, alias: string, aliases: Aliases): Named {
  const [prefix, rest] = splitOnce(tag ?? '', ':') ?? []
  const chosen = prefix !== undefined && rest === local ? aliases.get(prefix) : undefined
  return { alias: chosen?.uri === uri ? chosen : aliases.ofUri(uri, alias), local }
}

/** `xsi:type=dc:Point` as an attribute. */
function typeOf(text: string | undefined, aliases: Aliases): Attribute | undefined {
  const [field, value] = splitOnce(text ?? '', '=') ?? []
  if (field === undefined || value === undefined || field === 'x' || field === 'y') return undefined
  const name =
    field === 'xmlns' || !fitsBytes(text ?? '', MAX_PREFIX_BYTES) ? undefined : nameOf(field, aliases)
  if (name === undefined) return undefined
  return { field, alias: name.uri === '' ? undefined : aliases.get(name.alias), local: name.local, value }
}

function plain(field: string, value: string): Attribute {
  return { field, alias: undefined, local: field, value }
}

/** The places of the names in this order; those that it lacks stand behind. */
function complete(order: string, names: readonly string[]): number[] {
  const known = [...parseOrder(order)].map((name) => names.indexOf(name)).filter((at) => at >= 0)
  return [...known, ...names.keys()].filter((at, place, all) => all.indexOf(at) === place)
}
