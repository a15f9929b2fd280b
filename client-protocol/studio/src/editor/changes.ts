// What changed since a version, as the server tells it, for the eye: marks on elements and lines to read. Pure and
// total.

export type Mark = 'added' | 'removed' | 'changed'

export interface Change {
  /** BPMN id; `undefined` where an element has none. */
  readonly id: string | undefined
  readonly mark: Mark
  /** What it is, such as `Check request`. */
  readonly what: string
  /** What happened to it, such as `renamed from “Check”`. */
  readonly how: string
}

type Fields = Readonly<Record<string, unknown>>

/** Only of elements that a reader sees; one element is one change, whatever happened to it. */
export function changesOf(report: unknown): readonly Change[] {
  const lists = fields(report)
  const changes = new Map<string, { change: Change; how: string[] }>()
  const note = (entry: Fields, mark: Mark, how: string) => {
    const element = fields(entry.element)
    const key = String(element.key ?? element.id ?? '')
    const known = changes.get(key)
    if (known) {
      if (!known.how.includes(how)) known.how.push(how)
      return
    }
    const id = typeof element.id === 'string' ? element.id : undefined
    changes.set(key, { change: { id, mark, what: label(element), how }, how: [how] })
  }
  for (const entry of list(lists.added)) note(entry, 'added', 'added')
  for (const entry of list(lists.removed)) note(entry, 'removed', 'removed')
  for (const entry of list(lists.renamed)) note(entry, 'changed', renamed(entry))
  for (const entry of list(lists.moved)) note(entry, 'changed', 'moved elsewhere')
  for (const entry of list(lists.changed)) note(entry, 'changed', changed(entry))
  for (const entry of list(lists.layout)) note(entry, 'changed', LAYOUT[String(entry.change)] ?? 'drawn anew')
  return [...changes.values()].map(({ change, how }) => ({ ...change, how: how.join(', ') }))
}

const LAYOUT: Readonly<Record<string, string>> = {
  moved: 'moved',
  resized: 'resized',
  rerouted: 'rerouted',
  label: 'label moved',
  style: 'looks different',
  shown: 'drawn',
  hidden: 'no longer drawn',
}

function renamed(entry: Fields): string {
  return typeof entry.from === 'string' ? `renamed from “${entry.from}”` : 'named'
}

function changed(entry: Fields): string {
  const names = list(entry.changes).map((change) => String(change.field).split(/[/:]/).at(-1) ?? '')
  return names.length === 0 ? 'changed' : `${[...new Set(names)].slice(0, 3).join(', ')} changed`
}

function label(element: Fields): string {
  const { name, type, id } = element
  if (typeof name === 'string' && name !== '') return name
  const words = String(type ?? 'element')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toLowerCase()
  return typeof id === 'string' ? `${words} ${id}` : words
}

function list(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fields) : []
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}
