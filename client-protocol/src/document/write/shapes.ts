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
  readonly #boundsOrder: string[]
  readonly #waypointOrder: string[]

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
    const type = this.#type === undefined ? [] : [this.#type.field]
    this.#waypointOrder = complete(orderOf(waypoint) ?? 'x y', [...type, 'x', 'y'])
  }

  /** The attributes of bounds. */
  bounds([x, y, width, height]: Bounds): Attribute[] {
    return inOrder(this.#boundsOrder, [
      plain('x', x),
      plain('y', y),
      plain('width', width),
      plain('height', height),
    ])
  }

  /** The attributes of a waypoint. */
  waypoint(typed: boolean, x: string, y: string): Attribute[] {
    const type = typed && this.#type !== undefined ? [this.#type] : []
    return inOrder(this.#waypointOrder, [...type, plain('x', x), plain('y', y)])
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

/** The names in this order; those it lacks stand behind. */
function complete(order: string, names: readonly string[]): string[] {
  const known = [...parseOrder(order)].filter((name) => names.includes(name))
  return [...known, ...names.filter((name) => !known.includes(name))]
}

function inOrder(order: readonly string[], attributes: readonly Attribute[]): Attribute[] {
  return order.flatMap((field) => attributes.filter((attribute) => attribute.field === field))
}
