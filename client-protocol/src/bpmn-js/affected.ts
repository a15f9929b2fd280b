// Whose drawing may depend on what changed: bpmn-js draws an element from its own model element, from what hangs in
// it, from what it refers to and from what refers to it (a default flow, a category's value). Only answers.
import type { View } from '../document/view.ts'

/** Keys of the nodes whose drawing may depend on changed ones. */
export function affected(changed: ReadonlySet<string>, before: View, after: View): ReadonlySet<string> {
  const keys = new Set<string>(changed)
  for (const view of [before, after]) {
    for (const [key, node] of view.nodes) {
      for (const { target } of node.attributes.values()) {
        if (target === undefined) continue
        if (changed.has(target)) keys.add(key)
        if (changed.has(key)) keys.add(target)
      }
      if (node.textTarget !== undefined && changed.has(node.textTarget)) keys.add(key)
    }
  }
  for (const key of keys) {
    const parent = after.nodes.get(key)?.parent
    // Grows while it is walked, up to the root.
    if (parent !== undefined) keys.add(parent)
  }
  return keys
}
