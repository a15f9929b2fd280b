// What a canvas shows, as records: the model tree of bpmn-js read into one entry per node of the document. Two
// pictures tell what a user did. Only reading; keys for what is new come from keys.ts.
import type { Value } from '../document/model.ts'
import { boundsField, waypointsField } from './geometry.ts'
import type { Identity } from './identity.ts'
import { chooseKeys } from './keys.ts'
import { isObject, isOrdered, type ModdleObject, ownValue, type Property, planOf } from './moddle.ts'

/** One node as the canvas has it. */
export interface Drawn {
  /** Absent for child elements that are only text: the model tree has them as values. */
  readonly object: ModdleObject | undefined
  /** Key of the parent, `#` for the root element. */
  readonly parent: string
  /** The parent's property that holds it; undefined for the root element and below generic elements. */
  readonly property: Property | undefined
  /** The type in the model tree; `''` for text. */
  readonly type: string
  /**
   * Attributes by the name that the model tree gives them, `@` before those that no package describes; and the
   * fields `#x`, `#b`, `#lb`, `#w` (DOCUMENT.md D5). `#i`, `#u` only say that a flow is listed, `#l` in which lanes.
   */
  readonly fields: ReadonlyMap<string, Value>
  /** Keys of the children in order, by property, of the lists whose order carries a meaning. */
  readonly lists: ReadonlyMap<string, readonly string[]>
}

/** Everything that a canvas shows, by key, parents before children. */
export type Picture = ReadonlyMap<string, Drawn>

/** A node on the way into a picture. */
export interface Entry {
  readonly object: ModdleObject | undefined
  readonly parent: Entry | undefined
  readonly property: Property | undefined
  /** Of child elements that are only text. */
  readonly value: unknown
  /** Set once it is known or chosen. */
  key: string
}

/** The name of the list that a property is; children of generic elements are one list. */
export function listName(property: Property | undefined): string {
  return property?.name ?? '$children'
}

/** Reads what a canvas shows. What is new gets a key, and from now on its element stands for that key. */
export function capture(
  definitions: ModdleObject,
  identity: Identity,
  before: Picture,
  taken: (key: string) => boolean,
): Picture {
  const entries: Entry[] = []
  const seen = new Set<ModdleObject>()
  collect(entries, seen, identity, {
    object: definitions,
    parent: undefined,
    property: undefined,
    value: undefined,
    key: '',
  })
  chooseKeys(entries, identity, before, taken)
  const lanes = membership(entries)
  const picture = new Map<string, Drawn>()
  const lists = new Map<Entry, Map<string, string[]>>()
  for (const entry of entries) {
    const own = new Map<string, string[]>()
    lists.set(entry, own)
    enlist(entry, lists)
    picture.set(entry.key, {
      object: entry.object,
      parent: entry.parent?.key ?? '#',
      property: entry.property,
      type: entry.object?.$type ?? '',
      fields:
        entry.object === undefined ? leafFields(entry, identity) : fieldsOf(entry.object, identity, lanes),
      lists: own,
    })
  }
  return picture
}

/** Notes a child in its parent's list, where the order of that list carries a meaning. */
function enlist(entry: Entry, lists: ReadonlyMap<Entry, Map<string, string[]>>): void {
  const { parent, property } = entry
  if (parent === undefined || (property !== undefined && !isOrdered(property))) return
  const name = listName(property)
  const siblings = lists.get(parent)
  const keys = siblings?.get(name)
  if (keys === undefined) siblings?.set(name, [entry.key])
  else keys.push(entry.key)
}

function collect(entries: Entry[], seen: Set<ModdleObject>, identity: Identity, entry: Entry): void {
  const { object } = entry
  if (object === undefined || seen.has(object)) return
  seen.add(object)
  entries.push(entry)
  if (object.$descriptor.isGeneric) {
    for (const child of object.$children ?? []) {
      collect(entries, seen, identity, {
        object: child,
        parent: entry,
        property: undefined,
        value: undefined,
        key: '',
      })
    }
    return
  }
  for (const { property, leaf } of planOf(object.$descriptor).children) {
    const value = ownValue(object, property)
    if (value === undefined || folded(object, property, value, identity)) continue
    for (const item of property.isMany ? (value as unknown[]) : [value]) {
      if (leaf) entries.push({ object: undefined, parent: entry, property, value: item, key: '' })
      else if (isObject(item) && isHome(item, object, property)) {
        collect(entries, seen, identity, { object: item, parent: entry, property, value: undefined, key: '' })
      }
    }
  }
}

/** bpmn-js leaves a shape that changed planes in the list of its former plane, too. */
function isHome(item: ModdleObject, parent: ModdleObject, property: Property): boolean {
  const home = item.$parent
  if (!property.isMany || !home || home === parent) return true
  const list = home[property.name]
  return !Array.isArray(list) || !list.includes(item)
}

