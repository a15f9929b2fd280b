// Records as a tree: document order, parents, children, names by URI. What hangs on the document is seen, and what hangs
// in a cycle, which N2 shows; orphans only where they are asked for.
import { compare, splitOnce } from '../chars.ts'
import { DOCUMENT, type Fields, list, place, type Records, text } from '../model.ts'
import { isDrawing, vocabularyOf, WELL_KNOWN } from '../tables.ts'
import type { ListKind } from './op.ts'

/** One node. */
export interface TreeNode {
  readonly key: string
  readonly fields: Fields
  /** Its place in document order. */
  readonly at: number
  /** Undefined under the document, of orphans and where a cycle is cut. */
  readonly parent: TreeNode | undefined
  readonly children: TreeNode[]
  /** What it belongs to; `other` are vendor elements, texts, comments and instructions. */
  readonly part: 'model' | 'drawing' | 'other'
  /** The alias where it is not declared. */
  readonly uri: string
  /** The local name; `#text` and the like of what is no element. */
  readonly local: string
}

/** A list that other elements' fields make (N8). */
export interface DerivedList {
  readonly of: Exclude<ListKind, 'children'>
  readonly owner: TreeNode
  /** In order. */
  readonly members: TreeNode[]
}

/** The fields that place a flow in the lists of its ends. */
export const FLOW_LISTS = [
  { of: 'incoming', field: '#i', end: 'targetRef' },
  { of: 'outgoing', field: '#u', end: 'sourceRef' },
] as const

/** Keys by the key of the parent, in order. */
type ByParent = ReadonlyMap<string, readonly string[]>

/** The nodes of a diagram. */
export class RecordTree {
  readonly records: Records
  /** In document order. */
  readonly nodes: TreeNode[] = []
  /** Children of the document. */
  readonly top: readonly TreeNode[]
  readonly #byKey = new Map<string, TreeNode>()
  readonly #byParent: ByParent

