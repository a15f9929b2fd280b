// The keys of a text's nodes (D6): ids, roles, or a number in document order. The same text gets the same keys.
import { fitsBytes, trimSpace } from '../chars.ts'
import { MAX_ID_KEY_BYTES, MAX_KEY_BYTES } from '../limits.ts'
import { hasIds, singletonRole, vocabularyOf } from '../tables.ts'
import { childrenOf, NO_BINDING, uriOf } from '../xml/tree.ts'
import type { Inlined } from './inline.ts'
import type { Keys } from './references.ts'
import type { Source } from './source.ts'

/** Whether an id can be a key: `~` marks the keys that are no ids, `#` the document. */
export function isFreeForm(id: string): boolean {
  const plain = id !== '' && id === trimSpace(id) && !id.includes('~') && !id.startsWith('#')
  return plain && fitsBytes(id, MAX_ID_KEY_BYTES)
}

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
  if (element.name.binding === NO_BINDING) return undefined
  const uri = uriOf(source.tree, element.name.binding)
  const role = singletonRole(parent.name.local, uri, element.name.local)
  const akin = vocabularyOf(uri) === 'foreign' || source.vocabulary(parent) === source.vocabulary(element)
  const key = `${parentKey}~${role}`
  return role !== undefined && akin && fitsBytes(key, MAX_KEY_BYTES) ? key : undefined
}
