// What people show of themselves, as JSON of at most 4,096 bytes (W4): made to fit, and read from strangers.
// Pure and total.
import { AWARENESS_BYTES, AWARENESS_ELEMENTS, AWARENESS_KEY_CHARS, NAME_CHARS } from './limits.ts'

/** Who it is. */
export interface User {
  readonly id: string
  readonly name: string
  /** `#rrggbb`. */
  readonly color: string
}

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Box extends Point {
  readonly width: number
  readonly height: number
}

/** Where somebody is. All coordinates are those of the diagram, in the plane `plane`. */
export interface Whereabouts {
  /** Key of the element whose plane is shown: a process, a collaboration or a collapsed sub-process. */
  readonly plane?: string
  readonly cursor?: Point
  readonly viewport?: Box
  /** Keys of the selected elements. */
  readonly selection?: readonly string[]
  /** Key of the element whose label is being written. */
  readonly editing?: string
  /** Elements in somebody's hand: where each would be if it were dropped now. */
  readonly drag?: Readonly<Record<string, Box>>
}

/** Somebody else in the diagram; one person with two windows is there twice. */
export interface Person extends Whereabouts {
  /** The Yjs client id of this window. */
  readonly client: number
  readonly user: User
}

/** Colour of whoever does not tell theirs. */
const GREY = '#808080'
/** What is left out of a state that is too large even without a drag and a selection, one after the other. */
const DISPENSABLE = ['viewport', 'editing', 'cursor', 'plane'] as const

type State = { user: User } & { -readonly [field in keyof Whereabouts]: Whereabouts[field] }

/** What is sent of oneself: cut to what the server takes. */
export function toState(user: User, where: Whereabouts): State {
  const state: State = { user: readUser(user), ...readWhereabouts(where) }
  const { drag, selection } = state
  if (drag) {
    const entries = Object.entries(drag)
    const count = longest(entries.length, (n) =>
      fits({ ...state, drag: Object.fromEntries(entries.slice(0, n)) }),
    )
    state.drag = Object.fromEntries(entries.slice(0, count))
  }
  if (selection) {
    const count = longest(selection.length, (n) => fits({ ...state, selection: selection.slice(0, n) }))
    state.selection = selection.slice(0, count)
  }
  for (const field of DISPENSABLE) if (!fits(state)) delete state[field]
  return state
}

/** What somebody else sent; undefined if it is nobody. Nothing in it is trusted to be of any form. */
export function toPerson(client: number, state: unknown): Person | undefined {
  if (!isObject(state)) return undefined
  return { client, user: readUser(state.user), ...readWhereabouts(state) }
}

function readUser(value: unknown): User {
  const user = isObject(value) ? value : {}
  const { id, name, color } = user
  return {
    id: typeof id === 'string' ? wellFormed(id.slice(0, AWARENESS_KEY_CHARS)) : '',
    name: typeof name === 'string' ? wellFormed(name.slice(0, NAME_CHARS)) : '',
    // It ends in style sheets: nothing but a colour.
    color: typeof color === 'string' && /^#[0-9a-f]{6}$/i.test(color) ? color : GREY,
  }
}

function readWhereabouts(value: object): Whereabouts {
  const { plane, cursor, viewport, selection, editing, drag } = value as Record<string, unknown>
  const where: { -readonly [field in keyof Whereabouts]: Whereabouts[field] } = {}
  if (isKey(plane)) where.plane = plane
  if (isKey(editing)) where.editing = editing
  const at = readNumbers(cursor, ['x', 'y'])
  if (at) where.cursor = at
  const seen = readBox(viewport)
  if (seen) where.viewport = seen
  if (Array.isArray(selection)) where.selection = selection.slice(0, AWARENESS_ELEMENTS).filter(isKey)
  if (isObject(drag)) {
    const boxes = Object.entries(drag).slice(0, AWARENESS_ELEMENTS)
    where.drag = Object.fromEntries(
      boxes.flatMap(([key, box]) => {
        const read = readBox(box)
        return isKey(key) && read ? [[key, read]] : []
      }),
    )
  }
  return where
}

const readBox = (value: unknown): Box | undefined => readNumbers(value, ['x', 'y', 'width', 'height'])

/** An object of finite numbers, to a tenth: finer than any screen. */
function readNumbers<Name extends string>(
  value: unknown,
  names: readonly Name[],
): Record<Name, number> | undefined {
  if (!isObject(value)) return undefined
  const numbers = names.map((name) => value[name])
  if (!numbers.every((number): number is number => typeof number === 'number' && Number.isFinite(number)))
    return undefined
  return Object.fromEntries(
    names.map((name, i) => [name, Math.round((numbers[i] ?? 0) * 10) / 10]),
  ) as Record<Name, number>
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isKey(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= AWARENESS_KEY_CHARS &&
    wellFormed(value) === value
  )
}

/** Half a surrogate pair is no JSON for the server (S4), and the whole state would be dropped. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}

function fits(state: State): boolean {
  return new TextEncoder().encode(JSON.stringify(state)).length <= AWARENESS_BYTES
}

/** The highest count up to `most` for which it holds; 0 if for none. It holds for less where it holds for more. */
function longest(most: number, holds: (count: number) => boolean): number {
  if (holds(most)) return most
  let [yes, no] = [0, most]
  while (no - yes > 1) {
    const middle = (yes + no) >> 1
    if (holds(middle)) yes = middle
    else no = middle
  }
  return yes
}
