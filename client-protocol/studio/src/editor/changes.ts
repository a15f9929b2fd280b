// What changed between two versions, as the server tells it, for the eye: marks on elements and lines to read. Pure
// and total.
import { VALUE_CHARS } from '../limits.ts'

/** The most telling thing that happened to an element: `layout` where only its drawing changed. */
export type Mark = 'added' | 'removed' | 'changed' | 'layout'

export interface Change {
  /** Names it among the changes of one comparison. */
  readonly key: string
  /** BPMN id; `undefined` where an element has none. */
  readonly id: string | undefined
  readonly mark: Mark
  /** What it is, such as `Check request`. */
  readonly what: string
  /** Its type, such as `user task`; empty where `what` says it. */
  readonly type: string
  /** What happened to it, such as `renamed from “Check”`. */
  readonly how: readonly string[]
}

export interface Changes {
  /** What the diagram says: one element is one change, whatever happened to it. */
  readonly meaning: readonly Change[]
  /** Where and how it is drawn. */
  readonly layout: readonly Change[]
}

type Fields = Readonly<Record<string, unknown>>

/** @param nameOf the name of an element that the report only refers to, by its BPMN id */
export function changesOf(report: unknown, nameOf: (id: string) => string | undefined): Changes {
  const lists = fields(report)
  const called = (id: unknown) => (typeof id === 'string' ? nameOf(id)?.trim() || id : 'nothing')
  const rejoined = ({ field, from, to }: Fields): string =>
    `${ENDS[String(field)] ?? words(String(field))} ${called(to)} instead of ${called(from)}`
  const meaning = new Gathered()
  for (const entry of list(lists.added)) meaning.note(entry, 'added', inside(entry))
  for (const entry of list(lists.removed)) meaning.note(entry, 'removed', ['removed'])
  for (const entry of list(lists.renamed)) meaning.note(entry, 'changed', [renamed(entry)])
  for (const entry of list(lists.moved)) meaning.note(entry, 'changed', [moved(entry)])
  for (const entry of list(lists.reconnected))
    meaning.note(entry, 'changed', list(entry.changes).map(rejoined))
  for (const entry of list(lists.changed)) meaning.note(entry, 'changed', list(entry.changes).map(property))
  const around = list(lists.document).map(property)
  if (around.length > 0) meaning.note(WHOLE, 'changed', around)
  const layout = new Gathered()
  for (const entry of list(lists.layout)) {
    layout.note(entry, 'layout', [LAYOUT[String(entry.change)] ?? 'drawn anew'])
  }
  return { meaning: meaning.all(), layout: layout.all() }
}

/** What is marked on the canvas: what was only drawn anew is marked last, and most lightly. */
export function marksOf({ meaning, layout }: Changes): ReadonlyMap<string, Mark> {
  const marks = new Map<string, Mark>()
  for (const { id, mark } of [...layout, ...meaning]) if (id !== undefined) marks.set(id, mark)
  return marks
}

/** Changes of the same element become one. */
class Gathered {
  readonly #changes = new Map<string, Change>()

  note(entry: Fields, mark: Mark, how: readonly string[]): void {
    const element = fields(entry.element)
    const key = String(element.key ?? element.id ?? '')
    const known = this.#changes.get(key)
    if (known) {
      this.#changes.set(key, { ...known, how: [...new Set([...known.how, ...how])] })
      return
    }
    const id = typeof element.id === 'string' ? element.id : undefined
    this.#changes.set(key, { key, id, mark, ...labelOf(element), how })
  }

  all(): readonly Change[] {
    return [...this.#changes.values()]
  }
}

/** Namespaces and the like, which are of no element. */
const WHOLE: Fields = { element: { key: '', name: 'The file itself' } }

const LAYOUT: Readonly<Record<string, string>> = {
  moved: 'moved',
  resized: 'resized',
  rerouted: 'rerouted',
  label: 'label moved',
  style: 'looks different',
  shown: 'drawn',
  hidden: 'no longer drawn',
}

/** References that say where something is attached. */
const ENDS: Readonly<Record<string, string>> = {
  sourceRef: 'comes from',
  targetRef: 'leads to',
  attachedToRef: 'is attached to',
}

function inside({ in: container }: Fields): readonly string[] {
  const { what } = labelOf(fields(container))
  return [container === undefined || fields(container).type === 'process' ? 'added' : `added to ${what}`]
}

function renamed({ from, to }: Fields): string {
  if (typeof from !== 'string') return 'named'
  return typeof to === 'string' ? `renamed from ${quoted(from)}` : `has lost its name ${quoted(from)}`
}

function moved({ from, to }: Fields): string {
  return `moved from ${labelOf(fields(from)).what} to ${labelOf(fields(to)).what}`
}

function property({ field, from, to }: Fields): string {
  const name = words(String(field).split(/[/:]/).at(-1) ?? '')
  if (typeof from !== 'string')
    return typeof to === 'string' ? `${name} ${quoted(to)} added` : `${name} changed`
  return typeof to === 'string'
    ? `${name} ${quoted(from)} → ${quoted(to)}`
    : `${name} ${quoted(from)} removed`
}

function quoted(text: string): string {
  const characters = [...text.trim().replaceAll(/\s+/gu, ' ')]
  const short = characters.slice(0, VALUE_CHARS).join('')
  return characters.length > VALUE_CHARS ? `“${short}…”` : `“${short}”`
}

function labelOf({ name, type, id }: Fields): { readonly what: string; readonly type: string } {
  const kind = words(String(type ?? (name === undefined ? 'element' : '')))
  if (typeof name === 'string' && name.trim() !== '') return { what: name, type: kind }
  return { what: typeof id === 'string' ? `${kind} ${id}` : kind, type: '' }
}

/** `userTask` → "user task". */
function words(name: string): string {
  return name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()
}

function list(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fields) : []
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}
