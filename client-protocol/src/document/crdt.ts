// Records in a Yjs document: seeding one, reading one, and the few primitive edits. Reading is total (N0):
// whatever peers wrote, it gives records, and the same ones on every replica. Nothing here repairs, and nothing
// opens a transaction: callers that write put several edits into one `doc.transact`.
import * as Y from 'yjs'
import { sanitise } from './chars.ts'
import { isValue, parse, write } from './json.ts'
import {
  CREATION,
  type Fields,
  type Namespace,
  noRecords,
  place,
  type Records,
  text,
  type Value,
} from './model.ts'

/** The roots of a document, all maps (D2). */
export const ROOTS = ['meta', 'ns', 'ao', 'nodes', 'threads', 'miro'] as const

/** The name of a root. */
export type Root = (typeof ROOTS)[number]

/** A root as a map; undefined where somebody made it something else. */
export function rootOf(doc: Y.Doc, name: Root): Y.Map<unknown> | undefined {
  const type = doc.share.get(name)
  // What only came over the wire has no type yet.
  const taken = type !== undefined && type.constructor !== Y.AbstractType && !(type instanceof Y.Map)
  return taken ? undefined : doc.getMap(name)
}

/** Reads a document (N0). */
export function readRecords(doc: Y.Doc): Records {
  const records = noRecords()
  for (const name of ['meta', 'ao'] as const) {
    for (const [key, value] of entries(doc, name)) {
      if (typeof value === 'string') records[name].set(key, sanitise(value))
    }
  }
  for (const [alias, value] of entries(doc, 'ns')) {
    const namespace = namespaceOf(value)
    if (namespace !== undefined) records.ns.set(alias, namespace)
  }
  for (const [key, value] of entries(doc, 'nodes')) {
    if (value instanceof Y.Map) records.nodes.set(key, readFields(value))
  }
  return records
}

/** The effective fields of one node; undefined if there is no such node. */
export function readNode(doc: Y.Doc, key: string): Fields | undefined {
  const node = nodeAt(doc, key)
  return node && readFields(node)
}

/** An entry of `meta`. */
export function readMeta(doc: Y.Doc, name: string): string | undefined {
  return stringAt(doc, 'meta', name)
}

/** An entry of `ns`. */
export function readNamespace(doc: Y.Doc, alias: string): Namespace | undefined {
  return namespaceOf(rootOf(doc, 'ns')?.get(alias))
}

/** An entry of `ao`: the order of a tag's attributes (D9). */
export function readAttributeOrder(doc: Y.Doc, tag: string): string | undefined {
  return stringAt(doc, 'ao', tag)
}

/** Writes a whole diagram into a document that holds none. */
export function writeRecords(doc: Y.Doc, records: Records): void {
  for (const name of ['meta', 'ao'] as const) {
    const root = rootOf(doc, name)
    for (const [key, value] of records[name]) root?.set(key, value)
  }
  const ns = rootOf(doc, 'ns')
  for (const [alias, namespace] of records.ns) ns?.set(alias, namespaceEntry(namespace))
  const nodes = rootOf(doc, 'nodes')
  for (const [key, fields] of records.nodes) nodes?.set(key, creation(fields))
}

/** Sets a field of a node. Writes nothing, and says so, if it is so already or there is no such node. */
export function setField(doc: Y.Doc, key: string, field: string, value: Value): boolean {
  const node = nodeAt(doc, key)
  if (node === undefined || sameValue(readFields(node).get(field), value)) return false
  node.set(field, copyOf(value))
  return true
}

/** Removes a field of a node, that is writes `null` over it. Writes nothing, and says so, if it is absent. */
export function removeField(doc: Y.Doc, key: string, field: string): boolean {
  const node = nodeAt(doc, key)
  if (node === undefined || !readFields(node).has(field)) return false
  node.set(field, null)
  return true
}

/**
 * Creates a node. Writes nothing, and says so, if the key is taken.
 *
 * A key must not be deleted and created again in one transaction: that loses concurrent edits (D8).
 */
export function createNode(doc: Y.Doc, key: string, fields: Fields): boolean {
  const nodes = rootOf(doc, 'nodes')
  if (nodes === undefined || nodes.has(key)) return false
  nodes.set(key, creation(fields))
  return true
}

/** Deletes a node, but not what hangs below it: the caller deletes the descendants that it knows (D8). */
export function deleteNode(doc: Y.Doc, key: string): boolean {
  const nodes = rootOf(doc, 'nodes')
  if (!nodes?.has(key)) return false
  nodes.delete(key)
  return true
}

