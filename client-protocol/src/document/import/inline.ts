// Children of regular shape that become fields (D11): geometry and derived lists. Only what the writer puts back at
// exactly the same place is taken; everything else stays a node of its own, so nothing is lost.
import { fitsBytes } from '../chars.ts'
import { isNumber } from '../geometry.ts'
import { write } from '../json.ts'
import { MAX_PREFIX_BYTES } from '../limits.ts'
import type { Fields } from '../model.ts'
import { nth } from '../order.ts'
import { isA, standsBeforeLists, type Vocabulary } from '../tables.ts'
import { NO_BINDING, type XmlElement } from '../xml/tree.ts'
import type { Profiles } from './profiles.ts'
import type { Keys, References } from './references.ts'
import type { Source } from './source.ts'

/** What became fields of other nodes. */
export class Inlined {
  readonly #consumed: boolean[]
  /** Fields by node. */
  readonly #fields = new Map<number, [string, string][]>()
  /** Lanes with the order of the entry there, by node. */
  readonly #lanes = new Map<number, [number, string][]>()

  readonly #source: Source

  constructor(source: Source) {
    this.#source = source
    this.#consumed = new Array(source.tree.nodes.length).fill(false)
  }

  /** Whether a node has become a field of another. */
  has(index: number): boolean {
    return this.#consumed[index] ?? false
  }

  /** Marks a node and all below it as inlined. */
  consume(index: number): void {
    this.#consumed.fill(true, index, this.#source.tree.nodes[index]?.end ?? index)
  }

  field(index: number, field: string, value: string): void {
    const fields = this.#fields.get(index)
    if (fields === undefined) this.#fields.set(index, [[field, value]])
    else fields.push([field, value])
  }

  lane(index: number, lane: number, order: string): void {
    const lanes = this.#lanes.get(index)
    if (lanes === undefined) this.#lanes.set(index, [[lane, order]])
    else lanes.push([lane, order])
  }

