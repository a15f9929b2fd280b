// What BPMN 2.0 says about element types: admission, order, references, singletons (D7, D15, N6). The facts
// stand in ../../tables.json, which every implementation reads; tables-data.ts is a copy of it, because a
// browser takes no JSON as a module. This file only answers questions.
import { DATA } from './tables-data.ts'

/** Namespace of the BPMN 2.0 model. */
export const BPMN_URI = 'http://www.omg.org/spec/BPMN/20100524/MODEL'
/** Namespace of BPMN diagram interchange. */
export const BPMNDI_URI = 'http://www.omg.org/spec/BPMN/20100524/DI'
/** Namespace of diagram interchange. */
export const DI_URI = 'http://www.omg.org/spec/DD/20100524/DI'
/** Namespace of diagram common (bounds, points). */
export const DC_URI = 'http://www.omg.org/spec/DD/20100524/DC'
/** Namespace of XML Schema instances (`xsi:type`). */
export const XSI_URI = 'http://www.w3.org/2001/XMLSchema-instance'
/** What the prefix `xml` means, always. */
export const XML_URI = 'http://www.w3.org/XML/1998/namespace'
/** What the prefix `xmlns` means; nothing may bind it. */
export const XMLNS_URI = 'http://www.w3.org/2000/xmlns/'

/** Which vocabulary an element belongs to; `dc`, `di` and `bpmndi` describe the drawing. */
export type Vocabulary = 'bpmn' | 'bpmndi' | 'di' | 'dc' | 'foreign'

const VOCABULARIES: ReadonlyMap<string, Vocabulary> = new Map([
  [BPMN_URI, 'bpmn'],
  [BPMNDI_URI, 'bpmndi'],
  [DI_URI, 'di'],
  [DC_URI, 'dc'],
])

/** The aliases that mean something where the document does not say (N0.6), in order. */
export const WELL_KNOWN: ReadonlyMap<string, string> = new Map([
  ['bpmn', BPMN_URI],
  ['bpmndi', BPMNDI_URI],
  ['dc', DC_URI],
  ['di', DI_URI],
  ['xsi', XSI_URI],
])

/** The vocabulary of a namespace. */
export function vocabularyOf(uri: string): Vocabulary {
  return VOCABULARIES.get(uri) ?? 'foreign'
}

/** Whether it describes the drawing, not the model. */
export function isDrawing(vocabulary: Vocabulary): boolean {
  return vocabulary === 'bpmndi' || vocabulary === 'di' || vocabulary === 'dc'
}

/** Whether its elements carry ids that references may name (D7). */
export function hasIds(vocabulary: Vocabulary): boolean {
  return vocabulary === 'bpmn' || vocabulary === 'bpmndi' || vocabulary === 'di'
}

/** Whether attributes of the reference table are references on its elements (D7). */
export function hasReferences(vocabulary: Vocabulary): boolean {
  return vocabulary === 'bpmn' || vocabulary === 'bpmndi'
}

/** The alias that a default namespace gets at import (D4). */
export function defaultAlias(uri: string): string {
  const vocabulary = vocabularyOf(uri)
  if (vocabulary !== 'foreign') return vocabulary
  return uri === '' ? 'none' : 'ns'
}

/** Whether an unprefixed attribute of this name refers to elements by id (D7). */
export function isReferenceAttribute(name: string): boolean {
  return TABLES.referenceAttributes.has(name)
}

/** Whether an element of the model of this name holds the id of another as its text (D7). */
export function isReferenceElement(local: string): boolean {
  return TABLES.referenceElements.has(local)
}

/** Whether the element type `local` is, or derives from, the type `ancestor` (`FlowNode` …). */
export function isA(local: string, ancestor: string): boolean {
  return TABLES.types.get(local)?.ancestors.has(ancestor) ?? false
}

/** Whether BPMN knows an element type of this name. */
export function isType(local: string): boolean {
  return TABLES.types.has(local)
}

/** Whether an element of the model may carry an unprefixed attribute; what no type declares is the author's own. */
export function admitsAttribute(local: string, attribute: string): boolean {
  const type = TABLES.types.get(local)
  return type === undefined || type.attributes.has(attribute) || !TABLES.attributes.has(attribute)
}

/** Whether an element of the model may hold a child of the model; what no type declares is the author's own. */
export function admitsChild(parent: string, child: string): boolean {
  const type = TABLES.types.get(parent)
  if (type === undefined || childPlace(type, child) !== undefined) return true
  return !TABLES.children.has(child) && !isType(child)
}