/** Sets an entry of `meta`. Writes nothing, and says so, if it is so already. */
export function setMeta(doc: Y.Doc, name: string, value: string): boolean {
  return setString(doc, 'meta', name, value)
}

/** Removes an entry of `meta`. Writes nothing, and says so, if it is absent. */
export function removeMeta(doc: Y.Doc, name: string): boolean {
  const meta = rootOf(doc, 'meta')
  if (!meta?.has(name)) return false
  meta.delete(name)
  return true
}

/** Sets an entry of `ao`, the order of a tag's attributes (D9). Writes nothing, and says so, if it is so already. */
export function setAttributeOrder(doc: Y.Doc, tag: string, order: string): boolean {
  return setString(doc, 'ao', tag, order)
}

/** Sets an entry of `ns` (D4). Writes nothing, and says so, if it is so already. */
export function setNamespace(doc: Y.Doc, alias: string, namespace: Namespace): boolean {
  const ns = rootOf(doc, 'ns')
  const entry = namespaceEntry(namespace)
  const current = ns?.get(alias)
  if (ns === undefined || (isValue(current) && sameValue(current, entry))) return false
  ns.set(alias, entry)
  return true
}

/** Whether two values, or their absence, are the same. */
export function sameValue(a: Value | undefined, b: Value | undefined): boolean {
  if (typeof a === 'string' || typeof b === 'string' || a === undefined || b === undefined) return a === b
  return a.length === b.length && a.every((item, at) => item === b[at])
}

function entries(doc: Y.Doc, name: Root): Iterable<[string, unknown]> {
  return rootOf(doc, name)?.entries() ?? []
}

function stringAt(doc: Y.Doc, root: 'meta' | 'ao', name: string): string | undefined {
  const value = rootOf(doc, root)?.get(name)
  return typeof value === 'string' ? sanitise(value) : undefined
}

function setString(doc: Y.Doc, root: 'meta' | 'ao', name: string, value: string): boolean {
  const map = rootOf(doc, root)
  if (map === undefined || stringAt(doc, root, name) === value) return false
  map.set(name, value)
  return true
}

function nodeAt(doc: Y.Doc, key: string): Y.Map<unknown> | undefined {
  const node = rootOf(doc, 'nodes')?.get(key)
  return node instanceof Y.Map ? node : undefined
}

/** A node as its record at creation alone: one map and one string (D8). */
function creation(fields: Fields): Y.Map<unknown> {
  return new Y.Map([[CREATION, write(fields)]])
}

/** The record at creation with the later writes over it. */
function readFields(node: Y.Map<unknown>): Fields {
  const created = node.get(CREATION)
  const fields = (typeof created === 'string' ? parse(created) : undefined) ?? new Map<string, Value>()
  for (const [name, value] of fields) if (typeof value === 'string') fields.set(name, sanitise(value))
  fields.delete(CREATION)
  const firstTag = text(fields, '#t0') ?? text(fields, '#t')
  const firstParent = text(fields, '#p0') ?? place(fields)?.parent
  // A type that was changed back leaves behind what the other type had; a parent does not.
  const retyped = node.has('#t') || text(fields, '#t0') !== undefined
  for (const [name, value] of node.entries()) {
    if (name === CREATION) continue
    if (isValue(value)) fields.set(name, typeof value === 'string' ? sanitise(value) : [...value])
    else fields.delete(name)
  }
  const parent = place(fields)?.parent
  note(fields, '#t0', retyped ? firstTag : undefined)
  note(fields, '#p0', parent !== undefined && parent !== firstParent ? firstParent : undefined)
  return fields
}

/** Only the record at creation says what a field was at first, whatever is written over it (N0.5). */
function note(fields: Fields, field: string, first: string | undefined): void {
  if (first === undefined) fields.delete(field)
  else fields.set(field, first)
}

function copyOf(value: Value): string | string[] {
  return typeof value === 'string' ? value : [...value]
}

function namespaceEntry(namespace: Namespace): string[] {
  const entry = [namespace.uri, namespace.atRoot ? '1' : '0']
  return namespace.prefix === undefined ? entry : [...entry, namespace.prefix]
}

/** `[uri, "1" (declared at the root) or "0"]`, and the prefix where it is not the alias. */
function namespaceOf(value: unknown): Namespace | undefined {
  if (!isValue(value) || typeof value === 'string') return undefined
  const [uri, flag, prefix] = value
  if (uri === undefined || value.length > 3 || (flag !== '0' && flag !== '1')) return undefined
  const namespace = { uri: sanitise(uri), atRoot: flag === '1' }
  return prefix === undefined ? namespace : { ...namespace, prefix }
}
