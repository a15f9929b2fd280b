// What a reference leads to (D7, N4), and what the source itself had broken (D13).
import { fitsBytes } from '../chars.ts'
import { MAX_NAME_BYTES } from '../limits.ts'
import { text } from '../model.ts'
import { isDrawing } from '../tables.ts'
import type { Graph, Node } from './graph.ts'

/** The rule that drops or alters a node, as `#raw` names it. */
export type Rule = 'N4' | 'N5' | 'N6' | 'N8' | 'N11'

/** What a field leads to: a live element, a string that never resolved and is shown as it is, or nothing. */
export type End = Node | 'string' | 'missing'

/** What a reference field leads to. */
export function endOf(graph: Graph, node: Node, field: string): End {
  const value = node.fields.get(field)
  if (value === undefined || value === '') return 'missing'
  return typeof value === 'string' ? 'string' : (targetOf(graph, node, field, value) ?? 'missing')
}

/** The live element that a field refers to. */
export function nodeAt(graph: Graph, node: Node, field: string): Node | undefined {
  const value = node.fields.get(field)
  return value === undefined || typeof value === 'string' ? undefined : targetOf(graph, node, field, value)
}

/** The live element that a `[key…]` reference in a field means. */
export function targetOf(graph: Graph, from: Node, field: string, list: readonly string[]): Node | undefined {
  const key = list[0]
  const target = key === undefined ? undefined : graph.byKey.get(key)
  if (target === undefined || !target.live || !isReferable(target)) return undefined
  // The model never refers to its drawing, and what is drawn is of the model: so drawings are repaired after it.
  const modelOnly = from.tag.vocabulary === 'bpmn' || field === 'bpmnElement'
  return modelOnly && target.tag.vocabulary !== 'bpmn' ? undefined : target
}

/** Whether references may name it: it has an id of reasonable length, and no model hides inside a drawing. */
export function isReferable(node: Node): boolean {
  const hidden = node.inDrawing && !isDrawing(node.tag.vocabulary)
  return !hidden && node.id !== undefined && fitsBytes(node.id, MAX_NAME_BYTES)
}

/** Whether the source itself broke this rule here, so that it comes out as it came in. */
export function isExempt(node: Node, rule: Rule): boolean {
  return text(node.fields, '#raw')?.split(' ').includes(rule) ?? false
}

/** Whether the id is as the source had it, although it is doubled or no name. */
export function hasOwnId(node: Node): boolean {
  const id = text(node.fields, 'id')
  return id !== undefined && id === text(node.fields, '#dup')
}
