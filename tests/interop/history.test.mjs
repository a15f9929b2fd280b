// A copy that comes from another history is told so, and never merged.
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import * as Y from 'yjs'
import { VERSIONS, same } from './lib/client.mjs'
import { guest, SMALL } from './lib/scene.mjs'
import { Server } from './lib/server.mjs'
import { until } from './lib/wait.mjs'

const server = await Server.start()
after(() => server.stop())

VERSIONS.forEach(version => describe(`y-websocket ${version}`, { concurrency: true }, () => {
  it("with a copy of the same text's earlier diagram is closed with 4409 and doubles nothing", async t => {
    const [old, id] = await Promise.all([server.create(SMALL), server.create(SMALL)])
    const honest = await guest(t, server, id, { user: 'bob' })
    await honest.synced()
    const before = Y.encodeStateAsUpdate(honest.doc)

    const first = await guest(t, server, old, { version })
    await first.synced()
    first.nodes.get('Task_1')?.set('name', 'edited in the old one')
    await first.barrier()
    first.leave()
    const copy = JSON.stringify(first.nodes)
    const client = await guest(t, server, id, { version, doc: first.doc })
    await until('the socket is closed', () => client.closes.length > 0)
    assert.equal(client.closes[0], 4409)

    await honest.barrier()
    assert.deepEqual(Y.encodeStateAsUpdate(honest.doc), before)
    assert.doesNotMatch(await server.xml(id), /edited in the old one/)
    assert.equal(JSON.stringify(client.nodes), copy, 'the copy was changed')
    assert.deepEqual(honest.closes, [])
  })

  it('comes back for ever only at a slow pace', async t => {
    if (version === '3.1.0') return
    const [old, id] = await Promise.all([server.create(SMALL), server.create(SMALL)])
    const first = await guest(t, server, old, { version })
    await first.synced()
    first.leave()
    const client = await guest(t, server, id, { version, doc: first.doc })
    await until('the provider slows down', () => client.provider.wsUnsuccessfulReconnects >= 3)
    const told = client.closes.filter(code => code === 4409).length
    assert.ok(told >= 1 && told <= 5, `${told} sockets were opened and closed with 4409`)
  })

  it('with a document of its own, made before it joined, is taken', async t => {
    const id = await server.create(SMALL)
    const doc = new Y.Doc()
    doc.getMap('nodes').set('Mine_1', new Y.Map([['#0', '{}']]))
    const client = await guest(t, server, id, { version, doc })
    await client.synced()
    await client.stored()
    const fresh = await guest(t, server, id, { user: 'bob' })
    await fresh.synced()
    assert.ok(fresh.nodes.has('Mine_1') && same(fresh.doc, client.doc))
  })
}))
