// The golden cases of vectors/document as this package's types. Cases without records hold a text that is refused.
import { readdirSync, readFileSync } from 'node:fs'
import type { Namespace, Records, Value } from '../src/document/index.ts'

/** A golden case. */
export interface Case {
  readonly name: string
  readonly input?: string
  readonly inputBase64?: string
  readonly error?: { line: number; column: number }
  readonly records?: Records
  /** Updates (v1) that give the records, in any order. */
  readonly updates: readonly Uint8Array[]
  readonly xml?: string
}

/** Records as a case holds them. */
export interface RecordsJson {
  meta: Record<string, string>
  ns: Record<string, string[]>
  ao: Record<string, string>
  nodes: Record<string, Record<string, Value>>
}

const folder = new URL('../vectors/document/', import.meta.url)

/** Every case, by name. */
export function cases(): Case[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'))
  return files.sort().map((file) => {
    const json = JSON.parse(readFileSync(new URL(file, folder), 'utf8'))
    const updates = (json.updates ?? []).map((update: string) =>
      Uint8Array.from(Buffer.from(update, 'base64')),
    )
    const records = json.records && recordsOf(json.records)
    return { ...json, name: file.replace('.json', ''), records, updates }
  })
}

/** Records of their JSON. */
export function recordsOf(json: RecordsJson): Records {
  const nodes = Object.entries(json.nodes).map(
    ([key, fields]) => [key, new Map(Object.entries(fields))] as const,
  )
  const ns = Object.entries(json.ns).map(([alias, [uri = '', flag, prefix]]): [string, Namespace] => {
    const namespace = { uri, atRoot: flag === '1' }
    return [alias, prefix === undefined ? namespace : { ...namespace, prefix }]
  })
  return {
    meta: new Map(Object.entries(json.meta)),
    ns: new Map(ns),
    ao: new Map(Object.entries(json.ao)),
    nodes: new Map(nodes),
  }
}
