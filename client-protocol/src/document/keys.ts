// Keys of nodes (D6): an id that is free, else the role of a child that its parent can hold only once, else a random
// name. Keys never change; two people who add the same singleton at once mean one node.
import { fitsBytes, sanitise, trimSpace } from './chars.ts'
import { MAX_ID_KEY_BYTES, MAX_KEY_BYTES } from './limits.ts'
import { type Random, randomDigits } from './order.ts'
import { hasIds, singletonRole, vocabularyOf } from './tables.ts'

/** Random digits of a key: among 100,000 nodes that are created at once, 1 in 40,000 times two have one. */
const RANDOM_KEY_DIGITS = 8

/** What an element is called. */
export interface ElementName {
  readonly uri: string
  readonly local: string
}

/** A node that has no key yet; text, comments and instructions have no name. */
export interface Keyless {
  readonly name: ElementName | undefined
  readonly id: string | undefined
  /** The element that it will hang by; undefined at the top level. */
  readonly parent: { readonly key: string; readonly name: ElementName } | undefined
}

/** A key for a node that a client creates. */
export function newKey(
  node: Keyless,
  isTaken: (key: string) => boolean,
  random: Random = Math.random,
): string {
  const { name, id, parent } = node
  const ofId = name && id !== undefined && hasIds(vocabularyOf(name.uri)) && isFreeForm(id) ? id : undefined
  if (ofId !== undefined && !isTaken(ofId)) return ofId
  const ofRole = name && parent && roleKey(parent.key, parent.name, name)
  if (ofRole !== undefined && !isTaken(ofRole)) return ofRole
  for (;;) {
    const key = `~${randomDigits(RANDOM_KEY_DIGITS, random)}`
    if (!isTaken(key)) return key
  }
}

/** Whether an id can be a key: `~` marks the keys that are no ids, `#` the document. */
export function isFreeForm(id: string): boolean {
  const plain = id !== '' && id === trimSpace(id) && !id.includes('~') && !id.startsWith('#')
  return plain && id === sanitise(id) && fitsBytes(id, MAX_ID_KEY_BYTES)
}

/** The key of a child that its parent can hold only once; undefined for all others. */
export function roleKey(parentKey: string, parent: ElementName, child: ElementName): string | undefined {
  const vocabulary = vocabularyOf(child.uri)
  const akin = vocabulary === 'foreign' || vocabulary === vocabularyOf(parent.uri)
  const role = akin ? singletonRole(parent.local, child.uri, child.local) : undefined
  const key = `${parentKey}~${role}`
  return role !== undefined && fitsBytes(key, MAX_KEY_BYTES) ? key : undefined
}
