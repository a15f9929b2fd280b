// Real files through the document: what this package makes of a text is byte for byte what the server makes of it.
// The files are the project's fixtures and, where ATELIER_CORPUS names a folder, those in it.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as Y from 'yjs'
import { BINARY } from '../../tests/interop/lib/server.mjs'
import { importXml, materialise, ReadError, readRecords, writeRecords } from '../src/document/index.ts'

const run = promisify(execFile)

/** What standard output of the binary may hold: the largest text it takes, and room. */
const MAX_OUTPUT = 64 << 20
/** Files at once: the server's side is a process of its own. */
const PARALLEL = 2

const folders = {
  'the fixtures': fileURLToPath(new URL('../../tests/fixtures', import.meta.url)),
  'the corpus': process.env.ATELIER_CORPUS,
}

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
  try {
    const { stdout } = await run(BINARY, ['bpmn', 'roundtrip', path], { maxBuffer: MAX_OUTPUT })
    return { xml: stdout }
  } catch (error) {
    const { stderr } = error as { stderr?: string }
    const refused = stderr?.trim().split(`${path}: `)[1]
    if (refused === undefined) throw error
    return { refused }
  }
}

function files(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const texts = entries.filter((entry) => entry.isFile() && /\.(bpmn|bpmn2|xml)$/.test(entry.name))
  return texts.map((entry) => join(entry.parentPath, entry.name)).sort()
}

for (const [name, folder] of Object.entries(folders)) {
  if (folder === undefined) continue
  test(`every file of ${name} goes through as it goes through the server`, async (t) => {
    const paths = files(folder)
    let [same, refused] = [0, 0]
    const next = paths.values()
    const work = async () => {
      for (const path of next) {
        const file = relative(folder, path)
        const [ours, theirs] = [here(path), await server(path)]
        if (theirs.refused?.endsWith('the root element is not BPMN 2.0 definitions')) continue
        assert.equal(ours.refused, theirs.refused, file)
        assert.ok(ours.xml === theirs.xml, `${file}: ${difference(ours.xml ?? '', theirs.xml ?? '')}`)
        const again = ours.xml === undefined ? undefined : materialise(importXml(ours.xml))
        assert.ok(again === ours.xml, `${file}: its XML, read again, is another`)
        if (ours.refused === undefined) same++
        else refused++
      }
    }
    await Promise.all(Array.from({ length: PARALLEL }, work))
    t.diagnostic(`${same} read, ${refused} refused`)
    assert.ok(same > 0)
  })
}

function difference(ours: string, theirs: string): string {
  let at = 0
  while (at < ours.length && ours[at] === theirs[at]) at++
  const around = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 60), at + 60))
  return `${around(ours)} / ${around(theirs)}`
}
