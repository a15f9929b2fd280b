// The server goes and comes back on the same port: stock clients come back by themselves and lose nothing.
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { VERSIONS, same } from './lib/client.mjs'
import { guest, SMALL } from './lib/scene.mjs'
import { Server } from './lib/server.mjs'
import { until } from './lib/wait.mjs'

for (const signal of /** @type {const} */ (['SIGKILL', 'SIGTERM'])) {
  describe(`behind ${signal}`, async () => {
    const server = await Server.start()
    after(() => server.stop())

    it('all versions reconnect, bring what they edited meanwhile, and see each other', async t => {
      const id = await server.create(SMALL)
      const clients = await Promise.all(VERSIONS.map(version =>
        guest(t, server, id, { version, user: `user-${version}`, state: { name: version } })))
      await Promise.all(clients.map(client => client.synced()))
      for (const client of clients) client.nodes.get('Task_1')?.set(`online-${client.id}`, 'yes')
      await Promise.all(clients.map(client => client.barrier()))

      const code = await server.kill(signal)
      assert.equal(code, signal === 'SIGTERM' ? 0 : null)
      await until('all know', () => clients.every(client => client.closes.length > 0))
      if (signal === 'SIGTERM') {
        assert.deepEqual(clients.map(client => client.closes[0]), clients.map(() => 1012))
      }
      for (const client of clients) client.nodes.get('Task_1')?.set(`offline-${client.id}`, 'yes')
      await server.launch()

      await until('all are back', () => clients.every(client => client.provider.synced))
      await Promise.all(clients.map(client => client.stored()))
      await until('all hold the same', () => clients.every(client => same(client.doc, clients[0].doc)))
      const task = clients[0].nodes.get('Task_1')?.toJSON() ?? {}
      for (const client of clients) {
        assert.equal(task[`online-${client.id}`], 'yes')
        assert.equal(task[`offline-${client.id}`], 'yes')
      }
      await until('all see each other', () =>
        clients.every(client => clients.every(other => other === client ||
          client.others.get(other.id)?.name === other.version)))

      const fresh = await guest(t, server, id)
      await fresh.synced()
      assert.ok(same(fresh.doc, clients[0].doc))
      assert.deepEqual(server.panics, [])
    })
  })
}
