// Documents: what stock clients get, that they converge, and what a reconnect brings.
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import * as Y from 'yjs'
import { VERSIONS, same } from './lib/client.mjs'
import { guest, SMALL } from './lib/scene.mjs'
import { Server } from './lib/server.mjs'
import { until } from './lib/wait.mjs'

const server = await Server.start()
after(() => server.stop())

VERSIONS.forEach((version, index) => describe(`y-websocket ${version}`, { concurrency: true }, () => {
  const next = /** @type {string} */ (VERSIONS[(index + 1) % VERSIONS.length])

  it('gets a created diagram whole', async t => {
    const id = await server.create(SMALL)
    const client = await guest(t, server, id, { version })
    await client.synced()
    const task = JSON.parse(client.nodes.get('Task_1')?.get('#0'))
    assert.equal(task.name, 'Check the order')
    assert.equal(client.nodes.size, 14)
    assert.equal(client.doc.store.pendingStructs, null)
  })

  it('converges with another client that edits the same nodes at the same time', async t => {
    const id = await server.create(SMALL)
    const [a, b] = await Promise.all([
      guest(t, server, id, { version }), guest(t, server, id, { version: next, user: 'bob' })
    ])
    await Promise.all([a.synced(), b.synced()])
    for (let round = 0; round < 50; round++) {
      for (const client of [a, b]) {
        client.nodes.get('Task_1')?.set('name', `${client.id} ${round}`)
        client.nodes.get('Task_1_di')?.set('#b', `${round} ${client.id} 100 80`)
        client.nodes.get('Start_1')?.set(`own-${client.id}`, `${round}`)
      }
      if (round % 10 === 0) await a.barrier()
    }
    await Promise.all([a.barrier(), b.barrier()])
    await until('both hold the same', () => same(a.doc, b.doc))
    const name = a.nodes.get('Task_1')?.get('name')
    assert.match(await server.xml(id), new RegExp(`name="${name}"`))
    assert.equal(a.nodes.get('Start_1')?.get(`own-${b.id}`), '49')
  })

  it('hears its own edits back once they are stored', async t => {
    const client = await guest(t, server, await server.create(SMALL), { version })
    await client.synced()
    client.nodes.get('Task_1')?.set('name', 'echoed')
    await until('the echo is there', () => client.echoed === Y.getState(client.doc.store, client.id))
  })

  it('brings what it edited while it was away, and gets what others did', async t => {
    const id = await server.create(SMALL)
    const [a, b] = await Promise.all([
      guest(t, server, id, { version }), guest(t, server, id, { version: next, user: 'bob' })
    ])
    await Promise.all([a.synced(), b.synced()])
    a.provider.disconnect()
    a.nodes.get('Task_1')?.set('name', 'offline')
    a.nodes.delete('End_1_di')
    b.nodes.get('Start_1')?.set('name', 'online')
    await b.barrier()
    a.provider.connect()
    await a.synced()
    await until('both hold the same', () => same(a.doc, b.doc))
    assert.equal(b.nodes.get('Task_1')?.get('name'), 'offline')
    assert.equal(a.nodes.get('Start_1')?.get('name'), 'online')
    assert.equal(b.nodes.has('End_1_di'), false)
  })

  it('may ask again and again', async t => {
    // The providers' own check compares with a global WebSocket, which Node 20 lacks.
    const id = await server.create(SMALL)
    const client = await guest(t, server, id, { version })
    await client.synced()
    for (let round = 0; round < 20; round++) {
      client.nodes.get('Task_1')?.set('name', `round ${round}`)
      const vector = Y.encodeStateVector(client.doc)
      client.sendRaw(Uint8Array.from([0, 0, vector.length, ...vector]))
    }
    await client.barrier()
    assert.deepEqual(client.closes, [])
  })

  it('shares a room with a tab that it also reaches by BroadcastChannel', async t => {
    const id = await server.create(SMALL)
    const options = { version, provider: { disableBc: false } }
    const [a, b] = await Promise.all([guest(t, server, id, options), guest(t, server, id, options)])
    const c = await guest(t, server, id, { version: next, user: 'bob' })
    await Promise.all([a.synced(), b.synced(), c.synced()])
    for (let round = 0; round < 20; round++) {
      a.nodes.get('Task_1')?.set('name', `a ${round}`)
      b.nodes.get('Task_1')?.set('name', `b ${round}`)
    }
    await Promise.all([a.stored(), b.stored()])
    await until('all hold the same', () => same(a.doc, b.doc) && same(b.doc, c.doc))
    assert.deepEqual([...a.closes, ...b.closes, ...c.closes], [])
  })
}))

it('serves all versions in one room', async t => {
  const id = await server.create(SMALL)
  const clients = await Promise.all(VERSIONS.map(
    version => guest(t, server, id, { version, user: `user-${version}` })))
  await Promise.all(clients.map(client => client.synced()))
  for (const client of clients) {
    client.nodes.set(`Note_${client.id}`, new Y.Map([['#0', '{}']]))
  }
  await Promise.all(clients.map(client => client.barrier()))
  await until('all hold the same', () => clients.every(client => same(client.doc, clients[0].doc)))
  assert.equal(clients[0].nodes.size, 14 + VERSIONS.length)
})

it('gives a big diagram whole to a late client', async t => {
  const id = await server.create(SMALL)
  const first = await guest(t, server, id)
  await first.synced()
  const text = 'x'.repeat(200_000)
  for (let n = 0; n < 25; n++) {
    first.nodes.set(`Text_${n}`, new Y.Map([['#0', JSON.stringify({ name: `${n}${text}` })]]))
  }
  await first.barrier()
  for (const version of VERSIONS) {
    const late = await guest(t, server, id, { version })
    await late.synced()
    assert.ok(same(late.doc, first.doc), version)
  }
})
