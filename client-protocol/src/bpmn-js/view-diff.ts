// Whether two views show a node alike. Pure.
import type { ShownAttribute, ShownNode } from '../document/view.ts'

/** Whether a node shows the same in two views. */
export function sameNode(a: ShownNode, b: ShownNode): boolean {
  return (
    a === b ||
    (sameOwn(a, b) &&
      sameList(a.children, b.children) &&
      sameList(a.incoming, b.incoming) &&
      sameList(a.outgoing, b.outgoing) &&
      sameList(a.members, b.members))
  )
}

/** Whether a node is the same in two views but for what hangs in it or refers to it. */
export function sameOwn(a: ShownNode, b: ShownNode): boolean {
  return (
    a.kind === b.kind &&
    a.parent === b.parent &&
    a.text === b.text &&
    a.textTarget === b.textTarget &&
    a.bounds === b.bounds &&
    a.label === b.label &&
    a.waypoints === b.waypoints &&
    a.name?.local === b.name?.local &&
    a.name?.uri === b.name?.uri &&
    sameAttributes(a, b)
  )
}

/** Whether an attribute shows the same. */
export function sameAttribute(a: ShownAttribute, b: ShownAttribute): boolean {
  return a.value === b.value && a.target === b.target && a.name.uri === b.name.uri
}

/** Whether two lists of keys, or their absence, are the same. */
export function sameList(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  if (a === b) return true
  const [left, right] = [a ?? [], b ?? []]
  return left.length === right.length && left.every((item, at) => item === right[at])
}

function sameAttributes(a: ShownNode, b: ShownNode): boolean {
  if (a.attributes.size !== b.attributes.size) return false
  for (const [field, attribute] of a.attributes) {
    const other = b.attributes.get(field)
    if (other === undefined || !sameAttribute(attribute, other)) return false
  }
  return true
}
