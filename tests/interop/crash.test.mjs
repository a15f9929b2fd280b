// Kill -9 at random moments under load: every acknowledged edit (A1, A3), and every edit that another
// client had seen (G1), is there afterwards, all copies agree, and every export is BPMN.
//
// The server is checked before anybody comes back to it: a surviving client would bring what was lost.
// CRASH_SEED picks another run. CRASH_ACK=sent counts edits as acknowledged when they are sent, and
// must fail: it shows that the check can.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join as path } from 'node:path'
import { after, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { VERSIONS, join, same } from './lib/client.mjs'
import { outline, record } from './lib/diagram.mjs'
import { Gate } from './lib/gate.mjs'
import { Ledger } from './lib/ledger.mjs'
import { newWarnings, read } from './lib/moddle.mjs'
import { Random } from './lib/random.mjs'
import { Server } from './lib/server.mjs'
import { until } from './lib/wait.mjs'
import { Writer } from './lib/writer.mjs'

const SEED = Number(process.env.CRASH_SEED ?? 7)
const EARLY = process.env.CRASH_ACK === 'sent'
const KILLS = 24
const DIAGRAMS = 22
const WRITERS = 3
/** Exports checked behind each kill; behind the last one all are. */
const EXPORTS = 4
/** Bytes: bigger ones only cost time here. */
const LARGEST = 150_000

/** @typedef {{ id: string, file: string, input: string[], ledger: Ledger }} Diagram */

const random = new Random(SEED)
const server = await Server.start()
const gate = await Gate.before(server)
after(async () => {
  gate.stop()
  await server.stop()
})

it('every edit that was acknowledged or seen survives kill -9', { timeout: 240_000 }, async t => {
  const diagrams = await createDiagrams()
  t.diagnostic(`seed ${SEED}, ${diagrams.length} diagrams, ${WRITERS} writers each`)
  assert.ok(diagrams.length >= 20)
  let writers = await Promise.all(diagrams.flatMap((diagram, index) =>
    Array.from({ length: WRITERS }, (_, slot) => startWriter(diagram, slot, index + slot))))
  await until('all edit', () => writers.every(writer => writer.acknowledged > 0))

  const facts = { kills: 0, acknowledged: 0, absent: 0, exports: 0, died: 0 }
  while (facts.kills < KILLS) {
    await delay(random.int(50, 1200))
    // In the middle of what many are sending.
    for (const writer of writers) if (random.chance(0.5)) writer.edit()
    await server.kill('SIGKILL')
    gate.shut()
    facts.kills += 1
    for (const { diagram, client, own } of writers) {
      diagram.ledger.see(client.doc, key => own.has(key))
    }
    const [dying, staying] = split(writers, () => random.chance(0.2))
    facts.died += dying.length
    facts.acknowledged += dying.reduce((sum, writer) => sum + writer.acknowledged, 0)
    await Promise.all(dying.map(writer => writer.die()))

    await server.launch()
    if (random.chance(0.2)) {
      // Once more, while it has only just begun.
      await delay(random.int(0, 40))
      await server.kill('SIGKILL')
      facts.kills += 1
      await server.launch()
    }
    const exported = new Set(Array.from({ length: EXPORTS }, () => random.pick(diagrams)))
    for (const diagram of diagrams) {
      facts.absent += await check(diagram, exported.has(diagram))
    }
    facts.exports += exported.size
    gate.open = true
    const born = await Promise.all(dying.map(({ diagram, slot }) =>
      startWriter(/** @type {Diagram} */ (diagram), slot, random.int(0, 3))))
    writers = [...staying, ...born]
    // Some kills come while clients are still on their way back.
    if (random.chance(0.7)) {
      await until('all are back', () => writers.every(({ client }) => client.provider.synced))
    }
  }

  await Promise.all(writers.map(writer => writer.stop()))
  await until('all are back', () => writers.every(({ client }) => client.provider.synced))
  await Promise.all(writers.map(async writer => {
    await writer.client.stored()
    await writer.store()
  }))
  for (const diagram of diagrams) {
    const copies = writers.filter(writer => writer.diagram === diagram)
    const docs = copies.map(({ client }) => client.doc)
    await until(`all copies of ${diagram.file} agree`, () => docs.every(doc => same(doc, /** @type {any} */ (docs[0]))))
    assert.ok(copies.every(writer => writer.holdsItsOwn()), `a living client lost its own edit of ${diagram.file}`)
    await check(diagram, true, docs[0])
    facts.exports += 1
  }
  facts.acknowledged += writers.reduce((sum, writer) => sum + writer.acknowledged, 0)
  t.diagnostic(JSON.stringify(facts))
  assert.deepEqual(server.panics, [])
  assert.ok(facts.acknowledged > 2000, 'too few edits to prove anything')
  assert.ok(facts.died > KILLS, 'too few clients died with the server')
  assert.ok(facts.absent > 0, 'no edit was ever lost on its way: the kills came too late to prove anything')
  for (const { client } of writers) client.leave()
})

/** @param {Diagram} diagram @param {number} slot @param {number} version */
function startWriter (diagram, slot, version) {
  const options = {
    gate,
    version: VERSIONS[version % VERSIONS.length],
    user: `writer-${slot}`,
    provider: { maxBackoffTime: 200 }
  }
  const seed = new Random(random.int(0, 2 ** 30))
  return Writer.start(server, options, diagram, seed, { slot, of: WRITERS, early: EARLY })
}

/**
 * Compares what a fresh client gets with what was promised; also the export, when asked to.
 * @param {Diagram} diagram
 * @param {boolean} exported
 * @param {import('yjs').Doc} [expected] a copy that must be the same
 * @returns {Promise<number>} how many edits are missing that nobody was promised
 */
async function check (diagram, exported, expected) {
  const fresh = await join(server, diagram.id, { user: 'checker' })
  try {
    await fresh.synced()
    const { lost, absent } = diagram.ledger.compare(fresh.doc)
    assert.deepEqual(lost, [], `${diagram.file} lost what was promised`)
    if (expected) assert.ok(same(fresh.doc, expected), `the server's ${diagram.file} differs`)
    if (exported) await checkExport(diagram, fresh.nodes)
    return absent
  } finally {
    fresh.leave()
  }
}

/** @param {Diagram} diagram @param {import('./lib/diagram.mjs').Nodes} nodes */
async function checkExport (diagram, nodes) {
  const { warnings, names } = await read(await server.xml(diagram.id))
  assert.deepEqual(newWarnings(warnings, diagram.input), [], `the export of ${diagram.file} is worse than its input`)
  for (const { key } of diagram.ledger.entries.values()) {
    assert.equal(names.get(key), record(nodes, key)?.name, `${key} in the export of ${diagram.file}`)
  }
}

/** Real files where there are some, else the project's own. @returns {Promise<Diagram[]>} */
async function createDiagrams () {
  const corpus = process.env.ATELIER_CORPUS
  const folder = corpus ?? fileURLToPath(new URL('../fixtures', import.meta.url))
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => /\.(bpmn|bpmn2|xml)$/.test(file) && statSync(path(folder, file)).size <= LARGEST)
    .sort()
  /** @type {Diagram[]} */
  const diagrams = []
  while (diagrams.length < DIAGRAMS && files.length > 0) {
    const [file] = files.splice(random.int(0, files.length - 1), 1)
    const diagram = await createDiagram(file ?? '', readFileSync(path(folder, file ?? '')))
    if (diagram) diagrams.push(diagram)
  }
  return diagrams
}

/**
 * A diagram of this text, unless there is nothing in it to edit or to compare with.
 * @param {string} file
 * @param {Buffer} xml
 * @returns {Promise<Diagram | null>}
 */
async function createDiagram (file, xml) {
  const input = await read(xml.toString()).catch(() => null)
  // moddle reads UTF-8 only, and warns of the rest.
  if (!input || input.warnings.some(warning => warning.includes('encoding'))) return null
  const id = await server.create(xml).catch(() => null)
  if (id === null) return null
  const client = await join(server, id)
  await client.synced()
  const { named, processes } = outline(client.nodes)
  client.leave()
  if (named.length === 0 || processes.length === 0) return null
  return { id, file, input: input.warnings, ledger: new Ledger() }
}

/** @template T @param {T[]} list @param {(item: T) => boolean} isFirst @returns {[T[], T[]]} */
function split (list, isFirst) {
  /** @type {[T[], T[]]} */
  const parts = [[], []]
  for (const item of list) parts[isFirst(item) ? 0 : 1].push(item)
  return parts
}
