// The client against the real binary: what people who have a diagram open see and get.
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { Gate } from '../../tests/interop/lib/gate.mjs'
import { Server } from '../../tests/interop/lib/server.mjs'
import { roomAccess } from '../src/index.ts'
import { becomes, reaches, read, visit, write } from './live/scene.ts'

const KEY = 'StartEvent_1'

describe('two people in one diagram', { concurrency: true }, async () => {
  const server = await Server.start()
  after(() => server.stop())

  it('see the same, and each edit is in the XML when it is flushed', async (t) => {
    const id = await server.create()
    const [ana, bob] = await Promise.all([visit(t, server, id), visit(t, server, id, { user: 'bob' })])
    await Promise.all([ana.ready, bob.ready])
    write(ana.doc, KEY, 'name', 'Pay')
    write(bob.doc, `${KEY}_di`, '#b', '10 20 36 36')
    assert.equal(ana.saved.value.unsaved, 1)
    await Promise.all([ana.flush(), bob.flush()])
    assert.equal(ana.saved.value.unsaved, 0)
    const xml = await server.xml(id)
    assert.match(xml, /name="Pay"/)
    assert.match(xml, /x="10" y="20"/)
    await becomes('bob sees the name', bob.saved, () => read(bob.doc, KEY, 'name') === 'Pay')
    await becomes('ana sees the place', ana.saved, () => read(ana.doc, `${KEY}_di`, '#b') === '10 20 36 36')
  })

  it('lose no edit to a connection that dies without a word, and wait for it some seconds only', async (t) => {
    const id = await server.create()
    const gate = await Gate.before(server)
    t.after(() => gate.stop())
    const access = roomAccess(`http://127.0.0.1:${gate.port}`, id, () => server.token())
    const ana = await visit(t, server, id, { access })
    await reaches(ana, 'online')
    for (const passage of gate.passages) passage.freeze()
    write(ana.doc, KEY, 'name', 'Pay')
    await becomes('it is alarmed', ana.saved, ({ overdue }) => overdue)
    await ana.flush(AbortSignal.timeout(20_000))
    assert.match(await server.xml(id), /name="Pay"/)
  })

  it('see where the other is, and that they left', async (t) => {
    const id = await server.create()
    const [ana, bob] = await Promise.all([visit(t, server, id), visit(t, server, id, { user: 'bob' })])
    bob.awareness.show({ plane: 'Process_1', cursor: { x: 1.26, y: -2 }, selection: [KEY] })
    const [seen] = await becomes(
      'bob is seen',
      ana.awareness.others,
      (others) => others[0]?.cursor !== undefined,
    )
    assert.deepEqual(seen, {
      client: bob.doc.clientID,
      user: { id: 'bob', name: 'bob', color: '#aa0044' },
      plane: 'Process_1',
      cursor: { x: 1.3, y: -2 },
      selection: [KEY],
    })
    await bob.close()
    await becomes('nobody is there', ana.awareness.others, (others) => others.length === 0)
  })
})

it('what was edited while the server was killed is saved when it is back', async (t) => {
  const server = await Server.start()
  t.after(() => server.stop())
  const id = await server.create()
  const ana = await visit(t, server, id)
  await ana.ready
  await server.kill('SIGKILL')
  await reaches(ana, 'offline')
  write(ana.doc, KEY, 'name', 'first')
  write(ana.doc, KEY, 'name', 'second')
  assert.equal(ana.saved.value.unsaved, 2)
  await server.launch()
  await ana.flush()
  assert.equal(ana.connection.value.state, 'online')
  assert.match(await server.xml(id), /name="second"/)
})
