// Planes and what is drawn on them (N5). Runs on the repaired model: nothing in the model refers to a drawing, so
// what is dropped here changes nothing there.

import { isA, isType } from '../tables.ts'
import type { Graph, Node } from './graph.ts'
import type { Repair } from './lost.ts'
import { endOf, isExempt, isReferable, nodeAt } from './references.ts'
import { type Place, Sheets } from './sheets.ts'
import type { Role } from './tag.ts'

/** Planes whose element was replaced, with their new element. */
export type Rehomed = ReadonlyMap<Node, Node>

/** Values by place. */
class ByPlace<T> {
  readonly #values = new Map<string, T>()

  get({ sheet, element }: Place): T | undefined {
    return this.#values.get(`${sheet}/${element.index}`)
  }

  set({ sheet, element }: Place, value: T): void {
    this.#values.set(`${sheet}/${element.index}`, value)
  }

  delete({ sheet, element }: Place): void {
    this.#values.delete(`${sheet}/${element.index}`)
  }
}

/** Applies N5 to a graph whose model is repaired. */
export function repairDrawings(repair: Repair): Rehomed {
  const rehomed = rehomePlanes(repair)
  const sheets = new Sheets(repair.graph, rehomed)
  const shown = dropDoubles(repair, sheets)
  dropLoose(repair, sheets, shown)
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

/** N5.2: of several drawings of one element on one sheet the first in document order stays. */
function dropDoubles(repair: Repair, sheets: Sheets): ByPlace<Node> {
  const shown = new ByPlace<Node>()
  const doubles: Node[] = []
  for (const node of repair.graph.sequence) {
    const place = sheets.place(node)
    if (place === undefined) continue
    if (shown.get(place) === undefined) shown.set(place, node)
    else if (!isExempt(node, 'N5')) doubles.push(node)
  }
  for (const node of doubles) repair.drop(node, 'N5')
  repair.settle()
  return shown
}

/** N5.3: an edge needs both ends of its element on its sheet, a boundary event its host; edges may end at edges. */
function dropLoose(repair: Repair, sheets: Sheets, shown: ByPlace<Node>): void {
  const { graph } = repair
  const open: Node[] = []
  /** What to look at again once an element is not shown any more. */
  const needing = new ByPlace<Node[]>()
  for (const node of graph.sequence) {
    const place = sheets.place(node)
    if (place === undefined || isExempt(node, 'N5')) continue
    open.push(node)
    for (const element of ends(graph, place.element)) {
      const end = { ...place, element }
      const others = needing.get(end)
      if (others === undefined) needing.set(end, [node])
      else others.push(node)
    }
  }
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const place = sheets.place(node)
    if (place === undefined) continue
    if (ends(graph, place.element).every((element) => shown.get({ ...place, element }) !== undefined))
      continue
    if (!repair.dry && shown.get(place) === node) {
      shown.delete(place)
      for (const other of needing.get(place) ?? []) open.push(other)
    }
    repair.drop(node, 'N5')
  }
  repair.settle()
}

/** The live elements beside which this one is drawn. */
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
  } else if (role === 'boundaryEvent') {
    found = [nodeAt(graph, element, 'attachedToRef')]
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
