// The model tree of bpmn-js (moddle) as the binding sees it: types, and for each element type the plan by which
// it is read and written. Facts only: nothing here knows documents or canvases.

/** An element of the model tree. */
export interface ModdleObject {
  readonly $type: string
  readonly $descriptor: Descriptor
  readonly $model: Moddle
  /** Attributes that no package describes. */
  readonly $attrs?: Record<string, unknown>
  $parent?: ModdleObject | null
  /** Of elements that no package describes. */
  $children?: ModdleObject[]
  $body?: string
  get(name: string): unknown
  set(name: string, value: unknown): void
  $instanceOf(type: string): boolean
  [property: string]: unknown
}

/** What moddle knows about a type. */
export interface Descriptor {
  readonly name: string
  /** An element that no package describes. */
  readonly isGeneric?: boolean
  readonly ns: { readonly prefix: string; readonly localName: string; readonly uri?: string }
  readonly properties: readonly Property[]
  readonly propertiesByName: Readonly<Record<string, Property>>
  readonly idProperty?: Property
  readonly bodyProperty?: Property
}

/** One property of a type. */
export interface Property {
  readonly name: string
  readonly type: string
  readonly ns: { readonly name: string; readonly prefix: string; readonly localName: string }
  readonly isMany?: boolean
  readonly isReference?: boolean
  readonly isAttr?: boolean
  readonly isBody?: boolean
  readonly isVirtual?: boolean
  /** False where a package extends the type of another. */
  readonly inherited?: boolean
  readonly default?: unknown
  readonly xml?: { readonly serialize?: string }
}

interface Package {
  readonly prefix: string
  readonly uri: string
  readonly xml?: { readonly tagAlias?: string; readonly typePrefix?: string }
}

/** Claims of ids, so that bpmn-js invents none that is taken. */
interface Ids {
  clear(): void
  claim(id: string, element: ModdleObject): void
  unclaim(id: string): void
}

/** The factory of model elements, a service of bpmn-js. */
export interface Moddle {
  readonly ids?: Ids
  create(type: string, attributes?: Record<string, unknown>): ModdleObject
  createAny(name: string, uri: string, attributes?: Record<string, unknown>): ModdleObject
  getType(name: string): { readonly $descriptor: Descriptor; hasType(type: string): boolean }
  getPackage(uriOrPrefix: string): Package | undefined
}

/** How an element type is read: its properties by what they are in XML. */
export interface Plan {
  readonly attributes: readonly Property[]
  readonly body: Property | undefined
  /** Properties that are child elements, in the order of the schema. */
  readonly children: readonly ChildProperty[]
}

/** A property that is child elements. */
export interface ChildProperty {
  readonly property: Property
  /** Child elements with nothing but text: a simple value or a reference. */
  readonly leaf: boolean
}

const SIMPLE = new Set(['String', 'Boolean', 'Integer', 'Real'])

/** Lists whose order bpmn-js shuffles with every move (facts of drawing, not of the process). */
const UNORDERED = new Set([
  'flowElements',
  'artifacts',
  'rootElements',
  'planeElement',
  'diagrams',
  'participants',
  'messageFlows',
  'lanes',
  'laneSets',
])

/** Lists that follow from the flows and from the members of lanes (DOCUMENT.md N8). */
const DERIVED = new Set(['bpmn:incoming', 'bpmn:outgoing', 'bpmn:flowNodeRef'])

const plans = new WeakMap<Descriptor, Plan>()

/** The plan of a type that a package describes. */
export function planOf(descriptor: Descriptor): Plan {
  let plan = plans.get(descriptor)
  if (plan === undefined) {
    plan = makePlan(descriptor)
    plans.set(descriptor, plan)
  }
  return plan
}

function makePlan(descriptor: Descriptor): Plan {
  const real = descriptor.properties.filter((property) => !property.isVirtual)
  return {
    attributes: real.filter((property) => property.isAttr),
    body: real.find((property) => property.isBody),
    children: real
      .filter((property) => !property.isAttr && !property.isBody && !DERIVED.has(property.ns.name))
      .map((property) => ({ property, leaf: isLeaf(property) })),
  }
}

/** Whether a property holds text or a reference, not elements. */
export function isLeaf(property: Property): boolean {
  return property.isReference === true || SIMPLE.has(property.type)
}

/** Whether a property holds several children whose order carries a meaning. */
export function isOrdered(property: Property): boolean {
  return property.isMany === true && !UNORDERED.has(property.name)
}

/** A property's value as XML would hold it; undefined where XML would not show it. */
export function ownValue(object: ModdleObject, property: Property): unknown {
  if (!Object.hasOwn(object, property.name)) return undefined
  const value = object[property.name]
  return value === null || value === property.default ? undefined : value
}

/** Whether a value is an element of the model tree. */
export function isObject(value: unknown): value is ModdleObject {
  return typeof value === 'object' && value !== null && '$type' in value
}

/** A value from XML as the property's type has it. */
export function coerce(type: string, value: string): string | number | boolean {
  if (type === 'Boolean') return value === 'true'
  if (type === 'Integer') return Number.parseInt(value, 10)
  if (type === 'Real') return Number.parseFloat(value)
  return value
}

/** The list that a property holds, made if it is not there. */
export function listOf(object: ModdleObject, property: Property): unknown[] {
  return object.get(property.name) as unknown[]
}