  constructor(records: Records, { orphans = false } = {}) {
    this.records = records
    this.#byParent = groupByParent(records)
    this.top = this.#growAll(DOCUMENT)
    for (const key of cycleHeads(records, this.#byKey)) this.#grow(key)
    const absent = [...this.#byParent.keys()].filter(
      (parent) => !this.#byKey.has(parent) && parent !== DOCUMENT,
    )
    // Below a parent that is not there others may hang that are not there yet.
    if (orphans)
      for (const parent of absent.sort(compare)) if (!isPlaced(records, parent)) this.#growAll(parent)
  }

  get(key: string): TreeNode | undefined {
    return this.#byKey.get(key)
  }

  /** Keys of everything that has children: the document, nodes in document order, nodes that are not there. */
  parents(): Iterable<string> {
    return new Set([DOCUMENT, ...this.#byKey.keys(), ...this.#byParent.keys()])
  }

  /** The nodes that hang by a key, in order, also where a cycle is cut. */
  childrenOf(parent: string): TreeNode[] {
    const children = this.#byParent.get(parent) ?? []
    return children.map((key) => this.#byKey.get(key)).filter((node) => node !== undefined)
  }

  /** The root element. */
  root(): TreeNode | undefined {
    return this.top.find((node) => !node.local.startsWith('#'))
  }

  /** Each derived list, ordered by kind and owner. */
  lists(): DerivedList[] {
    const found: { of: DerivedList['of']; owner: TreeNode; order: string; node: TreeNode }[] = []
    for (const node of this.nodes) {
      for (const { of, field, end } of FLOW_LISTS) {
        const order = text(node.fields, field)
        const owner = this.get(referenced(node.fields, end) ?? '')
        if (order !== undefined && owner !== undefined) found.push({ of, owner, order, node })
      }
      for (const { lane, order } of lanesOf(node.fields)) {
        const owner = this.get(lane)
        if (owner !== undefined) found.push({ of: 'members', owner, order, node })
      }
    }
    found.sort(
      (a, b) =>
        compare(a.of, b.of) ||
        a.owner.at - b.owner.at ||
        compare(a.order, b.order) ||
        compare(a.node.key, b.node.key),
    )
    const lists: DerivedList[] = []
    for (const { of, owner, node } of found) {
      const last = lists.at(-1)
      if (last?.of === of && last.owner === owner) last.members.push(node)
      else lists.push({ of, owner, members: [node] })
    }
    return lists
  }

  #growAll(parent: string): TreeNode[] {
    for (const key of this.#byParent.get(parent) ?? []) this.#grow(key)
    return this.childrenOf(parent)
  }

  /** Adds a node and all below it. */
  #grow(head: string): void {
    const open: { key: string; parent: TreeNode | undefined }[] = [{ key: head, parent: undefined }]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { key, parent } = next
      const fields = this.records.nodes.get(key)
      if (fields === undefined || this.#byKey.has(key)) continue
      const node = this.#node(key, fields, parent)
      for (const child of [...(this.#byParent.get(key) ?? [])].reverse())
        open.push({ key: child, parent: node })
    }
  }

  #node(key: string, fields: Fields, parent: TreeNode | undefined): TreeNode {
    const [alias, local] = splitName(text(fields, '#t') ?? '')
    const uri = uriOf(this.records, alias)
    const vocabulary = vocabularyOf(uri)
    const part = isDrawing(vocabulary) ? 'drawing' : vocabulary === 'bpmn' ? 'model' : 'other'
    const node: TreeNode = { key, fields, at: this.nodes.length, parent, children: [], part, uri, local }
    this.nodes.push(node)
    this.#byKey.set(key, node)
    parent?.children.push(node)
    return node
  }
}

/** Its id, if it is not empty. */
export function idOf(node: TreeNode): string | undefined {
  return text(node.fields, 'id') || undefined
}

/** The key that a reference field holds. */
export function referenced(fields: Fields, field: string): string | undefined {
  return list(fields, field)?.[0]
}

/** The order of a node in a list; undefined where it does not stand there. */
export function orderIn(of: ListKind, owner: string, fields: Fields): string | undefined {
  if (of === 'children') {
    const at = place(fields)
    return at?.parent === owner ? at.order : undefined
  }
  if (of === 'members') return lanesOf(fields).find(({ lane }) => lane === owner)?.order
  const { field, end } = of === 'incoming' ? FLOW_LISTS[0] : FLOW_LISTS[1]
  return referenced(fields, end) === owner ? text(fields, field) : undefined
}

/** The pairs of `#l`; of each lane the first mention counts (N8). */
export function lanesOf(fields: Fields): { lane: string; order: string }[] {
  const pairs = list(fields, '#l') ?? []
  const lanes = new Map<string, string>()
  for (let at = 0; at + 1 < pairs.length; at += 2) {
    const [lane = '', order = ''] = pairs.slice(at, at + 2)
    if (!lanes.has(lane)) lanes.set(lane, order)
  }
  return [...lanes].map(([lane, order]) => ({ lane, order }))
}

/** Alias and local part of a tag or attribute; the alias is empty where there is none. */
export function splitName(name: string): [string, string] {
  return splitOnce(name, ':') ?? ['', name]
}

/** What an alias means; itself where nothing says so. */
export function uriOf(records: Records, alias: string): string {
  return records.ns.get(alias)?.uri ?? WELL_KNOWN.get(alias) ?? alias
}

/** Whether a node has a tag and a place; others are nowhere (N1). */
function isPlaced(records: Records, key: string): boolean {
  const fields = records.nodes.get(key)
  return fields !== undefined && text(fields, '#t') !== undefined && place(fields) !== undefined
}

function groupByParent(records: Records): ByParent {
  const byParent = new Map<string, { order: string; key: string }[]>()
  for (const [key, fields] of records.nodes) {
    const at = place(fields)
    if (at === undefined || text(fields, '#t') === undefined) continue
    const siblings = byParent.get(at.parent)
    if (siblings === undefined) byParent.set(at.parent, [{ order: at.order, key }])
    else siblings.push({ order: at.order, key })
  }
  return new Map(
    [...byParent].map(([parent, siblings]) => {
      siblings.sort((a, b) => compare(a.order, b.order) || compare(a.key, b.key))
      return [parent, siblings.map(({ key }) => key)]
    }),
  )
}

/** The node with the least key of every cycle of parents, where N2 cuts. */
function cycleHeads(records: Records, seen: ReadonlyMap<string, unknown>): string[] {
  const heads: string[] = []
  const walked = new Map<string, string>()
  const starts = [...records.nodes.keys()].filter((key) => !seen.has(key)).sort(compare)
  for (const start of starts) {
    const path: string[] = []
    let walk: string | undefined = start
    while (walk !== undefined && !walked.has(walk)) {
      walked.set(walk, start)
      path.push(walk)
      const fields = records.nodes.get(walk)
      walk = fields && isPlaced(records, walk) ? place(fields)?.parent : undefined
    }
    // Back on its own path: the part of it from there on is a cycle.
    if (walk === undefined || walked.get(walk) !== start) continue
    const [head] = path.slice(path.indexOf(walk)).sort(compare)
    if (head !== undefined) heads.push(head)
  }
  return heads
}
