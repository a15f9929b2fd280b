// What goes, and what a changed node keeps from going.
import { type Fields, place } from '../model.ts'
import { differs } from './conflict.ts'
import type { Op } from './op.ts'
import type { Resolver } from './resolve.ts'
import { referenced } from './tree.ts'

/** Keys of the nodes that go; reports those that were changed meanwhile. */
export function doomed(resolver: Resolver, ops: readonly Op[]): Iterable<string> {
  const going = new Map<string, Fields>()
  const kept: string[] = []
  for (const op of ops) {
    const now = op.kind === 'delete' ? resolver.node(op.key) : undefined
    if (op.kind !== 'delete' || now === undefined) continue
    if (differs(op.base, now)) {
      resolver.report(op.key, { kind: 'changed-meanwhile', kept: resolver.prefer })
      if (resolver.prefer === 'current') kept.push(op.key)
    }
    going.set(op.key, now)
  }
  spare(going, kept)
  return going.keys()
}

/** Takes from those that go whatever a kept node needs to be seen: containers, targets, its shape. */
function spare(going: Map<string, Fields>, kept: string[]): void {
  for (let key = kept.pop(); key !== undefined; key = kept.pop()) {
    const fields = going.get(key)
    if (fields === undefined) continue
    going.delete(key)
    const parent = place(fields)?.parent
    if (parent !== undefined) kept.push(parent)
    for (const value of fields.values()) {
      if (typeof value !== 'string' && value[0] !== undefined) kept.push(value[0])
    }
    for (const [other, drawn] of going) if (referenced(drawn, 'bpmnElement') === key) kept.push(other)
  }
}