/** Where a child element stands among its siblings by the schema, least first. */
export function schemaPlace(parent: string, child: string): number | undefined {
  const type = TABLES.types.get(parent)
  return type && childPlace(type, child)
}

/**
 * The role of a child that its parent can hold once only (D6): the schema's property, or the local name of a
 * vendor singleton. Two writers that add it concurrently must mean one node.
 */
export function singletonRole(parent: string, uri: string, child: string): string | undefined {
  if (vocabularyOf(uri) !== 'bpmn') {
    return TABLES.vendorSingletons.get(uri)?.has(child) ? child : undefined
  }
  const type = TABLES.types.get(parent)
  const place = type && childPlace(type, child)
  const property = place === undefined ? undefined : type?.children[place]
  return property?.single ? property.name : undefined
}

/** Whether a child of the model stands before the derived lists of its parent (D11, N8). */
export function standsBeforeLists(child: string, parentIsLane: boolean): boolean {
  if (child === 'documentation' || child === 'extensionElements') return true
  if (parentIsLane) return child === 'partitionElement'
  return child === 'auditing' || child === 'monitoring' || child === 'categoryValueRef'
}

/** `UserTask` → `userTask`: how an element of a type is called. */
export function elementName(type: string): string {
  return type.charAt(0).toLowerCase() + type.slice(1)
}

/** How tables.json stands. */
export interface Data {
  readonly about: string
  readonly referenceAttributes: readonly string[]
  readonly referenceElements: readonly string[]
  readonly vendorSingletons: Readonly<Record<string, readonly string[]>>
  readonly types: Readonly<Record<string, DataType>>
}

interface DataType {
  readonly abstract?: boolean
  readonly is: readonly string[]
  readonly attributes: readonly string[]
  /** Property, type, `one` or `many`, `own`, `ref` or `text`. */
  readonly children: readonly (readonly [string, string, string, string])[]
}

interface Type {
  /** Itself and everything it derives from. */
  readonly ancestors: Set<string>
  readonly attributes: Set<string>
  /** Inherited ones first: the order of the schema. */
  children: Property[]
}

interface Property {
  readonly name: string
  readonly type: string
  readonly single: boolean
  /** Whether elements of the type stand for it, not only one of its own name. */
  readonly owned: boolean
}

const TABLES = flatten(DATA)

function flatten(data: Data) {
  const declared = Object.values(data.types)
  return {
    referenceAttributes: new Set(data.referenceAttributes),
    referenceElements: new Set(data.referenceElements),
    vendorSingletons: new Map(
      Object.entries(data.vendorSingletons).map(([uri, names]) => [uri, new Set(names)]),
    ),
    /** By element name. */
    types: new Map(Object.keys(data.types).map((name) => [elementName(name), flattenType(data.types, name)])),
    /** Every attribute and every child property that some type declares. */
    attributes: new Set(declared.flatMap((type) => type.attributes)),
    children: new Set(declared.flatMap((type) => type.children.map(([property]) => property))),
  }
}

/** Collects a type's own and inherited properties, bases before the type itself. */
function flattenType(all: Data['types'], name: string): Type {
  const lineage = [name]
  for (const current of lineage) {
    for (const base of all[current]?.is ?? []) if (!lineage.includes(base)) lineage.push(base)
  }
  const flat: Type = { ancestors: new Set(lineage), attributes: new Set(), children: [] }
  for (const base of lineage.reverse()) {
    const own = all[base]
    for (const attribute of own?.attributes ?? []) flat.attributes.add(attribute)
    for (const [property, type, many, kind] of own?.children ?? []) {
      // `Process` repeats two inherited properties: the later place is the schema's.
      flat.children = flat.children.filter((child) => child.name !== property)
      flat.children.push({
        name: property,
        type,
        single: many === 'one' && kind !== 'ref',
        // `BaseElement` would let a lane hold anything: only the property's own name counts.
        owned: kind === 'own' && type !== 'BaseElement',
      })
    }
  }
  return flat
}

function childPlace(parent: Type, child: string): number | undefined {
  const named = parent.children.findIndex((property) => property.name === child)
  if (named >= 0) return named
  const ancestors = TABLES.types.get(child)?.ancestors
  if (ancestors === undefined) return undefined
  const typed = parent.children.findIndex((property) => property.owned && ancestors.has(property.type))
  return typed >= 0 ? typed : undefined
}
