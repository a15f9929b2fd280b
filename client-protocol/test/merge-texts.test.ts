// Differences of real texts: one text over another gives that text, and merges give what the binary's merges give.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import * as Y from 'yjs'
import {
  applyOps,
  type Conflict,
  diff,
  type Fields,
  importXml,
  materialise,
  place,
  ReadError,
  type Records,
  readRecords,
  text,
  writeRecords,
} from '../src/document/index.ts'
import { MODEL } from './diagrams.ts'
import { seeded } from './random.ts'
import { atelier, difference, forEachOf, texts } from './texts.ts'

/** Edits of one side of a merge. */
const EDITS = 4

interface Diagram {
  readonly name: string
  readonly records: Records
}

/** The files that are diagrams. */
function diagrams(files: readonly { path: string; name: string }[]): Diagram[] {
  return files.flatMap(({ path, name }) => {
    try {
      const records = importXml(readFileSync(path))
      return isDiagram(records) ? [{ name, records }] : []
    } catch (error) {
      if (error instanceof ReadError) return []
      throw error
    }
  })
}

/** Whether the root element is `definitions` of the model: the binary merges nothing else. */
function isDiagram(records: Records): boolean {
  const [root] = [...records.nodes.values()].filter(
    (fields) => place(fields)?.parent === '#' && !isAside(fields),
  )
  const [alias = '', local] = text(root ?? new Map(), '#t')?.split(':') ?? []
  return local === 'definitions' && records.ns.get(alias)?.uri === MODEL
}

function isAside(fields: Fields): boolean {
  return text(fields, '#t')?.startsWith('#') ?? true
}

function documentOf(records: Records): Y.Doc {
  const doc = new Y.Doc()
  doc.transact(() => writeRecords(doc, records))
  return doc
}

const folder = mkdtempSync(join(tmpdir(), 'atelier-merge-'))
after(() => rmSync(folder, { recursive: true }))

for (const [called, files] of texts()) {
  const all = diagrams(files)

  test(`any text of the ${called} over another gives that text to the byte, and then nothing is left`, (t) => {
    let operations = 0
    for (const [i, { name, records }] of all.entries()) {
      const next = all[(i + 1) % all.length]?.records ?? records
      assert.deepEqual(diff(records, records), [], name)
      const doc = documentOf(records)
      const ops = diff(records, next)
      operations += ops.length
      assert.deepEqual(applyOps(doc, ops, { random: seeded(i) }).conflicts, [], name)
      const [given, wanted] = [materialise(readRecords(doc)), materialise(next)]
      assert.ok(given === wanted, `${name}: ${difference(given, wanted)}`)
      assert.deepEqual(diff(readRecords(doc), next), [], name)
    }
    t.diagnostic(`${all.length} texts, ${operations} operations`)
    assert.ok(operations > 1000)
  })

  test(`texts of the ${called} that two people edited are merged as the binary merges them`, async (t) => {
    let told = 0
    await forEachOf(all.entries(), async ([i, { name, records }]) => {
      const base = materialise(records)
      const [ours, theirs] = [edited(base, i, 'o', false), edited(base, i + all.length, 't', true)]
      const [here, there] = [merged(base, ours, theirs), await mergedByBinary(`${i}`, [base, ours, theirs])]
      assert.deepEqual(here.conflicts, there.conflicts, name)
      assert.ok(here.xml === there.xml, `${name}: ${difference(here.xml, there.xml)}`)
      told += here.conflicts.length
    })
    t.diagnostic(`${all.length} merges, ${told} conflicts`)
    assert.ok(told > 10)
  })
}

/**
 * A text with some elements renamed and some deleted. Only one side adds some: where both do in one place, their order is
 * by chance.
 */
function edited(xml: string, seed: number, mark: string, adds: boolean): string {
  const random = seeded(seed)
  const { nodes, ...rest } = importXml(xml)
  const keys = [...nodes.keys()]
  for (let i = 0; i < EDITS; i++) {
    const key = keys[Math.floor(random() * keys.length)] ?? ''
    const fields = nodes.get(key)
    const at = fields && place(fields)
    const kind = random()
    if (fields === undefined || at === undefined || at.parent === '#') continue
    if (kind < 0.5) fields.set('name', `${mark}${i}`)
    else if (kind < 0.8) nodes.delete(key)
    else if (adds && text(fields, '#t') !== '#text') {
      const copy = new Map(fields).set('id', `${mark}_new${i}`).set('#p', `${at.order}V ${at.parent}`)
      for (const field of ['#i', '#u', '#l']) copy.delete(field)
      nodes.set(`${mark}_new${i}`, copy)
    }
  }
  return materialise({ ...rest, nodes })
}

/** A merge, with its conflicts in comparable form. */
interface Merge {
  readonly xml: string
  readonly conflicts: readonly string[]
}

function merged(base: string, ours: string, theirs: string): Merge {
  const records = importXml(base)
  const doc = documentOf(records)
  applyOps(doc, diff(records, importXml(ours)), { random: seeded(1) })
  const { conflicts } = applyOps(doc, diff(records, importXml(theirs)), {
    prefer: 'current',
    random: seeded(2),
  })
  return { xml: materialise(readRecords(doc)), conflicts: conflicts.map(comparable) }
}

/** Names in order, keys that are drawn at random left out; the binary calls `saved` what the operations bring. */
function comparable(conflict: Conflict): string {
  const fields = Object.entries({ ...conflict, ...conflict.element, element: undefined })
  const told = fields.map(([name, value]) => [
    name === 'ours' ? 'saved' : name,
    name === 'key' && /^~[0-9A-Za-z]{8,}$/.test(String(value)) ? '~' : (value ?? null),
  ])
  return JSON.stringify(told.sort())
}

async function mergedByBinary(name: string, sides: readonly string[]): Promise<Merge> {
  const paths = sides.map((xml, side) => {
    const path = join(folder, `${name}-${side}.bpmn`)
    writeFileSync(path, xml)
    return path
  })
  const out = join(folder, `${name}-out.bpmn`)
  const { code, stdout, stderr } = await atelier('bpmn', 'merge', ...paths, '--output', out, '--json')
  assert.ok(code < 2, stderr)
  const conflicts: string[] = (stdout === '' ? [] : JSON.parse(stdout)).map(comparable)
  // Of waypoints that become one field the binary deletes each twice, and tells it twice.
  return { xml: readFileSync(out, 'utf8'), conflicts: [...new Set(conflicts)] }
}
