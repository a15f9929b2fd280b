// Who may do what, and what stock clients do when they may not any more.
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { VERSIONS } from './lib/client.mjs'
import { guest, SMALL } from './lib/scene.mjs'
import { Server } from './lib/server.mjs'
import { until } from './lib/wait.mjs'

const server = await Server.start()
after(() => server.stop())

VERSIONS.forEach((version, index) => describe(`y-websocket ${version}`, { concurrency: true }, () => {
  const next = /** @type {string} */ (VERSIONS[(index + 1) % VERSIONS.length])
  /** Only this one takes a close code of 4400 to 4499 for an answer. */
  const gives_up = version === '3.1.0'

  it('as a viewer sees edits and is seen, but changes nothing', async t => {
    const id = await server.create(SMALL)
    const viewer = await guest(t, server, id, {
      version, user: 'vic', role: 'viewer', state: { name: 'Vic' }
    })
    const editor = await guest(t, server, id, { version: next, state: { name: 'Ana' } })
    await Promise.all([viewer.synced(), editor.synced()])
    const before = await server.xml(id)

    viewer.nodes.get('Task_1')?.set('name', 'Vic was here')
    viewer.nodes.delete('Start_1')
    await assert.rejects(viewer.barrier(), { code: 1 })
    await until('the editor sees the viewer', () => editor.others.get(viewer.id)?.name === 'Vic')
    await editor.barrier()
    assert.equal(editor.nodes.get('Task_1')?.get('name'), undefined)
    assert.ok(editor.nodes.has('Start_1'))
    assert.equal(await server.xml(id), before)

    // A reconnect brings the viewer's copy again, by Step2.
    viewer.provider.disconnect()
    viewer.provider.connect()
    await viewer.synced()
    await assert.rejects(viewer.barrier(), { code: 1 })
    editor.nodes.get('End_1')?.set('name', 'Ana was here')
    await until('the viewer sees the edit', () => viewer.nodes.get('End_1')?.get('name') === 'Ana was here')
    await editor.barrier()
    assert.ok(editor.nodes.has('Start_1'))
    assert.match(await server.xml(id), /Ana was here/)
    assert.doesNotMatch(await server.xml(id), /Vic was here/)
    assert.deepEqual([viewer.closes.at(1), editor.closes.at(0)], [undefined, undefined])
  })

  it('is closed with 4401 when its token ends', async t => {
    const id = await server.create(SMALL)
    const token = await server.roomToken(id, '2s')
    const begun = performance.now()
    const client = await guest(t, server, id, { version, token })
    await client.synced()
    client.nodes.get('Task_1')?.set('name', 'in time')
    await client.barrier()
    await until('the token has ended', () => client.closes.length > 0)
    assert.equal(client.closes[0], 4401)
    assert.ok(performance.now() - begun > 500)
    client.nodes.get('Task_1')?.set('name', 'too late')
    await fate(client, gives_up, 4401)
    assert.match(await server.xml(id), /in time/)

    // A fresh token brings it back, with what it has edited meanwhile. Version 1 reads its parameters once.
    if (version === '1.5.4' || version === '2.1.0') return
    client.provider.params.token = (await server.collaborate(id)).token
    client.provider.connect()
    await client.synced()
    await client.stored()
    assert.match(await server.xml(id), /too late/)
  })

  it('stays beyond the end of its token when it refreshes in band', async t => {
    const id = await server.create(SMALL)
    const client = await guest(t, server, id, { version, token: await server.roomToken(id, '2s') })
    await client.synced()
    const invitation = await server.collaborate(id)
    client.refresh(invitation.token)
    await until('the token is taken', () => client.tokens.length > 0)
    assert.equal(Date.parse(client.tokens[0] ?? ''), Date.parse(invitation.expiresAt))
    await delay(2500)
    client.nodes.get('Task_1')?.set('name', 'still here')
    await client.barrier()
    assert.deepEqual([client.opened, client.closes], [1, []])
  })

  it('becomes a viewer by the token that it shows', async t => {
    const id = await server.create(SMALL)
    const client = await guest(t, server, id, { version })
    await client.synced()
    client.refresh(await server.roomToken(id, '1h', { role: 'viewer' }))
    await until('the token is taken', () => client.tokens.length > 0)
    client.nodes.get('Task_1')?.set('name', 'not any more')
    await assert.rejects(client.barrier(), { code: 1 })
    assert.deepEqual(client.closes, [])
  })

  it('is closed with 4404 when its diagram is deleted', async t => {
    const id = await server.create(SMALL)
    const client = await guest(t, server, id, { version })
    await client.synced()
    const answer = await server.request('DELETE', `/api/diagrams/${id}`)
    assert.equal(answer.status, 204)
    await until('the socket is closed', () => client.closes.length > 0)
    assert.equal(client.closes[0], 4404)
    await fate(client, gives_up, 4404)
  })

  it("is closed with 4403 with another diagram's token and with 4401 with none", async t => {
    const [id, other] = await Promise.all([server.create(SMALL), server.create(SMALL)])
    const { token } = await server.collaborate(other)
    for (const [shown, code] of /** @type {[string, number][]} */ ([[token, 4403], ['rubbish', 4401]])) {
      const client = await guest(t, server, id, { version, token: shown })
      await until('the socket is closed', () => client.closes.length > 0)
      assert.equal(client.closes[0], code)
      assert.equal(client.nodes.size, 0)
      await fate(client, gives_up, code)
      client.leave()
    }
  })
}))

/**
 * What a provider does behind a permanent close: 3.1.0 stops; the older ones come back for ever, and
 * are soon answered before the upgrade, so that they slow down to one attempt in 2.5 s.
 * @param {import('./lib/client.mjs').Client} client
 * @param {boolean} gives_up
 * @param {number} code
 */
async function fate (client, gives_up, code) {
  if (gives_up) {
    assert.equal(client.provider.shouldConnect, false)
    return
  }
  await until('the provider slows down', () => client.provider.wsUnsuccessfulReconnects >= 3)
  const upgraded = client.closes.filter(closed => closed === code).length
  assert.ok(upgraded >= 1 && upgraded <= 5, `${upgraded} sockets were opened and closed with ${code}`)
}
