// The JSON inside the document (D8, D10): flat objects whose values are strings or lists of strings.
import { compare } from './chars.ts'
import type { Fields, Value } from './model.ts'

/** Escapes that are half of a pair, or a pair, or anything else with a backslash. */
const ESCAPES =
  /\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[dD][89a-fA-F][0-9a-fA-F]{2}|.)/gs

/** Reads an object, skipping what is neither string nor list of strings; undefined if it is none (N0.1). */
export function parse(text: string): Fields | undefined {
  let object: unknown
  try {
    object = JSON.parse(pairSurrogates(text))
  } catch {
    return undefined
  }
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return undefined
  const fields: Fields = new Map()
  for (const [name, value] of Object.entries(object)) {
    if (isValue(value)) fields.set(name, value)
  }
  return fields
}

/** Reads an object and keeps its strings; what is no object has none. */
export function parseStrings(text: string | undefined): Map<string, string> {
  const strings = new Map<string, string>()
  for (const [name, value] of (text === undefined ? undefined : parse(text)) ?? []) {
    if (typeof value === 'string') strings.set(name, value)
  }
  return strings
}

/** Writes an object as `JSON.stringify` does, names sorted by code point. */
export function write(fields: Iterable<readonly [string, Value]>): string {
  const sorted = [...fields].sort(([a], [b]) => compare(a, b))
  return `{${sorted.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`
}

/** Whether a field can have this value. */
export function isValue(value: unknown): value is Value {
  return (
    typeof value === 'string' || (Array.isArray(value) && value.every((item) => typeof item === 'string'))
  )
}

/** A lone surrogate is U+FFFD already while names are compared: of two equal ones the last counts (N0.2). */
function pairSurrogates(text: string): string {
  if (!/\\u[dD][89a-fA-F]/.test(text)) return text
  return text.replace(ESCAPES, (found) => (/^\\u[dD].{3}$/.test(found) ? '\\ufffd' : found))
}
