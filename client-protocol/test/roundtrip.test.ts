// Real files, and such that were tampered with, through the document: what this package makes of a text is byte for byte
// what the server makes of it.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import * as Y from 'yjs'
import { importXml, materialise, ReadError, readRecords, writeRecords } from '../src/document/index.ts'
import { seeded } from './random.ts'
import { tampered } from './tampered.ts'
import { atelier, difference, forEachOf, texts } from './texts.ts'

/** What becomes of a text: the XML, or the refusal as a line. */
interface Outcome {
  readonly xml?: string
  readonly refused?: string
}

function here(input: Uint8Array | string): Outcome {
  try {
    const records = importXml(input)
    const doc = new Y.Doc()
    doc.transact(() => writeRecords(doc, records))
    const read = readRecords(doc)
    assert.deepEqual(read, records, 'the document holds the records')
    return { xml: materialise(read) }
  } catch (error) {
    if (error instanceof ReadError) return { refused: error.message }
    throw error
  }
}

async function server(path: string): Promise<Outcome> {
  const { code, stdout, stderr } = await atelier('bpmn', 'roundtrip', path)
  if (code === 0) return { xml: stdout }
  const refused = stderr.trim().split(`${path}: `)[1]
  assert.ok(refused !== undefined, stderr)
  return { refused }
}

/** Whether the importer, which takes any XML, cannot be compared here. */
function isNoDiagram({ refused }: Outcome): boolean {
  return refused?.endsWith('the root element is not BPMN 2.0 definitions') ?? false
}

for (const [folder, files] of texts()) {
  test(`every file of the ${folder} goes through as it goes through the server`, async (t) => {
    let [same, refused] = [0, 0]
    await forEachOf(files, async ({ path, name }) => {
      const [ours, theirs] = [here(readFileSync(path)), await server(path)]
      if (isNoDiagram(theirs)) return
      assert.equal(ours.refused, theirs.refused, name)
      assert.ok(ours.xml === theirs.xml, `${name}: ${difference(ours.xml ?? '', theirs.xml ?? '')}`)
      const again = ours.xml === undefined ? undefined : materialise(importXml(ours.xml))
      assert.ok(again === ours.xml, `${name}: its XML, read again, is another`)
      if (ours.refused === undefined) same++
      else refused++
    })
    t.diagnostic(`${same} read, ${refused} refused`)
    assert.ok(same > 0)
  })
}

test('texts that were tampered with go through, or are refused, as by the server', async (t) => {
  const [, files = []] = texts()[0] ?? []
  const folder = mkdtempSync(join(tmpdir(), 'atelier-tampered-'))
  t.after(() => rmSync(folder, { recursive: true }))
  let [same, refused] = [0, 0]
  await forEachOf(files.entries(), async ([seed, { path, name }]) => {
    const text = tampered(readFileSync(path, 'utf8'), seeded(seed))
    const copy = join(folder, `${seed}.bpmn`)
    writeFileSync(copy, text)
    const [ours, theirs] = [here(readFileSync(copy)), await server(copy)]
    if (isNoDiagram(theirs)) return
    // The binary tells a refusal on one line.
    assert.equal(ours.refused?.replace(/\s/g, ' '), theirs.refused?.replace(/\s/g, ' '), name)
    assert.ok(ours.xml === theirs.xml, `${name}: ${difference(ours.xml ?? '', theirs.xml ?? '')}`)
    if (ours.refused === undefined) same++
    else refused++
  })
  t.diagnostic(`${same} read, ${refused} refused`)
  assert.ok(same > 20 && refused > 20)
})
