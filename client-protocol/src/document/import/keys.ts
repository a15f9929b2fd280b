// The keys of a text's nodes (D6): ids, roles, or a number in document order. The same text gets the same keys.
import { type ElementName, isFreeForm, roleKey as keyOfRole } from '../keys.ts'
import { hasIds } from '../tables.ts'
import { childrenOf, NO_BINDING, uriOf, type XmlElement } from '../xml/tree.ts'
import type { Inlined } from './inline.ts'
import type { Keys } from './references.ts'
import type { Source } from './source.ts'

/** The key of every node that becomes a record. */
export function assignKeys(source: Source, inlined: Inlined): Keys {
  const keys: (string | undefined)[] = new Array(source.tree.nodes.length).fill(undefined)
  const taken = new Set<string>()
  let number = 0
  const free = (key: string | undefined) => (key === undefined || taken.has(key) ? undefined : key)
  for (const index of recordsInOrder(source, inlined)) {
    let key = free(idKey(source, index)) ?? free(roleKey(source, index, keys))
    if (key === undefined) {
      key = `~${number.toString(36)}`
      number++
    }
    taken.add(key)
    keys[index] = key
  }
  return keys
}

/** Every node that becomes a record, in document order. */
function recordsInOrder(source: Source, inlined: Inlined): number[] {
  const open = childrenOf(source.tree, undefined).reverse()
  const nodes: number[] = []
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    nodes.push(index)
    if (source.layout(index) === 'text') continue
    const children = source.content(index).filter((child) => !inlined.has(child))
    for (const child of children.reverse()) open.push(child)
  }
  return nodes
}

function idKey(source: Source, index: number): string | undefined {
  const element = source.element(index)
  const id = element && hasIds(source.vocabulary(element)) ? source.attribute(element, 'id') : undefined
  return id !== undefined && isFreeForm(id) ? id : undefined
}

function roleKey(source: Source, index: number, keys: Keys): string | undefined {
  const parentIndex = source.parent(index)
  const element = source.element(index)
  const parent = parentIndex === undefined ? undefined : source.element(parentIndex)
  const parentKey = parentIndex === undefined ? undefined : keys[parentIndex]
  if (element === undefined || parent === undefined || parentKey === undefined) return undefined
  return keyOfRole(parentKey, nameOf(source, parent), nameOf(source, element))
}

function nameOf({ tree }: Source, { name }: XmlElement): ElementName {
  return { uri: name.binding === NO_BINDING ? '' : uriOf(tree, name.binding), local: name.local }
}