  /** Adds the inlined fields of a node to its record. */
  addFields(index: number, record: Fields, keys: Keys): void {
    for (const [field, value] of this.#fields.get(index) ?? []) record.set(field, value)
    const lanes = (this.#lanes.get(index) ?? []).flatMap(([lane, order]) => [keys[lane] ?? '', order])
    if (lanes.length > 0) record.set('#l', lanes)
  }
}

/** The tags that inlined geometry has in this text (`meta.geo`). */
export interface Geo {
  readonly b?: string
  readonly w?: string
  /** The first attribute besides x and y that a waypoint has, as `field=value`. */
  readonly wx?: string
  readonly l?: string
}

/** The first tag of each kind. */
export function findGeo(source: Source): Geo {
  const geo: { -readonly [name in keyof Geo]: Geo[name] } = {}
  for (const index of source.tree.nodes.keys()) {
    const element = source.element(index)
    if (element === undefined) continue
    const tag = source.aliases.tag(element.name)
    if (source.is(index, 'dc', 'Bounds')) geo.b ??= tag
    else if (source.is(index, 'bpmndi', 'BPMNLabel')) geo.l ??= tag
    else if (source.is(index, 'di', 'waypoint')) {
      geo.w ??= tag
      const other = geo.wx === undefined ? element.attributes.find(({ name }) => !isXY(name)) : undefined
      const pair = other && `${source.aliases.tag(other.name)}=${other.value}`
      if (pair !== undefined && fitsBytes(pair, MAX_PREFIX_BYTES)) geo.wx = pair
    }
  }
  return geo
}

/** `meta.geo`; undefined without geometry. */
export function writeGeo(geo: Geo): string | undefined {
  const names: [string, string][] = Object.entries(geo)
  return names.length === 0 ? undefined : write(names)
}

function isXY(name: { binding: number; local: string }): boolean {
  return name.binding === NO_BINDING && (name.local === 'x' || name.local === 'y')
}

/** Finds what can be inlined. */
export function inline(source: Source, profiles: Profiles, references: References, geo: Geo): Inlined {
  const inlined = new Inlined(source)
  const geometry = new GeometryFinder(source, profiles, geo, inlined)
  const lists = new ListFinder(source, references, inlined)
  for (const index of source.tree.nodes.keys()) {
    if (source.layout(index) !== 'block') continue
    geometry.find(index)
    lists.find(index)
  }
  return inlined
}

/** `#b`, `#w` and `#lb`: the first children, in this order, and no others of their kind. */
class GeometryFinder {
  readonly #source: Source
  readonly #profiles: Profiles
  readonly #geo: Geo
  readonly #inlined: Inlined

  constructor(source: Source, profiles: Profiles, geo: Geo, inlined: Inlined) {
    this.#source = source
    this.#profiles = profiles
    this.#geo = geo
    this.#inlined = inlined
  }

  find(index: number): void {
    const source = this.#source
    const local = source.vocabularyOf(index) === 'bpmndi' ? source.element(index)?.name.local : undefined
    const children = source.content(index)
    let taken = 0
    if (local === 'BPMNShape' || local === 'BPMNLabel') taken = this.#takeBounds(index, children)
    else if (local === 'BPMNEdge') taken = this.#takeWaypoints(index, children)
    const label = children[taken]
    if ((local !== 'BPMNShape' && local !== 'BPMNEdge') || label === undefined) return
    const value = this.#label(label)
    if (value === undefined || count(source, children, 'bpmndi', 'BPMNLabel') !== 1) return
    this.#inlined.consume(label)
    this.#inlined.field(index, '#lb', value)
  }

  #takeBounds(index: number, children: readonly number[]): number {
    const [first] = children
    const value = first === undefined ? undefined : this.#bounds(first)
    if (first === undefined || value === undefined) return 0
    if (count(this.#source, children, 'dc', 'Bounds') !== 1) return 0
    this.#inlined.consume(first)
    this.#inlined.field(index, '#b', value)
    return 1
  }

  #takeWaypoints(index: number, children: readonly number[]): number {
    const waypoints = children.slice(0, count(this.#source, children, 'di', 'waypoint'))
    const points: string[] = []
    let typed = 0
    for (const child of waypoints) {
      const point = this.#waypoint(child)
      if (point === undefined) return 0
      points.push(point.text)
      if (point.typed) typed++
    }
    if (points.length === 0 || (typed !== 0 && typed !== points.length)) return 0
    for (const child of waypoints) this.#inlined.consume(child)
    this.#inlined.field(index, '#w', `${typed > 0 ? '+' : ''}${points.join(' ')}`)
    return points.length
  }

  /** An element that is nothing but a name and attributes in their usual order. */
  #plain(index: number, tag: string | undefined): XmlElement | undefined {
    const element = this.#source.element(index)
    const regular =
      element !== undefined &&
      this.#source.layout(index) === 'empty' &&
      element.declarations.length === 0 &&
      this.#profiles.ownOrder(index) === undefined &&
      this.#source.aliases.tag(element.name) === tag
    return regular ? element : undefined
  }

  #number(element: XmlElement, name: string): string | undefined {
    const value = this.#source.attribute(element, name)
    return value !== undefined && isNumber(value) ? value : undefined
  }

  #bounds(index: number): string | undefined {
    const element = this.#plain(index, this.#geo.b)
    if (element?.attributes.length !== 4) return undefined
    const numbers = ['x', 'y', 'width', 'height'].map((name) => this.#number(element, name))
    return numbers.includes(undefined) ? undefined : numbers.join(' ')
  }

  #waypoint(index: number): { typed: boolean; text: string } | undefined {
    const element = this.#plain(index, this.#geo.w)
    if (element === undefined) return undefined
    const x = this.#number(element, 'x')
    const y = this.#number(element, 'y')
    if (x === undefined || y === undefined) return undefined
    const others = element.attributes.filter(({ name }) => !isXY(name))
    const [other, ...more] = others.map(({ name, value }) => `${this.#source.aliases.tag(name)}=${value}`)
    if (more.length > 0 || (other !== undefined && other !== this.#geo.wx)) return undefined
    return { typed: other !== undefined, text: `${x},${y}` }
  }

  #label(index: number): string | undefined {
    const source = this.#source
    const element = source.element(index)
    if (element === undefined || element.declarations.length > 0 || element.attributes.length > 0)
      return undefined
    if (source.aliases.tag(element.name) !== this.#geo.l) return undefined
    const layout = source.layout(index)
    if (layout === 'empty') return ''
    const [bounds, ...more] = source.content(index)
    return layout === 'block' && bounds !== undefined && more.length === 0 ? this.#bounds(bounds) : undefined
  }
}

/** An entry of a list and the element that it refers to. */
interface Entry {
  readonly entry: number
  readonly target: number
}

/** `#i`, `#u` and `#l`: lists that stand right behind the leading children. */
class ListFinder {
  readonly #source: Source
  readonly #references: References
  readonly #inlined: Inlined

  constructor(source: Source, references: References, inlined: Inlined) {
    this.#source = source
    this.#references = references
    this.#inlined = inlined
  }

  find(index: number): void {
    const source = this.#source
    const element = source.element(index)
    if (element === undefined || source.vocabulary(element) !== 'bpmn') return
    const lane = element.name.local === 'lane'
    if (!lane && !isA(element.name.local, 'FlowNode')) return
    const children = source.content(index)
    const start = children.findIndex((child) => !this.#leads(child, lane))
    const rest = start < 0 ? [] : children.slice(start)
    const sizes = (lane ? ['flowNodeRef'] : ['incoming', 'outgoing']).map((name) =>
      count(source, children, 'bpmn', name),
    )
    const [first = 0, second = 0] = sizes
    const next = rest[first + second]
    // Behind the lists must not come what the writer would then put before them.
    if (next !== undefined && this.#leads(next, lane)) return
    if (lane) this.#members(index, element, rest.slice(0, first))
    else this.#flows(index, element, rest.slice(0, first), rest.slice(first, first + second))
  }

  #leads(index: number, lane: boolean): boolean {
    const element = this.#source.element(index)
    const model = element !== undefined && this.#source.vocabulary(element) === 'bpmn'
    return model && standsBeforeLists(element.name.local, lane)
  }

  #members(lane: number, element: XmlElement, members: readonly number[]): void {
    for (const [i, { entry, target }] of (this.#entries(element, members, 'flowNodeRef') ?? []).entries()) {
      this.#inlined.consume(entry)
      this.#inlined.lane(target, lane, nth(i))
    }
  }

  #flows(node: number, element: XmlElement, incoming: readonly number[], outgoing: readonly number[]): void {
    const first = this.#entries(element, incoming, 'incoming')
    const second = this.#entries(element, outgoing, 'outgoing')
    const confirmed =
      first?.every(({ target }) => this.#endsAt(target, 'targetRef', node)) &&
      second?.every(({ target }) => this.#endsAt(target, 'sourceRef', node))
    if (first === undefined || second === undefined || !confirmed) return
    for (const [field, list] of [
      ['#i', first],
      ['#u', second],
    ] as const) {
      for (const [i, { entry, target }] of list.entries()) {
        this.#inlined.consume(entry)
        this.#inlined.field(target, field, nth(i))
      }
    }
  }

  /** The entries of a list, if each is a bare reference to another element. */
  #entries(holder: XmlElement, list: readonly number[], local: string): Entry[] | undefined {
    const seen = new Set<number>()
    const entries: Entry[] = []
    for (const entry of list) {
      const target = this.#target(entry, holder, local)
      if (target === undefined || seen.has(target)) return undefined
      seen.add(target)
      entries.push({ entry, target })
    }
    return entries
  }

  #target(entry: number, holder: XmlElement, local: string): number | undefined {
    const element = this.#source.element(entry)
    const text = this.#source.onlyText(entry)
    const regular =
      element !== undefined &&
      element.name.local === local &&
      element.name.binding === holder.name.binding &&
      element.attributes.length === 0 &&
      element.declarations.length === 0
    if (!regular || text?.kind !== 'text') return undefined
    const reference = this.#references.find(entry, '#x', text.text)
    return reference?.before === '' && reference.after === '' ? reference.target : undefined
  }

  #endsAt(flow: number, end: 'sourceRef' | 'targetRef', node: number): boolean {
    const element = this.#source.is(flow, 'bpmn', 'sequenceFlow') ? this.#source.element(flow) : undefined
    const value = element && this.#source.attribute(element, end)
    return value !== undefined && this.#references.find(flow, end, value)?.target === node
  }
}

function count(source: Source, children: readonly number[], vocabulary: Vocabulary, local: string): number {
  return children.filter((child) => source.is(child, vocabulary, local)).length
}
