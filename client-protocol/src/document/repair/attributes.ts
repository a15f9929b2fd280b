// The attributes of one element: which, in what order, with what value (N4, N6, N7, the end of N9, N10.2).
import { compare, isNcName, onlySpace } from '../chars.ts'
import { MAX_ATTRIBUTES } from '../limits.ts'
import { type Records, text } from '../model.ts'
import { admitsAttribute, hasIds, hasReferences, isReferenceAttribute } from '../tables.ts'
import type { Name, ShownAttribute } from '../view.ts'
import type { Rehomed } from './drawings.ts'
import type { Graph, Node } from './graph.ts'
import { type NewIds, shownId } from './ids.ts'
import { hasOwnId, targetOf } from './references.ts'
import { nameOf } from './tag.ts'

/** What the rules decided besides dropping nodes. */
export interface Decisions {
  readonly records: Records
  readonly graph: Graph
  readonly rehomed: Rehomed
  readonly newIds: NewIds
}

/** A value as the XML shows it, with the key that it refers to. */
export type Shown = Pick<ShownAttribute, 'value' | 'target'>

/** The order of a tag's attributes where nothing says one. */
const DEFAULT_ORDER = 'id name'

/** Field names separated by spaces, each once; at most so many count. */
export function parseOrder(order: string): Set<string> {
  const names = order.split(' ').filter((name) => name !== '')
  return new Set(names.slice(0, MAX_ATTRIBUTES))
}

/** Collects attributes, remembering what names and orders mean. */
export class Attributes {
  readonly #decisions: Decisions
  readonly #names = new Map<string, Name | undefined>()
  readonly #orders = new Map<string, Set<string>>()

  constructor(decisions: Decisions) {
    this.#decisions = decisions
  }

  /** The attributes of an element by field name, in the order in which they stand. */
  of(node: Node): Map<string, ShownAttribute> {
    const { fields } = node
    const shown = new Map<string, ShownAttribute>()
    const order = this.#order(node)
    for (const field of order) this.#add(node, field, shown)
    const rest: string[] = []
    for (const field of fields.keys()) if (!field.startsWith('#') && !order.has(field)) rest.push(field)
    if (rest.length > 1) rest.sort(compare)
    for (const field of rest) this.#add(node, field, shown)
    // A plane that shows a new element may not have said one itself.
    if (this.#decisions.rehomed.has(node) && !fields.has('bpmnElement') && !order.has('bpmnElement')) {
      this.#add(node, 'bpmnElement', shown)
    }
    return shown
  }

  #order(node: Node): Set<string> {
    const own = text(node.fields, '#o')
    if (own !== undefined) return parseOrder(own)
    const { field } = node.tag
    const known = this.#orders.get(field)
    if (known !== undefined) return known
    const order = parseOrder(this.#decisions.records.ao.get(field) ?? DEFAULT_ORDER)
    this.#orders.set(field, order)
    return order
  }

  #add(node: Node, field: string, shown: Map<string, ShownAttribute>): void {
    const value = field.startsWith('#') ? undefined : shownValue(this.#decisions, node, field)
    const name = value && this.#name(field)
    if (name === undefined || value === undefined || isDouble(name, shown)) return
    shown.set(field, { name, value: value.value, target: value.target })
  }

  #name(field: string): Name | undefined {
    if (!this.#names.has(field)) this.#names.set(field, attributeName(field, this.#decisions.graph))
    return this.#names.get(field)
  }
}

/** A `[key, before, after]` reference as the XML shows it (D7, N7); undefined if it is lost. */
export function reference(
  { graph, newIds }: Decisions,
  from: Node,
  field: string,
  list: readonly string[],
): Shown | undefined {
  const target = targetOf(graph, from, field, list)
  const id = target && shownId(target, newIds)
  if (target === undefined || id === undefined) return undefined
  if (list.length === 1) return { value: id, target: target.key }
  const [, before = '', after = ''] = list
  const value = (isReferencePrefix(before) ? before : '') + id + (onlySpace(after) ? after : '')
  return { value, target: target.key }
}

/** White space, then nothing or an NCName with a colon (N0.4). */
function isReferencePrefix(text: string): boolean {
  const name = text.replace(/^[ \t\n\r]+/, '')
  return name === '' || (name.endsWith(':') && isNcName(name.slice(0, -1)))
}

/** Declarations are no attributes, and fields that are no names are not shown (N0.6). */
function attributeName(field: string, graph: Graph): Name | undefined {
  return field === 'xmlns' ? undefined : nameOf(field, graph.aliases)
}

function shownValue(decisions: Decisions, node: Node, field: string): Shown | undefined {
  const element = field === 'bpmnElement' ? decisions.rehomed.get(node) : undefined
  if (element !== undefined) return { value: shownId(element, decisions.newIds) ?? '', target: element.key }
  const value = node.fields.get(field)
  const { vocabulary, name } = node.tag
  if (value === undefined) return undefined
  if (node.changed && vocabulary === 'bpmn' && !admitsAttribute(name.local, field)) return undefined
  if (typeof value === 'string') {
    const isId = field === 'id' && hasIds(vocabulary) && !hasOwnId(node)
    return { value: (isId ? shownId(node, decisions.newIds) : undefined) ?? value, target: undefined }
  }
  if (!hasReferences(vocabulary) || !isReferenceAttribute(field)) return undefined
  return reference(decisions, node, field, value)
}

/** Two aliases may mean one namespace: the first attribute of an expanded name stays. */
function isDouble(name: Name, shown: ReadonlyMap<string, ShownAttribute>): boolean {
  if (name.uri === '') return false
  for (const { name: other } of shown.values())
    if (other.local === name.local && other.uri === name.uri) return true
  return false
}
