// Who is here: joins, changes and ends are seen at once, and a reconnect never makes anybody vanish.
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { VERSIONS } from './lib/client.mjs'
import { gateway, guest, SMALL } from './lib/scene.mjs'
import { Server } from './lib/server.mjs'
import { until } from './lib/wait.mjs'

const server = await Server.start()
after(() => server.stop())

/** Below any timer of a client (3 s at least) or the server (45 s): what is seen by then was announced. */
const AT_ONCE = 2500

VERSIONS.forEach((version, index) => describe(`y-websocket ${version}`, { concurrency: true }, () => {
  const next = /** @type {string} */ (VERSIONS[(index + 1) % VERSIONS.length])
  /** @param {any} t @param {string} id @param {object} [more] */
  const ana = (t, id, more) =>
    guest(t, server, id, { version, user: 'ana', state: { name: 'Ana' }, ...more })
  /** @param {any} t @param {string} id @param {object} [more] */
  const bob = (t, id, more) =>
    guest(t, server, id, { version: next, user: 'bob', state: { name: 'Bob' }, ...more })

  it('is seen by others when it joins, moves and leaves', async t => {
    const id = await server.create(SMALL)
    const b = await (await bob(t, id)).synced()
    const a = await (await ana(t, id)).synced()
    await until('Bob sees Ana', () => b.others.get(a.id)?.name === 'Ana', AT_ONCE)
    await until('Ana sees Bob', () => a.others.get(b.id)?.name === 'Bob', AT_ONCE)
    for (let x = 0; x <= 30; x++) a.awareness.setLocalStateField('cursor', { x })
    await until('Bob sees where Ana is', () => b.others.get(a.id)?.cursor?.x === 30, AT_ONCE)
    a.leave()
    await until('Bob sees that Ana left', () => !b.others.has(a.id), AT_ONCE)
    assert.deepEqual(b.closes, [])
  })

  it('is seen to leave when its connection breaks without a good-bye', async t => {
    const id = await server.create(SMALL)
    const gate = await gateway(t, server)
    const b = await (await bob(t, id)).synced()
    const a = await (await ana(t, id, { gate })).synced()
    await until('Bob sees Ana', () => b.others.has(a.id), AT_ONCE)
    gate.shut()
    await until('Bob sees that Ana left', () => !b.others.has(a.id), AT_ONCE)
  })

  it('may hide and come back', async t => {
    const id = await server.create(SMALL)
    const b = await (await bob(t, id)).synced()
    const a = await (await ana(t, id)).synced()
    await until('Bob sees Ana', () => b.others.has(a.id), AT_ONCE)
    a.awareness.setLocalState(null)
    await until('Bob sees that Ana hid', () => !b.others.has(a.id), AT_ONCE)
    a.awareness.setLocalState({ name: 'Ana again' })
    await until('Bob sees Ana again', () => b.others.get(a.id)?.name === 'Ana again', AT_ONCE)
  })

  it('sees who was there before it, again after each reconnect', async t => {
    const id = await server.create(SMALL)
    const b = await (await bob(t, id)).synced()
    const a = await (await ana(t, id)).synced()
    for (let round = 0; round < 3; round++) {
      await until('Ana sees Bob', () => a.others.get(b.id)?.name === 'Bob', AT_ONCE)
      await until('Bob sees Ana', () => b.others.get(a.id)?.name === 'Ana', AT_ONCE)
      a.provider.disconnect()
      await until('Bob sees that Ana left', () => !b.others.has(a.id), AT_ONCE)
      await until('Ana sees nobody', () => a.others.size === 0, AT_ONCE)
      a.provider.connect()
    }
  })

  it('never gets its own state back', async t => {
    const id = await server.create(SMALL)
    const b = await (await bob(t, id)).synced()
    const a = await (await ana(t, id)).synced()
    /** @type {unknown[]} */
    const foreign = []
    a.awareness.on('update', (/** @type {any} */ change, /** @type {unknown} */ origin) => {
      const all = [...change.added, ...change.updated, ...change.removed]
      if (origin === a.provider && all.includes(a.id)) foreign.push(change)
    })
    // Both move, so that both states are in the server's frames, and stock clients relay each other's.
    for (let x = 0; x <= 40; x++) {
      a.awareness.setLocalStateField('x', x)
      b.awareness.setLocalStateField('x', x)
      await Promise.all([a.barrier(), b.barrier()])
    }
    await until('Ana sees where Bob is', () => a.others.get(b.id)?.x === 40, AT_ONCE)
    await until('Bob sees where Ana is', () => b.others.get(a.id)?.x === 40, AT_ONCE)
    assert.deepEqual(foreign, [])
    assert.equal(a.awareness.getLocalState().x, 40)
  })

  it('stays visible when it reconnects while its old connection is half open', async t => {
    const id = await server.create(SMALL)
    const gate = await gateway(t, server)
    const b = await (await bob(t, id)).synced()
    const a = await (await ana(t, id, { gate })).synced()
    await until('Bob sees Ana', () => b.others.get(a.id)?.name === 'Ana', AT_ONCE)
    const seen = b.watchAwareness()

    const old = gate.passages[0]
    old?.cutClient()
    await until('Ana is back', () => a.opened === 2 && a.provider.synced)
    a.awareness.setLocalStateField('back', true)
    await until('Bob sees that Ana is back', () => b.others.get(a.id)?.back === true, AT_ONCE)

    // The server learns only now that the old connection is over; somebody else's end behind it
    // shows when it has dealt with that.
    old?.cutServer()
    const marker = await (await guest(t, server, id, { user: 'eve', state: { name: 'Eve' } })).synced()
    await until('Bob sees Eve', () => b.others.has(marker.id), AT_ONCE)
    marker.leave()
    await until('Bob sees that Eve left', () => !b.others.has(marker.id), AT_ONCE)
    assert.ok(!seen.removed.includes(a.id), 'the old end announced an end')
    assert.equal(b.others.get(a.id)?.back, true)
    a.awareness.setLocalStateField('still', true)
    await until('Bob sees Ana move', () => b.others.get(a.id)?.still === true, AT_ONCE)
  })

  it('keeps its state when another tab of the same user, which shows none, repeats it', async t => {
    const id = await server.create(SMALL)
    const a = await (await ana(t, id)).synced()
    // A stock client sends on what it sees of others, and this one has nothing of its own to send first.
    const tab = await (await ana(t, id, { state: null })).synced()
    await until('the tab sees Ana', () => tab.others.has(a.id), AT_ONCE)
    await tab.barrier()
    const b = await (await bob(t, id)).synced()
    for (let x = 0; x <= 20; x++) {
      a.awareness.setLocalStateField('x', x)
      await a.barrier()
      await tab.barrier()
      assert.equal(a.awareness.getLocalState().x, x)
    }
    await until('Bob sees where Ana is', () => b.others.get(a.id)?.x === 20, AT_ONCE)
    const seen = b.watchAwareness()
    tab.leave()
    const marker = await (await guest(t, server, id, { user: 'eve', state: { name: 'Eve' } })).synced()
    await until('Bob sees Eve', () => b.others.has(marker.id), AT_ONCE)
    assert.ok(!seen.removed.includes(a.id), 'the tab took Ana along')
    assert.equal(b.others.get(a.id)?.x, 20)
  })

  it('is seen when it shows itself late, after it has seen somebody leave', async t => {
    const id = await server.create(SMALL)
    const a = await (await ana(t, id, { state: null })).synced()
    const c = await (await guest(t, server, id, { user: 'eve', state: { name: 'Eve' } })).synced()
    await until('Ana sees Eve', () => a.others.has(c.id), AT_ONCE)
    c.leave()
    await until('Ana sees that Eve left', () => !a.others.has(c.id), AT_ONCE)
    await a.barrier()
    const b = await (await bob(t, id)).synced()
    a.awareness.setLocalState({ name: 'Ana' })
    await until('Bob sees Ana', () => b.others.get(a.id)?.name === 'Ana', AT_ONCE)
    assert.ok(!b.others.has(c.id))
  })
}))
