// The other side of tests/it/cross_fuzz.rs: makes XML of every case on standard input, one JSON object a line, and
// tells of those that come out otherwise than the server made them.
//
//   node --import tsx test/cross-check.ts < CASES      exit code 1 if a case differs or there is none
import { createInterface } from 'node:readline'
import * as Y from 'yjs'
import { importXml, materialise, ReadError, readRecords } from '../src/document/index.ts'
import { seeded } from './random.ts'

/** Differences that are shown whole; a broken rule differs in hundreds. */
const SHOWN = 5

/** A case: updates that make a document, or a text. */
interface Case {
  readonly kind: 'history' | 'hostile' | 'text'
  readonly seed: number
  readonly updates?: readonly string[]
  readonly text?: string
  /** What the server makes of it, a refusal as a line. */
  readonly xml: string
}

const taken = new Map<string, number>()
let differing = 0
for await (const line of createInterface({ input: process.stdin })) {
  const one: Case = JSON.parse(line)
  taken.set(one.kind, (taken.get(one.kind) ?? 0) + 1)
  const xml = outcome(one)
  if (xml === one.xml) continue
  differing++
  if (differing <= SHOWN) tell(one, xml)
}
console.log(`${JSON.stringify(Object.fromEntries(taken))}: ${differing} differ`)
process.exitCode = differing > 0 || taken.size === 0 ? 1 : 0

function outcome({ updates = [], text, seed }: Case): string {
  try {
    return materialise(text === undefined ? merged(updates, seed) : importXml(new TextEncoder().encode(text)))
  } catch (error) {
    if (error instanceof ReadError) return `refused at ${error.line}:${error.column}`
    return `threw ${error instanceof Error ? error.stack : error}`
  }
}

/** The records of the document that some updates make, in whatever order they come. */
function merged(updates: readonly string[], seed: number) {
  const doc = new Y.Doc()
  const random = seeded(seed)
  const waiting = [...updates]
  while (waiting.length > 0) {
    const [update = ''] = waiting.splice(Math.floor(random() * waiting.length), 1)
    Y.applyUpdate(doc, Buffer.from(update, 'base64'))
  }
  return readRecords(doc)
}

function tell({ kind, seed, xml: theirs }: Case, ours: string): void {
  let at = 0
  while (at < ours.length && ours[at] === theirs[at]) at++
  const around = (text: string) => JSON.stringify(text.slice(Math.max(at - 150, 0), at + 150))
  console.log(`${kind} ${seed} (CROSS_START=${seed} CROSS_RUNS=1)`)
  console.log(`  server: ${around(theirs)}\n  client: ${around(ours)}`)
}
