// Own whereabouts at a bounded rate, and the others over reconnects and new documents.
import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import * as Y from 'yjs'
import { Awareness } from '../src/client/awareness.ts'
import { AWARENESS_EVERY_MS } from '../src/client/limits.ts'

function person(t: TestContext, name: string, doc = new Y.Doc()) {
  const awareness = new Awareness(doc, { id: name, name, color: '#112233' })
  t.after(() => awareness.leave())
  return awareness
}

it('a hand that moves all the time is sent 20 times a second, and its last place always', (t) => {
  let now = 0
  t.mock.method(performance, 'now', () => now)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const [ana, bob] = [person(t, 'ana'), person(t, 'bob')]
  let states = 0
  ana.connected((update) => {
    states += 1
    bob.receive(update)
  })
  for (let x = 1; x <= 1_000; x++) {
    ana.show({ cursor: { x, y: 0 } })
    now += 1
    t.mock.timers.tick(1)
  }
  assert.ok(states <= 1_000 / AWARENESS_EVERY_MS + 2, `${states} states`)
  now += AWARENESS_EVERY_MS
  t.mock.timers.tick(AWARENESS_EVERY_MS)
  assert.deepEqual(bob.others.value[0]?.cursor, { x: 1_000, y: 0 })
})

it('what is shown of oneself stays until it is taken away', (t) => {
  const ana = person(t, 'ana')
  ana.show({ selection: ['Task_1'], cursor: { x: 1, y: 1 } })
  ana.show({ cursor: undefined })
  assert.deepEqual(ana.here, { selection: ['Task_1'] })
})

it('without a connection nobody is seen; behind it the server tells anew, under other clocks', (t) => {
  const [ana, bob] = [person(t, 'ana'), person(t, 'bob')]
  bob.connected((update) => ana.receive(update))
  assert.equal(ana.others.value.length, 1)
  ana.disconnected()
  assert.equal(ana.others.value.length, 0)
  bob.connected((update) => ana.receive(update))
  assert.equal(ana.others.value[0]?.user.name, 'bob')
})

it('a hidden page, whose timers sleep, stays seen: what the server says renews its state', (t) => {
  // y-protocols keeps the true clock, so the made-up one starts there.
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() })
  const ana = person(t, 'ana')
  let states = 0
  ana.connected(() => states++)
  const keepalive = Uint8Array.of(0)
  t.mock.timers.tick(10_000)
  ana.receive(keepalive)
  assert.equal(states, 1)
  t.mock.timers.tick(10_000)
  ana.receive(keepalive)
  assert.equal(states, 2)
})

it('in another document a person is there under its client id, with the same whereabouts', (t) => {
  const [ana, bob] = [person(t, 'ana'), person(t, 'bob')]
  const next = new Y.Doc()
  ana.show({ selection: ['Task_1'] })
  ana.move(next)
  ana.connected((update) => bob.receive(update))
  assert.deepEqual(bob.others.value, [
    { client: next.clientID, user: { id: 'ana', name: 'ana', color: '#112233' }, selection: ['Task_1'] },
  ])
})

it('somebody who did not change stays the same object', (t) => {
  const [ana, bob, cid] = [person(t, 'ana'), person(t, 'bob'), person(t, 'cid')]
  bob.connected((update) => ana.receive(update))
  const seen = ana.others.value[0]
  cid.connected((update) => ana.receive(update))
  assert.equal(ana.others.value.length, 2)
  assert.ok(ana.others.value.some((person) => person === seen))
})
