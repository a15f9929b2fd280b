// 35 s without a word from anybody: stock providers give up at 30 s unless the server says something.
import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { VERSIONS } from './lib/client.mjs'
import { guest, SMALL } from './lib/scene.mjs'
import { Server } from './lib/server.mjs'
import { until } from './lib/wait.mjs'

const server = await Server.start()
after(() => server.stop())

it('a client that nobody speaks to stays connected, and edits in a room that went quiet', async t => {
  // Each alone in a room, without a state of its own: awareness renews nothing.
  const lonely = await Promise.all(VERSIONS.map(async version =>
    guest(t, server, await server.create(SMALL), { version, state: null })))
  // And two in one room, whose states the providers renew each 15 s.
  const shared = await server.create(SMALL)
  const pair = await Promise.all([
    guest(t, server, shared, { state: { name: 'Ana' } }),
    guest(t, server, shared, { user: 'bob', version: '1.5.4', state: { name: 'Bob' } })
  ])
  const all = [...lonely, ...pair]
  await Promise.all(all.map(client => client.synced()))
  const seen = pair[0].watchAwareness()
  await delay(36_000)
  assert.deepEqual(all.map(client => [client.opened, client.closes]), all.map(() => [1, []]))
  assert.deepEqual(seen.removed, [])
  assert.equal(pair[0].others.get(pair[1].id)?.name, 'Bob')
  for (const client of all) client.nodes.get('Task_1')?.set('name', `awake ${client.id}`)
  await Promise.all(all.map(client => client.barrier()))
  await until('both hold the last name', () =>
    pair[0].nodes.get('Task_1')?.get('name') === pair[1].nodes.get('Task_1')?.get('name'))
})
