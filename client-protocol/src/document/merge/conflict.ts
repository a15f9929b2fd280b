// Conflicts in words that people know: elements by id and name, fields by what they mean.
import { sameValue } from '../crdt.ts'
import { type Fields, place, text, type Value } from '../model.ts'
import type { ElementRef } from './op.ts'
import { lanesOf, referenced, splitName } from './tree.ts'

/** Steps up to look for an element that people know; real diagrams nest less than this. */
const MAX_CLIMB = 64

/** Reads the record of a node. */
export type Read = (key: string) => Fields | undefined

/**
 * The element that a node belongs to: itself where it has an id, what a shape shows, else the nearest container with an
 * id.
 */
export function elementOf(key: string, read: Read): ElementRef {
  let fields = read(key)
  for (let climbed = 0; fields !== undefined && climbed < MAX_CLIMB; climbed++) {
    fields = read(referenced(fields, 'bpmnElement') ?? '') ?? fields
    if (text(fields, 'id') !== undefined) return elementRef(key, fields)
    fields = read(place(fields)?.parent ?? '')
  }
  return { key, type: '' }
}

/** A node as people know it by its own fields. */
export function elementRef(key: string, fields: Fields): ElementRef {
  const id = text(fields, 'id')
  const name = text(fields, 'name')
  const [, type] = splitName(text(fields, '#t') ?? '')
  return { key, type, ...(id !== undefined && { id }), ...(name !== undefined && { name }) }
}

/** A value for people: references as ids. */
export function shown(value: Value | undefined, read: Read): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  const [key = ''] = value
  const target = read(key)
  return (target && text(target, 'id')) ?? key
}

const WORDS = new Map([
  ['#t', 'type'],
  ['#p', 'parent'],
  ['#x', 'text'],
  ['#b', 'bounds'],
  ['#lb', 'label'],
  ['#w', 'waypoints'],
  ['#l', 'lanes'],
])

/** What a field is called: attribute names are their own, `#` fields get words. */
export function fieldName(field: string): string {
  return WORDS.get(field) ?? field
}

const STYLE = new Set(['#o', '#n', '#cd', '#raw', '#dup', '#t0', '#p0'])

/** Fields that hold how something is written or where it came from, not what it says. */
export function isStyle(field: string): boolean {
  return STYLE.has(field)
}

/** Whether a node says something else than its base did; order and style are nothing. */
export function differs(base: Fields, now: Fields): boolean {
  const lanes = (fields: Fields) => lanesOf(fields).map(({ lane }) => lane)
  if (place(base)?.parent !== place(now)?.parent || !sameValue(lanes(base), lanes(now))) return true
  const says = (field: string) => !['#p', '#l', '#i', '#u'].includes(field) && !isStyle(field)
  const fields = new Set([...base.keys(), ...now.keys()])
  return [...fields].some((field) => says(field) && !sameValue(base.get(field), now.get(field)))
}
