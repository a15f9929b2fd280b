// Two people edit while connections are cut and the server is killed: what was flushed is in the XML, and in the end
// both see the same.
import 'fake-indexeddb/auto'
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type * as Y from 'yjs'
import { Gate } from '../../tests/interop/lib/gate.mjs'
import { Server } from '../../tests/interop/lib/server.mjs'
import { until } from '../../tests/interop/lib/wait.mjs'
import { browserCopies, carryRecords, type LiveDiagram, roomAccess } from '../src/index.ts'
import { read, visit, write } from './live/scene.ts'
import { seeded } from './random.ts'

const KEY = 'StartEvent_1'
const EDITS = 120
/** Of the edits of one person, after how many the page is opened anew. */
const EDITS_PER_PAGE = 40

it('no edit that was flushed is ever lost, whatever happens to server and connection', async (t) => {
  const seed = Number(process.env.CHAOS_SEED ?? 1)
  t.diagnostic(`CHAOS_SEED=${seed}`)
  const random = seeded(seed)
  const server = await Server.start()
  t.after(() => server.stop())
  const gate = await Gate.before(server)
  t.after(() => gate.stop())
  const id = await server.create()
  const through = { url: `http://127.0.0.1:${gate.port}` }

  let compared = 0
  const checks: Promise<void>[] = []
  /** Edits a field of their own, counting up, and closes and opens the page now and then. */
  const person = async (user: string): Promise<LiveDiagram> => {
    const copies = browserCopies(`chaos of ${user}`)
    const access = roomAccess(through.url, id, () => server.token({ user }))
    const open = () => visit(t, server, id, { user, access, copies, carryOver: carryRecords })
    let diagram = await open()
    await diagram.ready
    for (let number = 1; number <= EDITS; number++) {
      write(diagram.doc, KEY, user, `${number}`)
      const flushed = diagram.flush().then(
        () => number,
        () => 0,
      )
      checks.push(
        flushed.then(async (last) => {
          if (last === 0 || random() < 0.8) return
          const stored = new RegExp(`${user}="(\\d+)"`).exec(await server.xml(id).catch(() => ''))
          if (!stored) return
          compared += 1
          assert.ok(Number(stored[1]) >= last, `${user} flushed ${last}, stored is ${stored[1]}`)
        }),
      )
      await delay(random() * 40)
      if (number % EDITS_PER_PAGE !== 0 || number === EDITS) continue
      await diagram.close()
      diagram = await open()
      assert.equal(read(diagram.doc, KEY, user), `${number}`, 'the copy has the last edit')
    }
    return diagram
  }

  const people = Promise.all([person('ana'), person('bob')])
  const trouble = new AbortController()
  const troubled = (async () => {
    let kinds = 0
    while (!trouble.signal.aborted) {
      await delay(150 + random() * 300)
      const passage = gate.passages[Math.floor(random() * gate.passages.length)]
      if (kinds++ % 4 === 0) {
        await server.kill('SIGKILL')
        await server.launch()
      } else if (random() < 0.5) passage?.cutServer()
      else passage?.cutClient()
    }
  })()
  const [ana, bob] = await people
  trouble.abort()
  await troubled
  // A client whose server alone lost the connection would notice after 45 s of silence.
  for (const passage of gate.passages) passage.cutClient()
  await Promise.all([ana.flush(), bob.flush()])
  const all = (doc: Y.Doc) => doc.getMap('nodes').toJSON()
  await until('both see the same', () => isDeepStrictEqual(all(ana.doc), all(bob.doc)))
  const xml = await server.xml(id)
  assert.match(xml, new RegExp(`ana="${EDITS}"`))
  assert.match(xml, new RegExp(`bob="${EDITS}"`))
  assert.deepEqual(server.panics, [])
  await Promise.all(checks)
  assert.ok(compared > 0, 'nothing was compared')
})
