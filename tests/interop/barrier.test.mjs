// The acknowledgement A1: a barrier comes back when everything before it is durable, or says why not.
import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import * as Y from 'yjs'
import { NotStored, VERSIONS } from './lib/client.mjs'
import { guest, SMALL } from './lib/scene.mjs'
import { Server } from './lib/server.mjs'

const server = await Server.start()
after(() => server.stop())

it('a barrier that came back survives kill -9 in the same moment', async t => {
  const id = await server.create(SMALL)
  for (let round = 0; round < 8; round++) {
    const version = VERSIONS[round % VERSIONS.length]
    const client = await guest(t, server, id, { version })
    await client.synced()
    for (let n = 0; n < 20; n++) client.nodes.get('Task_1')?.set(`r${round}`, `${n}`)
    await client.barrier()
    const killed = server.kill('SIGKILL')
    client.leave()
    await killed
    await server.launch()
    const fresh = await guest(t, server, id, { version })
    await fresh.synced()
    assert.equal(fresh.nodes.get('Task_1')?.get(`r${round}`), '19')
    fresh.leave()
  }
})

it('a barrier behind nothing comes back, and so does one behind what the server has already', async t => {
  const client = await guest(t, server, await server.create(SMALL))
  await client.synced()
  await client.barrier()
  client.nodes.get('Task_1')?.set('name', 'once')
  const state = Y.encodeStateAsUpdate(client.doc)
  for (let round = 0; round < 3; round++) {
    client.sendRaw(Uint8Array.from([0, 2, ...varUint(state.length), ...state]))
    await client.barrier()
  }
  assert.deepEqual(client.closes, [])
})

it('many barriers come back in order, each once', async t => {
  const client = await guest(t, server, await server.create(SMALL))
  await client.synced()
  /** @type {number[]} */
  const order = []
  await Promise.all(Array.from({ length: 50 }, (_, n) => {
    client.nodes.get('Task_1')?.set('name', `${n}`)
    return client.barrier().then(() => order.push(n))
  }))
  assert.deepEqual(order, Array.from({ length: 50 }, (_, n) => n))
  assert.equal(client.pending.size, 0)
})

it("a viewer's edit is refused with a reason, and its next barrier is not held against it", async t => {
  const id = await server.create(SMALL)
  for (const version of VERSIONS) {
    const client = await guest(t, server, id, { version, role: 'viewer', user: 'vic' })
    await client.synced()
    await client.barrier()
    client.nodes.get('Task_1')?.set('name', 'not mine')
    await assert.rejects(client.barrier(), refusal(1, /read only/))
    await client.barrier()
    assert.deepEqual(client.closes, [])
  }
})

it('what builds on something missing is refused until it came, and then stored', async t => {
  const id = await server.create(SMALL)
  const client = await guest(t, server, id)
  await client.synced()
  const hidden = new Y.Doc()
  Y.applyUpdate(hidden, Y.encodeStateAsUpdate(client.doc))
  hidden.getMap('nodes').set('Hidden_1', new Y.Map())
  const before = Y.encodeStateVector(hidden)
  hidden.getMap('nodes').set('Hidden_2', new Y.Map())
  const late = Y.encodeStateAsUpdate(hidden, before)
  client.sendRaw(Uint8Array.from([0, 2, ...varUint(late.length), ...late]))
  await assert.rejects(client.barrier(), refusal(2, /missing/))
  // The provider has answered the server's question by its own state, without that edit; now it has it.
  Y.applyUpdate(client.doc, Y.encodeStateAsUpdate(hidden))
  await client.stored()
  const fresh = await guest(t, server, id)
  await fresh.synced()
  assert.ok(fresh.nodes.has('Hidden_1') && fresh.nodes.has('Hidden_2'))
})

/** @param {number} code @param {RegExp} reason */
function refusal (code, reason) {
  return (/** @type {unknown} */ why) =>
    why instanceof NotStored && why.code === code && reason.test(why.message)
}

/** @param {number} value @returns {number[]} */
function varUint (value) {
  return value < 128 ? [value] : [value & 127 | 128, ...varUint(value >>> 7)]
}
