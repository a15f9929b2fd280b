// The records as a tree: which nodes count (N1), where cycles are cut (N2), what is live (N3).
import { compare, isNcName, trimSpace } from '../chars.ts'
import { MAX_DEPTH } from '../limits.ts'
import { DOCUMENT, type Fields, place, type Records, text } from '../model.ts'
import { hasIds, isDrawing } from '../tables.ts'
import { Aliases } from './aliases.ts'
import { house } from './housing.ts'
import { type Tag, tagOf } from './tag.ts'

/** A node that counts. */
export interface Node {
  readonly key: string
  /** Its place among all nodes by key: comparing these compares keys. */
  readonly index: number
  readonly fields: Fields
  readonly tag: Tag
  /** `#p` taken apart. */
  readonly place: { readonly order: string; readonly parent: string }
  /** The node by which it hangs; undefined at the top level and where it hangs nowhere. */
  parent: Node | undefined
  /** Whether it hangs on the document itself. */
  readonly atTop: boolean
  /** Whether its tag or its parent is not the one it was created with (N6). */
  changed: boolean
  live: boolean
  /** Whether it stands inside an element of the drawing. */
  inDrawing: boolean
  /** All that hang by it, in order, live or not. */
  readonly children: Node[]
  /** Its id without white space around it, where it is an element that may have one; never empty. */
  readonly id: string | undefined
}

/** The tree. */
export interface Graph {
  readonly aliases: Aliases
  readonly byKey: ReadonlyMap<string, Node>
  /** In the order of their keys. */
  readonly nodes: readonly Node[]
  readonly root: Node | undefined
  /** The prolog, the root element and the epilog, in order; nothing without a root. */
  readonly top: readonly Node[]
  /** Nodes that are, or were, live, in document order: a parent stands before its children. */
  readonly sequence: readonly Node[]
  /** What N11 hangs elsewhere than the records say. */
  readonly moved: readonly Node[]
}

/** Makes the tree of some records; `dry` leaves what N11 moves where it is. */
export function graphOf(records: Records, dry: boolean): Graph {
  const aliases = new Aliases(records)
  const byKey = collect(records, aliases)
  const nodes = [...byKey.values()]
  for (const node of nodes) {
    const parent = node.atTop ? undefined : byKey.get(node.place.parent)
    node.parent = parent?.tag.kind === 'element' ? parent : undefined
  }
  const root = findRoot(nodes)
  cutCycles(nodes, root)
  const moved = house(nodes, byKey, root, dry)
  const top = nodes.filter((node) => node.atTop && (node === root || isAside(node))).sort(inOrder)
  for (const node of nodes) node.parent?.children.push(node)
  for (const node of nodes) node.children.sort(inOrder)
  return root === undefined
    ? { aliases, byKey, nodes, root, top: [], sequence: [], moved }
    : { aliases, byKey, nodes, root, top, sequence: findLive(top), moved }
}

/** Siblings sort by (order, key). */
export function inOrder(a: Node, b: Node): number {
  return compare(a.place.order, b.place.order) || a.index - b.index
}

/** N1: nodes whose tag and place can be read, in the order of their keys. */
function collect(records: Records, aliases: Aliases): Map<string, Node> {
  const byKey = new Map<string, Node>()
  const tags = new Map<string, Tag | undefined>()
  for (const key of [...records.nodes.keys()].sort(compare)) {
    const fields = records.nodes.get(key)
    const field = fields && text(fields, '#t')
    const at = fields && place(fields)
    if (fields === undefined || field === undefined || at === undefined) continue
    if (!tags.has(field)) tags.set(field, tagOf(field, aliases))
    const tag = tags.get(field)
    if (tag === undefined || (tag.kind === 'instruction' && !hasTarget(fields))) continue
    const firstParent = text(fields, '#p0')
    byKey.set(key, {
      key,
      index: byKey.size,
      fields,
      tag,
      place: at,
      parent: undefined,
      atTop: at.parent === DOCUMENT,
      changed: fields.has('#t0') || (firstParent !== undefined && firstParent !== at.parent),
      live: false,
      inDrawing: false,
      children: [],
      id: hasIds(tag.vocabulary) ? trimSpace(text(fields, 'id') ?? '') || undefined : undefined,
    })
  }
  return byKey
}

/** Whether an instruction has a target that XML allows (N0.6). */
function hasTarget(fields: Fields): boolean {
  const target = text(fields, '#pn')
  return target !== undefined && isNcName(target) && !/^xml$/i.test(target)
}

/** What stands beside the root element: comments and instructions. */
function isAside(node: Node): boolean {
  return node.tag.kind === 'comment' || node.tag.kind === 'instruction'
}

/** N1: of the elements at the top, `definitions` before others, the least by (order, key). */
function findRoot(nodes: readonly Node[]): Node | undefined {
  const other = (node: Node) => Number(node.tag.role !== 'definitions')
  return least(
    nodes.filter((node) => node.atTop && node.tag.kind === 'element'),
    (a, b) => other(a) - other(b) || inOrder(a, b),
  )
}

function least(nodes: readonly Node[], by: (a: Node, b: Node) => number): Node | undefined {
  let best: Node | undefined
  for (const node of nodes) if (best === undefined || by(node, best) < 0) best = node
  return best
}

/** N2: on each cycle of parents the node with the least key goes below the first process. */
function cutCycles(nodes: readonly Node[], root: Node | undefined): void {
  const processes = nodes.filter((node) => node.parent === root && node.tag.role === 'process')
  const process = root && least(processes, inOrder)
  /** On which walk each node was first met. */
  const met = new Map<Node, Node>()
  for (const walk of nodes) {
    let at: Node | undefined = walk
    while (at !== undefined && !met.has(at)) {
      met.set(at, walk)
      at = at.parent
    }
    if (at === undefined || met.get(at) !== walk) continue
    let first = at
    for (let next = at.parent; next !== undefined && next !== at; next = next.parent) {
      if (next.index < first.index) first = next
    }
    first.parent = process
    first.changed = true
  }
}

/** N3: live is what hangs on the document, not deeper than any reader goes. */
function findLive(top: readonly Node[]): Node[] {
  const sequence: Node[] = []
  const visit = (node: Node, depth: number, inDrawing: boolean): void => {
    node.live = true
    node.inDrawing = inDrawing
    sequence.push(node)
    if (depth >= MAX_DEPTH) return
    const inside = inDrawing || isDrawing(node.tag.vocabulary)
    for (const child of node.children) visit(child, depth + 1, inside)
  }
  for (const node of top) visit(node, 1, false)
  return sequence
}
