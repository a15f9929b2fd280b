// On which sheet something is drawn (N5): what a collapsed sub-process holds is not drawn beside it, even where no plane
// of its own shows it. Only looks. A sheet does not depend on what N5 drops: doubles and loose drawings never are the
// first shape of a sub-process.
import { text } from '../model.ts'
import { isA } from '../tables.ts'
import type { Graph, Node } from './graph.ts'
import { nodeAt } from './references.ts'
import type { Role } from './tag.ts'

/** Where something shows what. */
export interface Place {
  /** The parent of the drawings and, where they stand in one without a plane for them, the collapsed sub-process. */
  readonly sheet: string
  readonly element: Node
}

const DATA_ASSOCIATIONS: ReadonlySet<Role> = new Set(['dataInputAssociation', 'dataOutputAssociation'])

/** The sheets of a graph whose planes are repaired. */
export class Sheets {
  readonly #graph: Graph
  /** The plane that shows an element, the first if several do. */
  readonly #planes = new Map<Node, Node>()
  /** Where the shapes of collapsed sub-processes stand. */
  readonly #collapsed = new Map<Node, Node | undefined>()

  constructor(graph: Graph, rehomed: ReadonlyMap<Node, Node>) {
    this.#graph = graph
    const firstShapes = new Map<Node, Node>()
    for (const node of graph.sequence) {
      const { role } = node.tag
      const first = role === 'plane' ? this.#planes : role === 'shape' ? firstShapes : undefined
      const element =
        node.live && first ? (rehomed.get(node) ?? nodeAt(graph, node, 'bpmnElement')) : undefined
      if (element !== undefined && !first?.has(element)) first?.set(element, node)
    }
    for (const [element, shape] of firstShapes) {
      const isExpanded = text(shape.fields, 'isExpanded') === 'true'
      if (isA(element.tag.name.local, 'SubProcess') && !isExpanded) this.#collapsed.set(element, shape.parent)
    }
  }

  /** Where a live shape or edge shows a live element. */
  place(drawing: Node): Place | undefined {
    const { parent: beside, tag } = drawing
    if (!drawing.live || (tag.role !== 'shape' && tag.role !== 'edge') || beside === undefined)
      return undefined
    const element = nodeAt(this.#graph, drawing, 'bpmnElement')
    if (element === undefined) return undefined
    // Data associations are drawn beside their activity, wherever that is.
    let around = DATA_ASSOCIATIONS.has(element.tag.role) ? undefined : element.parent
    while (around !== undefined && !this.#collapsed.has(around)) around = around.parent
    if (around === undefined) return { sheet: `${beside.index}`, element }
    const own = this.#planes.get(around)
    if (own !== undefined && (own === beside || this.#collapsed.get(around) === beside)) {
      return { sheet: `${own.index}`, element }
    }
    return { sheet: `${beside.index} ${around.index}`, element }
  }
}
