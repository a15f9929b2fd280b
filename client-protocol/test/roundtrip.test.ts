// Real files through the document: what this package makes of a text is byte for byte what the server makes of it.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as Y from 'yjs'
import { importXml, materialise, ReadError, readRecords, writeRecords } from '../src/document/index.ts'
import { atelier, difference, forEachOf, texts } from './texts.ts'

/** What becomes of a text: the XML, or the refusal as a line. */
interface Outcome {
  readonly xml?: string
  readonly refused?: string
}

function here(path: string): Outcome {
  try {
    const records = importXml(readFileSync(path))
    const doc = new Y.Doc()
    doc.transact(() => writeRecords(doc, records))
    const read = readRecords(doc)
    assert.deepEqual(read, records, `${path}: the document holds the records`)
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

for (const [folder, files] of texts()) {
  test(`every file of the ${folder} goes through as it goes through the server`, async (t) => {
    let [same, refused] = [0, 0]
    await forEachOf(files, async ({ path, name }) => {
      const [ours, theirs] = [here(path), await server(path)]
      // The importer takes any XML.
      if (theirs.refused?.endsWith('the root element is not BPMN 2.0 definitions')) return
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
