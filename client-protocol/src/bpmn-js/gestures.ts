// What a person has in hand (a drag, a new connection, a resize): a remote change to it waits until they let go.
// Everything else is shown meanwhile. Only questions.
import type { View } from '../document/view.ts'
import type { Identity } from './identity.ts'
import type { Element, Services } from './services.ts'
import { sameOwn } from './view-diff.ts'

/** Whether a step from one view to the next touches what a person has in hand. */
export function isBusyWith(services: Services, identity: Identity, before: View, next: View): boolean {
  // bpmn-js drops what is being created as soon as anything changes.
  if (services.dragging?.context()?.prefix === 'create') return true
  const held = inHand(services)
  if (held.size === 0) return false
  const keys = new Set<string>()
  for (const element of held) {
    for (const object of [element.businessObject, element.di]) {
      const key = object && identity.key(object)
      if (key !== undefined) keys.add(key)
    }
  }
  for (const key of keys) {
    const [old, now] = [before.nodes.get(key), next.nodes.get(key)]
    if (old === undefined) continue
    if (now === undefined || !sameOwn(old, now)) return true
  }
  return false
}

/** The elements of a gesture, with what moves along. */
function inHand({ dragging, registry }: Services): ReadonlySet<Element> {
  const held = new Set<Element>()
  const context = dragging?.context()?.data?.context
  for (const value of Object.values(context ?? {})) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (isElement(item) && registry.get(item.id) === item) hold(held, item)
    }
  }
  return held
}

function hold(held: Set<Element>, element: Element): void {
  if (held.has(element)) return
  held.add(element)
  const root = element.parent === undefined || element.parent === null
  if (root) return
  for (const child of [...(element.children ?? []), ...(element.attachers ?? [])]) hold(held, child)
  for (const connection of [...(element.incoming ?? []), ...(element.outgoing ?? [])]) held.add(connection)
}

function isElement(value: unknown): value is Element {
  return typeof value === 'object' && value !== null && 'businessObject' in value && 'id' in value
}
