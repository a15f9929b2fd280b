// Records as they are seen once every rule is applied: the tree (N1–N3, N11), what is dropped (N4–N6, N8, N11), ids and lists
// (N7, N8), then each node's attributes and content. Pure; the same records give the same view everywhere.
import { DOCUMENT, type Records, text } from '../model.ts'
import type { ShownNode, View } from '../view.ts'
import { Attributes, type Decisions } from './attributes.ts'
import { contentOf, dataOf, isCdata } from './content.ts'
import { type Rehomed, repairDrawings } from './drawings.ts'
import { type Graph, graphOf, type Node } from './graph.ts'
import { shownId, uniqueIds } from './ids.ts'
import { deriveLists, type Lists, NO_LISTS } from './lists.ts'
import { type Drop, Repair } from './lost.ts'
import type { Rule } from './references.ts'

/** A node that the rules would drop or alter, and the rule. */
export interface Finding {
  readonly key: string
  readonly rule: Rule
}

/** What is seen of some records. */
export function project(records: Records): View {
  const { graph, rehomed } = repaired(records, false)
  return new Projection({ records, graph, rehomed, newIds: uniqueIds(graph) }).view()
}

/** What N4, N5, N6, N8 and N11 would drop or alter, without doing it: what an importer marks (D13). */
export function findings(records: Records): Finding[] {
  const { graph, rehomed, drops } = repaired(records, true)
  return [
    ...drops.map(({ node, rule }): Finding => ({ key: node.key, rule })),
    ...[...rehomed.keys()].map((plane): Finding => ({ key: plane.key, rule: 'N5' })),
    ...graph.moved.map(({ key }): Finding => ({ key, rule: 'N11' })),
  ]
}

function repaired(
  records: Records,
  dry: boolean,
): { graph: Graph; rehomed: Rehomed; drops: readonly Drop[] } {
  const graph = graphOf(records, dry)
  const repair = new Repair(graph, dry)
  repair.settle()
  return { graph, rehomed: repairDrawings(repair), drops: repair.drops }
}

/** Builds the view of a repaired graph. */
class Projection {
  readonly #decisions: Decisions
  readonly #attributes: Attributes
  readonly #lists: ReadonlyMap<Node, Lists>
  readonly #nodes = new Map<string, ShownNode>()

  constructor(decisions: Decisions) {
    this.#decisions = decisions
    this.#attributes = new Attributes(decisions)
    this.#lists = deriveLists(decisions.graph)
  }

  view(): View {
    const { root, top } = this.#decisions.graph
    for (const node of top) this.#show(node, 0, false)
    return { root: root?.key, top: top.map((node) => node.key), nodes: this.#nodes }
  }

  /** As deep as the document, that is at most 256 calls. */
  #show(node: Node, depth: number, inherited: boolean): void {
    const { key, fields, tag } = node
    const parent = node.parent?.key ?? DOCUMENT
    if (tag.kind !== 'element') {
      this.#nodes.set(key, { ...NOTHING_INSIDE, key, kind: tag.kind, parent, text: dataOf(node), fields })
      return
    }
    const space = text(fields, 'xml:space')
    const preserve = space === 'preserve' || (inherited && space !== 'default')
    const derived = this.#lists.get(node) ?? NO_LISTS
    const content = contentOf(this.#decisions, derived, node, depth, preserve)
    const { children, geometry, lists } = content
    this.#nodes.set(key, {
      key,
      kind: tag.kind,
      name: tag.name,
      id: shownId(node, this.#decisions.newIds),
      parent,
      children: children.map((child) => child.key),
      leading: content.leading,
      attributes: this.#attributes.of(node),
      text: content.text?.value,
      textTarget: content.text?.target,
      cdata: content.text !== undefined && isCdata(node),
      block: content.block,
      preserve,
      bounds: geometry.bounds,
      label: geometry.label,
      waypoints: geometry.waypoints,
      incoming: lists.incoming,
      outgoing: lists.outgoing,
      members: lists.members,
      fields,
    })
    for (const child of children) this.#show(child, depth + 1, preserve)
  }
}

/** What is no element has text alone. */
const NOTHING_INSIDE = {
  name: undefined,
  id: undefined,
  children: [],
  leading: 0,
  attributes: new Map(),
  textTarget: undefined,
  cdata: false,
  block: false,
  preserve: false,
  bounds: undefined,
  label: undefined,
  waypoints: undefined,
  ...NO_LISTS,
} satisfies Partial<ShownNode>
