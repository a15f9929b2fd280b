// Unique ids (N7). Of the elements with one id the one whose key it is keeps it, else the least key.
import type { Graph, Node } from './graph.ts'
import { hasOwnId } from './references.ts'

/** The ids that differ from those of the records. */
export type NewIds = ReadonlyMap<Node, string>

/** Applies N7. */
export function uniqueIds(graph: Graph): NewIds {
  const owners = new Map<string, Node>()
  const losers: Node[] = []
  const exempt = new Set<string>()
  for (const node of graph.nodes) {
    const { id } = node
    if (!node.live || id === undefined) continue
    if (hasOwnId(node)) {
      exempt.add(id)
      continue
    }
    const owner = owners.get(id)
    if (owner === undefined || node.key === id) {
      owners.set(id, node)
      if (owner !== undefined) losers.push(owner)
    } else {
      losers.push(node)
    }
  }
  const newIds = new Map<Node, string>()
  const taken = (id: string) => owners.has(id) || exempt.has(id)
  const given = new Set<string>()
  const next = new Map<string, number>()
  for (const node of losers.sort((a, b) => a.index - b.index)) {
    const base = node.id ?? ''
    let n = next.get(base) ?? 2
    while (taken(`${base}_${n}`) || given.has(`${base}_${n}`)) n++
    given.add(`${base}_${n}`)
    newIds.set(node, `${base}_${n}`)
    next.set(base, n + 1)
  }
  return newIds
}

/** The id that an element shows. */
export function shownId(node: Node, newIds: NewIds): string | undefined {
  return newIds.get(node) ?? node.id
}
