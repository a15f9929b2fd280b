// Where boundary events and sequence flows hang: the first part of N11. A boundary event stands beside its host and a
// flow beside its ends; whoever moves the one while another draws the other leaves them apart. Runs before liveness
// is known and drops nothing.
import { MAX_DEPTH } from '../limits.ts'
import { isA } from '../tables.ts'
import type { Node } from './graph.ts'
import { isExempt } from './references.ts'
import { isFlowNode } from './tag.ts'

/**
 * Hangs them into the container of what they join, also where what the records hang them on is gone: whoever deleted
 * that never saw them in it. Gives those that stood elsewhere; `dry` leaves them there.
 */
export function house(
  nodes: readonly Node[],
  byKey: ReadonlyMap<string, Node>,
  root: Node | undefined,
  dry: boolean,
): Node[] {
  const moved: Node[] = []
  // Flows may end at boundary events.
  for (const role of ['boundaryEvent', 'sequenceFlow'] as const) {
    const homes: { node: Node; home: Node }[] = []
    for (const node of nodes) {
      if (node.tag.role !== role || isExempt(node, 'N11')) continue
      const home = homeOf(byKey, node)
      if (home === undefined || home === node.parent || node.atTop) continue
      if (isContainer(home, root)) homes.push({ node, home })
    }
    for (const { node, home } of homes) {
      moved.push(node)
      if (!dry) node.parent = home
    }
  }
  return moved
}

/** The parent of what it joins. */
function homeOf(byKey: ReadonlyMap<string, Node>, node: Node): Node | undefined {
  const named = (field: string) => {
    const value = node.fields.get(field)
    const key = typeof value === 'string' ? undefined : value?.[0]
    return key === undefined ? undefined : byKey.get(key)
  }
  if (node.tag.role === 'boundaryEvent') {
    const host = named('attachedToRef')
    return host !== undefined && isOf(host, 'Activity') ? host.parent : undefined
  }
  const [source, target] = [named('sourceRef'), named('targetRef')]
  if (source === undefined || target === undefined || source.parent !== target.parent) return undefined
  return isFlowNode(source.tag.role) && isFlowNode(target.tag.role) ? source.parent : undefined
}

function isOf({ tag }: Node, type: string): boolean {
  return tag.vocabulary === 'bpmn' && isA(tag.name.local, type)
}

/**
 * Whether it holds flow elements and its parents lead to the root, in as many levels as N3 goes, by nothing but such.
 * Neither boundary events nor flows are such, so hanging them into it makes no cycle.
 */
function isContainer(node: Node, root: Node | undefined): boolean {
  let at: Node | undefined = node
  for (let depth = 1; depth < MAX_DEPTH && at !== undefined && isOf(at, 'FlowElementsContainer'); depth++) {
    at = at.parent
    if (at === root) return at !== undefined
  }
  return false
}
