// Lost references, misplaced types, flows between containers and stale entries of lists: N4, N6, that part of N11 and
// of N8. A rule only ever drops nodes, and dropping more never saves one, so the result does not depend on the order
// of work: it is the one fixpoint. Work is linear in nodes and references.
import { admitsChild, isA } from '../tables.ts'
import type { Graph, Node } from './graph.ts'
import { type End, endOf, isExempt, nodeAt, type Rule } from './references.ts'
import { isFlowNode } from './tag.ts'

/** What was dropped, and by which rule. */
export interface Drop {
  readonly node: Node
  readonly rule: Rule
}

/** A repair under way. */
export class Repair {
  readonly graph: Graph
  /** Only note what would be dropped, and go on as if it were sound: what the importer marks (D13). */
  readonly dry: boolean
  /** What was dropped as a whole, in the order of work. */
  readonly drops: Drop[] = []
  /** By key: who refers to it. */
  readonly #referrers = new Map<string, Node[]>()
  readonly #waiting: Node[]

  constructor(graph: Graph, dry: boolean) {
    this.graph = graph
    this.dry = dry
    for (const node of graph.sequence) {
      for (const [field, value] of node.fields) {
        const key = typeof value === 'string' || field === '#l' ? undefined : value[0]
        if (key === undefined) continue
        const referrers = this.#referrers.get(key)
        if (referrers === undefined) this.#referrers.set(key, [node])
        else referrers.push(node)
      }
    }
    // Backwards, because the last is looked at first.
    this.#waiting = [...graph.sequence].reverse()
  }

  /** Drops a node with all below it; whoever may have lost something by it waits for `settle`. */
  drop(node: Node, rule: Rule): void {
    if (!node.live) return
    this.drops.push({ node, rule })
    if (this.dry) return
    const open = [node]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (!next.live) continue
      next.live = false
      if (next.parent !== undefined) this.#waiting.push(next.parent)
      for (const referrer of this.#referrers.get(next.key) ?? []) this.#waiting.push(referrer)
      for (const child of next.children) open.push(child)
    }
  }

  /** Looks at the nodes that wait, at first all, until nothing more is dropped. */
  settle(): void {
    for (let node = this.#waiting.pop(); node !== undefined; node = this.#waiting.pop()) {
      // The root stays whatever it is: a text without an element is no XML.
      if (!node.live || node === this.graph.root) continue
      const rule = verdict(this.graph, node)
      if (rule !== undefined) this.drop(node, rule)
    }
  }
}

/** The rule that drops a node, if one does. */
function verdict(graph: Graph, node: Node): Rule | undefined {
  if (isMisplaced(node) && !isExempt(node, 'N6')) return 'N6'
  return broken(graph, node).find((rule) => !isExempt(node, rule))
}

/** The rules that a node breaks by its references, the first one first. */
function broken(graph: Graph, node: Node): Rule[] {
  switch (node.tag.role) {
    case 'sequenceFlow':
      return sequenceFlow(graph, node)
    case 'messageFlow':
      return flow(graph, node, takesMessages)
    case 'association':
    case 'conversationLink':
      return flow(graph, node, () => true)
    case 'boundaryEvent': {
      const host = endOf(graph, node, 'attachedToRef')
      if (host === 'missing') return ['N4']
      return host === 'string' || isA(host.tag.name.local, 'Activity') ? [] : ['N6']
    }
    case 'shape':
    case 'edge':
      return endOf(graph, node, 'bpmnElement') === 'missing' ? ['N4'] : []
    case 'reference':
      return reference(graph, node)
    case 'dataInputAssociation':
      return hasLostAll(node, 'sourceRef') ? ['N4'] : []
    case 'dataOutputAssociation':
      return hasLostAll(node, 'targetRef') ? ['N4'] : []
    default:
      return []
  }
}

/** A flow needs both ends, of a type that it may join. */
function flow(graph: Graph, node: Node, admits: (end: Node) => boolean): Rule[] {
  const ends: End[] = [endOf(graph, node, 'sourceRef'), endOf(graph, node, 'targetRef')]
  const rules: Rule[] = ends.includes('missing') ? ['N4'] : []
  const fits = (end: End) => end === 'missing' || end === 'string' || admits(end)
  return ends.every(fits) ? rules : [...rules, 'N6']
}

/** N11: both ends of a sequence flow stand in one container. */
function sequenceFlow(graph: Graph, node: Node): Rule[] {
  const rules = flow(graph, node, (end) => isFlowNode(end.tag.role))
  const [source, target] = [nodeAt(graph, node, 'sourceRef'), nodeAt(graph, node, 'targetRef')]
  const torn = source !== undefined && target !== undefined && source.parent !== target.parent
  return torn ? [...rules, 'N11'] : rules
}

function takesMessages(end: Node): boolean {
  const { local } = end.tag.name
  return ['InteractionNode', 'Activity', 'ConversationNode'].some((type) => isA(local, type))
}

/** A text reference whose target is gone (N4), or an entry of a list that its flow denies (N8). */
function reference(graph: Graph, node: Node): Rule[] {
  const target = endOf(graph, node, '#x')
  if (target === 'string' || target === 'missing') return Array.isArray(node.fields.get('#x')) ? ['N4'] : []
  const { local } = node.tag.name
  const end = local === 'incoming' ? 'targetRef' : local === 'outgoing' ? 'sourceRef' : undefined
  const { parent } = node
  if (end === undefined || parent === undefined || !isFlowNode(parent.tag.role)) return []
  const confirmed = target.tag.role === 'sequenceFlow' && nodeAt(graph, target, end) === parent
  return confirmed ? [] : ['N8']
}

/** Whether a data association had references of this name and none is left. */
function hasLostAll(node: Node, local: string): boolean {
  const references = node.children.filter(
    (child) => child.tag.role === 'reference' && child.tag.name.local === local,
  )
  return (
    !references.some((child) => child.live) &&
    references.some((child) => Array.isArray(child.fields.get('#x')))
  )
}

/**
 * N6: an element of the model below one that does not admit it. What a source itself has so is marked by the
 * import; otherwise a type or a parent changed, or two people created different types under one key and one of
 * them added children.
 */
function isMisplaced(node: Node): boolean {
  const { parent, tag } = node
  if (parent === undefined || tag.vocabulary !== 'bpmn' || parent.tag.vocabulary !== 'bpmn') return false
  return !admitsChild(parent.tag.name.local, tag.name.local)
}