/** Whether a property of a drawing element is a field of its node (D11), not a child node. */
function folded(object: ModdleObject, property: Property, value: unknown, identity: Identity): boolean {
  const isNode = (item: unknown) => isObject(item) && identity.stands(item)
  switch (property.name) {
    case 'bounds':
      return (
        (object.$instanceOf('bpmndi:BPMNShape') || object.$instanceOf('bpmndi:BPMNLabel')) && !isNode(value)
      )
    case 'waypoint':
      return object.$instanceOf('bpmndi:BPMNEdge') && !(value as unknown[]).every(isNode)
    case 'label':
      return isObject(value) && !isNode(value) && isPlainLabel(value)
    default:
      return false
  }
}

function isPlainLabel(label: ModdleObject): boolean {
  const plan = planOf(label.$descriptor)
  return plan.attributes.every((property) => ownValue(label, property) === undefined)
}

/** The lanes of each of their members. */
function membership(entries: readonly Entry[]): ReadonlyMap<ModdleObject, string[]> {
  const lanes = new Map<ModdleObject, string[]>()
  for (const { object, key } of entries) {
    if (object?.$type !== 'bpmn:Lane') continue
    for (const member of (object.flowNodeRef as ModdleObject[] | undefined) ?? []) {
      const keys = lanes.get(member)
      if (keys === undefined) lanes.set(member, [key])
      else keys.push(key)
    }
  }
  return lanes
}

function leafFields({ value }: Entry, identity: Identity): Map<string, Value> {
  const fields = new Map<string, Value>()
  const text = isObject(value) ? reference(value, identity) : String(value)
  if (text !== undefined) fields.set('#x', text)
  return fields
}

function fieldsOf(
  object: ModdleObject,
  identity: Identity,
  lanes: ReadonlyMap<ModdleObject, string[]>,
): Map<string, Value> {
  const fields = new Map<string, Value>()
  if (object.$descriptor.isGeneric) {
    genericFields(object, fields)
    return fields
  }
  const { attributes, body } = planOf(object.$descriptor)
  for (const property of attributes) {
    const value = attributeValue(ownValue(object, property), identity)
    if (value !== undefined) fields.set(property.ns.name, value)
  }
  for (const [name, value] of Object.entries(object.$attrs ?? {})) {
    if (isDeclaration(name) || name === 'xsi:type' || value === undefined || value === null) continue
    fields.set(`@${name}`, String(value))
  }
  const text = body && ownValue(object, body)
  if (text !== undefined && text !== '') fields.set('#x', String(text))
  drawingFields(object, identity, fields)
  const inLanes = lanes.get(object)
  if (inLanes !== undefined) fields.set('#l', inLanes.toSorted())
  if (object.$type === 'bpmn:SequenceFlow') listedFields(object, fields)
  return fields
}

function genericFields(object: ModdleObject, fields: Map<string, Value>): void {
  for (const [name, value] of Object.entries(object)) {
    if (name.startsWith('$') || isDeclaration(name) || value === undefined || value === null) continue
    fields.set(`@${name}`, String(value))
  }
  if (object.$body) fields.set('#x', object.$body)
}

function drawingFields(object: ModdleObject, identity: Identity, fields: Map<string, Value>): void {
  if (!object.$type.startsWith('bpmndi:')) return
  const bounds = object.bounds as ModdleObject | undefined
  const label = object.label as ModdleObject | undefined
  const points = object.waypoint as ModdleObject[] | undefined
  const is = (name: string, value: unknown) => {
    const property = object.$descriptor.propertiesByName[name]
    return property !== undefined && folded(object, property, value, identity)
  }
  const set = (field: string, value: string | undefined) => value !== undefined && fields.set(field, value)
  if (bounds && is('bounds', bounds)) set('#b', boundsField(bounds))
  if (points && is('waypoint', points)) set('#w', waypointsField(points))
  if (label && is('label', label)) set('#lb', boundsField(label.bounds as ModdleObject | undefined) ?? '')
}

/** Whether the ends of a flow list it. */
function listedFields(flow: ModdleObject, fields: Map<string, Value>): void {
  const lists = (end: unknown, property: string) =>
    isObject(end) && (end[property] as ModdleObject[] | undefined)?.includes(flow)
  if (lists(flow.targetRef, 'incoming')) fields.set('#i', '')
  if (lists(flow.sourceRef, 'outgoing')) fields.set('#u', '')
}

function attributeValue(value: unknown, identity: Identity): Value | undefined {
  if (value === undefined) return undefined
  if (Array.isArray(value))
    return value.length > 0 ? value.map((item) => item?.id ?? item).join(' ') : undefined
  return isObject(value) ? reference(value, identity) : String(value)
}

/** A reference to what is no node is none. */
function reference(target: ModdleObject, identity: Identity): Value | undefined {
  const key = identity.key(target)
  return key === undefined ? undefined : [key]
}

function isDeclaration(name: string): boolean {
  return name === 'xmlns' || name.startsWith('xmlns:')
}
