// Planes and what is drawn on them (N5). Runs on the repaired model: nothing in the model refers to a drawing, so
// what is dropped here changes nothing there.

import { isA, isType } from '../tables.ts'
import type { Graph, Node } from './graph.ts'
import type { Repair } from './lost.ts'
import { endOf, isExempt, isReferable, nodeAt } from './references.ts'
import type { Role } from './tag.ts'

/** Planes whose element was replaced, with their new element. */
export type Rehomed = ReadonlyMap<Node, Node>

/** Values by the parent of a drawing and the element that it draws. */
class ByPlace<T> {
  readonly #byParent = new Map<Node, Map<Node, T>>()

  get(parent: Node, element: Node): T | undefined {
    return this.#byParent.get(parent)?.get(element)
  }

  set(parent: Node, element: Node, value: T): void {
    const elements = this.#byParent.get(parent)
    if (elements === undefined) this.#byParent.set(parent, new Map([[element, value]]))
    else elements.set(element, value)
  }

  delete(parent: Node, element: Node): void {
    this.#byParent.get(parent)?.delete(element)
  }
}

/** Applies N5 to a graph whose model is repaired. */
export function repairDrawings(repair: Repair): Rehomed {
  const rehomed = rehomePlanes(repair)
  const shown = dropDoubles(repair)
  dropLooseEdges(repair, shown)
  return rehomed
}

/** N5.1: the first lost plane shows the collaboration, else the process; the diagrams of the others go. */
function rehomePlanes(repair: Repair): Rehomed {
  const { graph } = repair
  const lost: { diagram: Node; plane: Node }[] = []
  const taken = new Set<Node>()
  for (const diagram of live(graph.root, 'diagram')) {
    for (const plane of live(diagram, 'plane')) {
      const element = endOf(graph, plane, 'bpmnElement')
      if (element === 'string') continue
      if (element !== 'missing' && canBeDrawnIn(element)) taken.add(element)
      else if (!isExempt(diagram, 'N5') && !isExempt(plane, 'N5')) lost.push({ diagram, plane })
    }
  }
  const element =
    live(graph.root, 'collaboration').find(isReferable) ?? live(graph.root, 'process').find(isReferable)
  const rehomed = new Map<Node, Node>()
  for (const { diagram, plane } of lost) {
    if (element !== undefined && !taken.has(element) && rehomed.size === 0) rehomed.set(plane, element)
    else repair.drop(diagram, 'N5')
  }
  repair.settle()
  return rehomed
}

/** Whether a plane can show what an element holds: not once a sub-process became a task. */
function canBeDrawnIn({ tag }: Node): boolean {
  const { local } = tag.name
  return !isType(local) || isA(local, 'FlowElementsContainer') || isA(local, 'Collaboration')
}

/** The live children in that role, in order. */
function live(parent: Node | undefined, role: Role): Node[] {
  return parent?.children.filter((child) => child.live && child.tag.role === role) ?? []
}

/** N5.2: of several drawings of one element below one parent the first in document order stays. */
function dropDoubles(repair: Repair): ByPlace<Node> {
  const { graph } = repair
  const shown = new ByPlace<Node>()
  const doubles: Node[] = []
  for (const node of graph.sequence) {
    if (!node.live || (node.tag.role !== 'shape' && node.tag.role !== 'edge')) continue
    const element = nodeAt(graph, node, 'bpmnElement')
    if (element === undefined || node.parent === undefined) continue
    if (shown.get(node.parent, element) === undefined) shown.set(node.parent, element, node)
    else if (!isExempt(node, 'N5')) doubles.push(node)
  }
  for (const node of doubles) repair.drop(node, 'N5')
  repair.settle()
  return shown
}

/** N5.3: an edge needs both ends of its element beside it; edges may end at edges. */
function dropLooseEdges(repair: Repair, shown: ByPlace<Node>): void {
  const { graph } = repair
  const open: Node[] = []
  /** Edges to look at again once an element is not shown any more. */
  const needing = new ByPlace<Node[]>()
  for (const edge of graph.sequence) {
    const { parent } = edge
    if (!edge.live || edge.tag.role !== 'edge' || parent === undefined || isExempt(edge, 'N5')) continue
    open.push(edge)
    for (const end of ends(graph, nodeAt(graph, edge, 'bpmnElement'))) {
      const others = needing.get(parent, end)
      if (others === undefined) needing.set(parent, end, [edge])
      else others.push(edge)
    }
  }
  for (let edge = open.pop(); edge !== undefined; edge = open.pop()) {
    const { parent } = edge
    const element = nodeAt(graph, edge, 'bpmnElement')
    if (!edge.live || parent === undefined || element === undefined) continue
    if (ends(graph, element).every((end) => shown.get(parent, end) !== undefined)) continue
    if (!repair.dry && shown.get(parent, element) === edge) {
      shown.delete(parent, element)
      for (const other of needing.get(parent, element) ?? []) open.push(other)
    }
    repair.drop(edge, 'N5')
  }
  repair.settle()
}

/** The live elements that an edge of this element joins. */
function ends(graph: Graph, element: Node | undefined): Node[] {
  const { role } = element?.tag ?? {}
  let found: (Node | undefined)[] = []
  if (element === undefined) return []
  if (
    role === 'sequenceFlow' ||
    role === 'messageFlow' ||
    role === 'association' ||
    role === 'conversationLink'
  ) {
    found = [nodeAt(graph, element, 'sourceRef'), nodeAt(graph, element, 'targetRef')]
  } else if (role === 'dataInputAssociation') {
    found = [firstReference(graph, element, 'sourceRef'), element.parent]
  } else if (role === 'dataOutputAssociation') {
    found = [element.parent, firstReference(graph, element, 'targetRef')]
  }
  return found.filter((end) => end !== undefined)
}

function firstReference(graph: Graph, node: Node, local: string): Node | undefined {
  const reference = live(node, 'reference').find((child) => child.tag.name.local === local)
  return reference && nodeAt(graph, reference, '#x')
}
