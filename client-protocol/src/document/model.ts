// The records of a diagram (schema v1, DOCUMENT.md D3–D5): what a shared document holds, what XML is written
// from. Only data and total accessors; rules stand with whoever applies them.

/** A field's value: a string, or a list (`[key…]` references, lanes as `[laneKey, order, …]`). */
export type Value = string | readonly string[]

/** One node: field name (`#t`, `#p`, `name`, `zeebe:type` …) to effective value. */
export type Fields = Map<string, Value>

/** One namespace declaration (D4). */
export interface Namespace {
  readonly uri: string
  /** Whether the root element declares it. */
  readonly atRoot: boolean
  /** The prefix where it differs from the alias; `''` is the default namespace. */
  readonly prefix?: string
}

/** A whole diagram as effective records (D3). */
export interface Records {
  readonly meta: Map<string, string>
  readonly ns: Map<string, Namespace>
  readonly ao: Map<string, string>
  readonly nodes: Map<string, Fields>
}

/** The parent of the prolog, the root element and the epilog. */
export const DOCUMENT = '#'
/** The field that holds a record at creation, as one JSON string (D8). */
export const CREATION = '#0'

/** Records of nothing. */
export function noRecords(): Records {
  return { meta: new Map(), ns: new Map(), ao: new Map(), nodes: new Map() }
}

/** The field as a string; undefined where it is absent or a list. */
export function text(fields: ReadonlyMap<string, Value>, name: string): string | undefined {
  const value = fields.get(name)
  return typeof value === 'string' ? value : undefined
}

/** The field as a list; undefined where it is absent or a string. */
export function list(fields: ReadonlyMap<string, Value>, name: string): readonly string[] | undefined {
  const value = fields.get(name)
  return typeof value === 'string' ? undefined : value
}

/** `#p` taken apart: order key and parent key. */
export function place(fields: ReadonlyMap<string, Value>): { order: string; parent: string } | undefined {
  const value = text(fields, '#p')
  const space = value?.indexOf(' ') ?? -1
  if (value === undefined || space < 0) return undefined
  return { order: value.slice(0, space), parent: value.slice(space + 1) }
}
