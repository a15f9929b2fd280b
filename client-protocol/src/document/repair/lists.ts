// The lists that flows and nodes imply (N8): `incoming` and `outgoing` from `#i` and `#u` of the flows, `flowNodeRef`
// from `#l` of the nodes. What a child node lists already is not listed again.
import { compare } from '../chars.ts'
import { list, text } from '../model.ts'
import type { ShownNode } from '../view.ts'
import type { Graph, Node } from './graph.ts'
import { isReferable, nodeAt } from './references.ts'
import { isFlowNode } from './tag.ts'

/** The derived lists of one node: keys, in order. */
export type Lists = Pick<ShownNode, 'incoming' | 'outgoing' | 'members'>

interface Entry {
  readonly holder: Node
  readonly list: keyof Lists
  readonly order: string
  readonly target: Node
}

/** The lists of a node that stands in none of them. */
export const NO_LISTS: Lists = { incoming: undefined, outgoing: undefined, members: undefined }

/** Derives the lists of all nodes that have some. */
export function deriveLists(graph: Graph): ReadonlyMap<Node, Lists> {
  const entries: Entry[] = []
  for (const node of graph.sequence) {
    if (!node.live || !isReferable(node)) continue
    if (node.tag.role === 'sequenceFlow') addEnds(graph, node, entries)
    if (node.tag.vocabulary === 'bpmn') addToLanes(graph, node, entries)
  }
  const listed = listedByChildren(graph)
  const derived = new Map<Node, Record<keyof Lists, string[] | undefined>>()
  for (const { holder, list, target } of entries.sort(inOrder)) {
    if (listed.get(holder)?.has(mark(list, target))) continue
    const lists = derived.get(holder) ?? { incoming: undefined, outgoing: undefined, members: undefined }
    derived.set(holder, lists)
    lists[list] ??= []
    lists[list].push(target.key)
  }
  return derived
}

function inOrder(a: Entry, b: Entry): number {
  return compare(a.order, b.order) || a.target.index - b.target.index
}

/** A flow stands in the lists of the flow nodes that it joins. */
function addEnds(graph: Graph, flow: Node, entries: Entry[]): void {
  for (const [field, end, list] of [
    ['#i', 'targetRef', 'incoming'],
    ['#u', 'sourceRef', 'outgoing'],
  ] as const) {
    const order = text(flow.fields, field)
    const holder = order === undefined ? undefined : nodeAt(graph, flow, end)
    if (order === undefined || holder === undefined || !isFlowNode(holder.tag.role)) continue
    entries.push({ holder, list, order, target: flow })
  }
}

/** A node stands in the lanes that it names, each lane's first mention counting. */
function addToLanes(graph: Graph, node: Node, entries: Entry[]): void {
  const lanes = list(node.fields, '#l')
  if (lanes === undefined) return
  const seen = new Set<Node>()
  for (let at = 0; at + 1 < lanes.length; at += 2) {
    const [key, order] = lanes.slice(at, at + 2)
    const lane = key === undefined ? undefined : graph.byKey.get(key)
    if (order === undefined || !lane?.live || lane.tag.role !== 'lane' || seen.has(lane)) continue
    seen.add(lane)
    entries.push({ holder: lane, list: 'members', order, target: node })
  }
}

/** By the element name of their entries. */
const LISTS = new Map<string, keyof Lists>([
  ['incoming', 'incoming'],
  ['outgoing', 'outgoing'],
  ['flowNodeRef', 'members'],
])

/** By holder: marks of the entries that child nodes stand for. */
function listedByChildren(graph: Graph): Map<Node, Set<string>> {
  const listed = new Map<Node, Set<string>>()
  for (const node of graph.sequence) {
    const { parent, tag } = node
    if (!node.live || tag.role !== 'reference' || parent === undefined) continue
    const list = LISTS.get(tag.name.local)
    const target = list && nodeAt(graph, node, '#x')
    if (target === undefined) continue
    const marks = listed.get(parent) ?? new Set()
    listed.set(parent, marks.add(mark(list, target)))
  }
  return listed
}

function mark(list: keyof Lists | undefined, target: Node): string {
  return `${list} ${target.index}`
}
