// Frames that no honest client sends close their sender alone, while stock clients go on.
//
// The whole list is judged in the Rust tests; here are one or two of each kind, and the honest people.
import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { VERSIONS, join, same } from './lib/client.mjs'
import { guest, SMALL } from './lib/scene.mjs'
import { Server } from './lib/server.mjs'
import { until } from './lib/wait.mjs'

const server = await Server.start()
after(() => server.stop())

/** Time in which a hostile socket is closed, on a busy machine. */
const SOON = 5000

/** @param {string} hex @returns {Uint8Array} */
const bytes = hex => Uint8Array.from(Buffer.from(hex, 'hex'))

/** A sync update of these bytes. @param {Uint8Array} body */
function update (body) {
  const length = []
  for (let rest = body.length; ; rest >>>= 7) {
    if (rest < 128) { length.push(rest); break }
    length.push((rest & 127) | 128)
  }
  return Uint8Array.from([0, 2, ...length, ...body])
}

const STACK_BOMB = Uint8Array.from([
  ...bytes('010107002801016d016b01'), ...Array.from({ length: 14_000 }, (_, n) => n % 2 ? 1 : 117), ...bytes('7f00')
])

/** What closes the socket, and with which code. @type {[string, Uint8Array, number][]} */
const CLOSED = [
  ['an empty frame', bytes(''), 4400],
  ['one byte', bytes('00'), 4400],
  ['an unknown sync message', bytes('000900'), 4400],
  ['trailing bytes', bytes('000202000000'), 4400],
  ['a truncated update', bytes('0002090101'), 4400],
  ['a number without an end', bytes('ffffffffffffffffffffff'), 4400],
  ['noise', Uint8Array.from({ length: 70_000 }, (_, n) => n < 2 ? n * 2 : n * 2_654_435_761 >>> 24), 4400],
  ['a stack bomb', update(STACK_BOMB), 4400],
  ['a poison pill of 12 bytes', update(bytes('010105003208000400000000')), 4400],
  ['a poison pill of 22 bytes', update(bytes('01012f0342e0a4ffff30ffff49000600000000003700')), 4400],
  ['200 million clients', update(bytes('8084af5f00')), 4400],
  ['200 million values', update(bytes('010107002801016d016b8084af5f00')), 4400],
  ['a state vector of 200 million', bytes('0000058084af5f00'), 4400],
  ['200 million awareness entries', bytes('01058084af5f00'), 4400],
  ['a sub-document', update(bytes('0101070009010174016401760000')), 4400],
  ['an update of the second encoding', update(bytes('00000000000001000000000000')), 4400],
  ['a token that is none', bytes('6503616263'), 4401],
  ['more than a frame may hold', new Uint8Array((8 << 20) + 1), 1009]
]

/** What is dropped, and leaves the socket open. @type {[string, Uint8Array][]} */
const IGNORED = [
  ['an unknown message type', bytes('c8010203')],
  ['an auth message', bytes('02000178')],
  ["a state of somebody else's", bytes('0109010905057b22612231')],
  ['a keepalive', bytes('010100')]
]

it('hostile frames close their sender alone, and honest rooms do not notice', async t => {
  const rooms = await Promise.all([server.create(SMALL), server.create(SMALL)])
  const honest = (await Promise.all(rooms.map(id => Promise.all(VERSIONS.map((version, n) =>
    guest(t, server, id, { version, user: `honest-${n}`, state: { name: version } })))))).flat()
  await Promise.all(honest.map(client => client.synced()))
  const pid = server.process?.pid
  let slowest = 0

  for (const role of /** @type {const} */ (['member', 'viewer'])) {
    for (const [name, frame, code] of CLOSED) {
      const hostile = await join(server, rooms[0] ?? '', {
        user: 'mallory', role, state: { name: 'Mallory' }, provider: { maxBackoffTime: 1e9 }
      })
      await hostile.synced()
      hostile.provider.shouldConnect = false
      for (const client of honest) client.nodes.get('Task_1')?.set('name', `${client.id} during ${name}`)
      hostile.sendRaw(frame)
      await until(`${name} closes its sender`, () => hostile.closes.length > 0, SOON)
      assert.equal(hostile.closes[0], code, `${name} as ${role}`)
      hostile.leave()
      const begun = performance.now()
      await Promise.all(honest.map(client => client.barrier()))
      slowest = Math.max(slowest, performance.now() - begun)
    }
    const odd = await guest(t, server, rooms[0] ?? '', { user: 'odd', role, state: { name: 'Odd' } })
    await odd.synced()
    for (const [name, frame] of IGNORED) {
      odd.sendRaw(frame)
      await odd.barrier()
      assert.deepEqual(odd.closes, [], `${name} as ${role}`)
    }
    odd.leave()
  }

  t.diagnostic(`slowest acknowledgement of ${honest.length} honest clients: ${slowest.toFixed(0)} ms`)
  assert.deepEqual(honest.map(client => [client.opened, client.closes]), honest.map(() => [1, []]))
  assert.equal(server.process?.pid, pid)
  assert.deepEqual(server.panics, [])
  for (const client of honest) assert.ok(!client.others.has(9), 'a foreign state came through')

  // The rooms can still be encoded, stored and loaded.
  await server.kill('SIGKILL')
  await server.launch()
  for (const [index, id] of rooms.entries()) {
    const fresh = await guest(t, server, id)
    await fresh.synced()
    const clients = honest.slice(index * VERSIONS.length, (index + 1) * VERSIONS.length)
    await until('all hold the same', () => same(fresh.doc, ...clients.map(client => client.doc)))
    assert.match(await server.xml(id), / during /)
  }
})
