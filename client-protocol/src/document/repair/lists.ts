// The lists that flows and nodes imply (N8): `incoming` and `outgoing` from `#i` and `#u` of the flows, `flowNodeRef`
// from `#l` of the nodes. What a child node lists already is not listed again.
import { compare } from '../chars.ts'
import { list, text } from '../model.ts'
import type { Graph, Node } from './graph.ts'
import { isReferable, nodeAt } from './references.ts'
import { isFlowNode } from './tag.ts'

/** Which list of a node: the element name of its entries. */
export type ListName = 'incoming' | 'outgoing' | 'flowNodeRef'

/** The derived lists of one node, in order. */
export type Lists = Partial<Record<ListName, readonly Node[]>>

interface Entry {
  readonly order: string
  readonly target: Node
}

/** Derives the lists of all nodes that have some. */
export function deriveLists(graph: Graph): ReadonlyMap<Node, Lists> {
  const entries = new Map<Node, Map<ListName, Entry[]>>()
  const listed = listedByChildren(graph)
  const add = (holder: Node, name: ListName, entry: Entry) => {
    if (listed.get(holder)?.has(mark(name, entry.target))) return
    const lists = entries.get(holder) ?? new Map<ListName, Entry[]>()
    entries.set(holder, lists)
    const known = lists.get(name)
    if (known === undefined) lists.set(name, [entry])
    else known.push(entry)
  }
  for (const node of graph.sequence) {
    if (!node.live || !isReferable(node)) continue
    if (node.tag.role === 'sequenceFlow') addEnds(graph, node, add)
    if (node.tag.vocabulary === 'bpmn') addToLanes(graph, node, add)
  }
  const derived = new Map<Node, Lists>()
  for (const [holder, lists] of entries) {
    const sorted: Lists = {}
    for (const [name, list] of lists) sorted[name] = list.sort(inOrder).map(({ target }) => target)
    derived.set(holder, sorted)
  }
  return derived
}

type Add = (holder: Node, name: ListName, entry: Entry) => void

function inOrder(a: Entry, b: Entry): number {
  return compare(a.order, b.order) || a.target.index - b.target.index
}

/** A flow stands in the lists of the flow nodes that it joins. */
function addEnds(graph: Graph, flow: Node, add: Add): void {
  for (const [field, end, name] of [
    ['#i', 'targetRef', 'incoming'],
    ['#u', 'sourceRef', 'outgoing'],
  ] as const) {
    const order = text(flow.fields, field)
    const holder = order === undefined ? undefined : nodeAt(graph, flow, end)
    if (order !== undefined && holder && isFlowNode(holder.tag.role))
      add(holder, name, { order, target: flow })
  }
}

/** A node stands in the lanes that it names, each lane's first mention counting. */
function addToLanes(graph: Graph, node: Node, add: Add): void {
  const lanes = list(node.fields, '#l')
  if (lanes === undefined) return
  const seen = new Set<Node>()
  for (let at = 0; at + 1 < lanes.length; at += 2) {
    const [key, order] = lanes.slice(at, at + 2)
    const lane = key === undefined ? undefined : graph.byKey.get(key)
    if (order === undefined || !lane?.live || lane.tag.role !== 'lane' || seen.has(lane)) continue
    seen.add(lane)
    add(lane, 'flowNodeRef', { order, target: node })
  }
}

/** By holder: marks of the entries that child nodes stand for. */
function listedByChildren(graph: Graph): Map<Node, Set<string>> {
  const listed = new Map<Node, Set<string>>()
  for (const node of graph.sequence) {
    const { parent, tag } = node
    if (!node.live || tag.role !== 'reference' || parent === undefined) continue
    const target = nodeAt(graph, node, '#x')
    if (target === undefined) continue
    const marks = listed.get(parent) ?? new Set()
    listed.set(parent, marks.add(mark(tag.name.local, target)))
  }
  return listed
}

function mark(name: string, target: Node): string {
  return `${name} ${target.index}`
}
