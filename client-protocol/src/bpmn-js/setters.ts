// Setting properties of model elements, each telling whether it changed anything. Nothing here knows documents.
import {
  isLeaf,
  isObject,
  isOrdered,
  listOf,
  type ModdleObject,
  ownValue,
  type Property,
  planOf,
} from './moddle.ts'

/** Sets a property; undefined removes it. What XML shows alike is left alone. */
export function setProperty(object: ModdleObject, property: Property, value: unknown): boolean {
  const shown = value === property.default ? undefined : value
  if (Object.is(ownValue(object, property), shown)) return false
  // A reference list in one attribute is not kept as such by moddle.
  if (property.isMany) return false
  object.set(property.ns.name, value)
  return true
}

/** Sets an attribute that no package describes. */
export function setForeign(object: ModdleObject, name: string, value: string | undefined): boolean {
  const attributes = object.$attrs
  if (attributes === undefined || attributes[name] === value) return false
  if (value === undefined) delete attributes[name]
  else attributes[name] = value
  return true
}

/** Sets an attribute of an element that no package describes. */
export function setGeneric(object: ModdleObject, name: string, value: string | undefined): boolean {
  if (name.startsWith('$') || object[name] === value) return false
  if (value === undefined) delete object[name]
  else object[name] = value
  return true
}

/** Makes a list hold these values; the order counts only where it carries a meaning. */
export function setList(
  object: ModdleObject,
  property: Property,
  values: readonly unknown[],
  ordered: boolean,
): boolean {
  const current = (object[property.name] as unknown[] | undefined) ?? []
  const equal = ordered
    ? current.length === values.length && current.every((item, at) => item === values[at])
    : current.length === values.length && new Set([...current, ...values]).size === current.length
  if (equal) return false
  const list = listOf(object, property)
  list.splice(0, list.length, ...values)
  return true
}

/**
 * Makes the children of an element these, by property. Drawing fields (`bounds` …) stay, unless they were nodes:
 * `isNode` tells of a child whether it is or was one.
 */
export function setChildren(
  object: ModdleObject,
  children: ReadonlyMap<Property | undefined, readonly unknown[]>,
  isNode: (child: ModdleObject) => boolean,
): boolean {
  if (object.$descriptor.isGeneric) return setGenericChildren(object, children.get(undefined) ?? [])
  let changed = false
  for (const { property } of planOf(object.$descriptor).children) {
    const values = children.get(property) ?? []
    if (values.length === 0 && isDrawn(object, property) && !holds(object, property, isNode)) continue
    if (!isLeaf(property)) adopt(object, values, property)
    const done = property.isMany
      ? setList(object, property, values, isOrdered(property))
      : setProperty(object, property, values.at(-1))
    if (done) changed = true
  }
  return changed
}

function setGenericChildren(object: ModdleObject, values: readonly unknown[]): boolean {
  adopt(object, values, undefined)
  const current = object.$children ?? []
  if (current.length === values.length && current.every((item, at) => item === values[at])) return false
  object.$children = [...(values as ModdleObject[])]
  return true
}

/** One parent each: what bpmn-js moved on import to another plane comes back from there. */
function adopt(parent: ModdleObject, children: readonly unknown[], property: Property | undefined): void {
  for (const child of children as ModdleObject[]) {
    const former = property?.isMany && child.$parent !== parent && child.$parent?.[property.name]
    if (Array.isArray(former) && former.includes(child)) former.splice(former.indexOf(child), 1)
    child.$parent = parent
  }
}

function holds(object: ModdleObject, property: Property, isNode: (child: ModdleObject) => boolean): boolean {
  const value = object[property.name]
  const current = (Array.isArray(value) ? value : [value]).filter(isObject)
  return current.length > 0 && current.every(isNode)
}

/** Whether a property is a field of its node (DOCUMENT.md D11). */
function isDrawn(object: ModdleObject, property: Property): boolean {
  return object.$type.startsWith('bpmndi:') && ['bounds', 'label', 'waypoint'].includes(property.name)
}
