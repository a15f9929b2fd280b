// One socket's conversation, with a server that the test plays.
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import { Awareness } from '../src/client/awareness.ts'
import * as limits from '../src/client/limits.ts'
import { Saves } from '../src/client/saves.ts'
import { Session } from '../src/client/session.ts'
import * as wire from '../src/client/wire.ts'

/** Names of frames that a client sends. */
const NAMES: Record<string, string> = {
  '0 0': 'Step1',
  '0 1': 'Step2',
  '0 2': 'Update',
  '1': 'Awareness',
  '102': 'Barrier',
}

function scene(t: TestContext) {
  const doc = new Y.Doc()
  const server = new Y.Doc()
  const saves = new Saves()
  const awareness = new Awareness(doc, { id: 'ana', name: 'Ana', color: '#aa0044' })
  const frames: Uint8Array[] = []
  const calls = { synced: 0, saved: [] as number[], roles: [] as string[] }
  const session = new Session(doc, saves, awareness, (frame) => frames.push(frame), {
    synced: () => void calls.synced++,
    saved: (edit) => void calls.saved.push(edit),
    roleChanged: (role) => void calls.roles.push(role),
  })
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin === session) return
    saves.edit(Date.now())
    session.edited(update)
  })
  t.after(() => {
    session.end()
    saves.end()
    awareness.leave()
  })
  const edit = (value: unknown) => doc.getMap('nodes').set('a', value)
  /** What was sent since the last look, by name. */
  const sent = () =>
    frames.splice(0).map((frame) => {
      const [type = 0, step] = frame
      if (type === 0 && step !== 0) Y.applyUpdate(server, frame.subarray(frame.length - bodyLength(frame)))
      return NAMES[type === 0 ? `0 ${step}` : `${type}`] ?? `${type}`
    })
  let answered = 0
  return {
    doc,
    server,
    saves,
    session,
    calls,
    edit,
    sent,
    asks: () => session.receive(wire.step1(Y.encodeStateVector(server))),
    answers: () => session.receive(wire.step2(Y.encodeStateAsUpdate(server, Y.encodeStateVector(doc)))),
    returns: () => session.receive(wire.barrier(++answered)),
    refuses: (code: number) => session.receive(refused(++answered, code)),
    saysRole: (role: string) => session.receive(message(104, role)),
  }
}

/** The length of the body of a sync frame: all behind two bytes and its own length. */
function bodyLength(frame: Uint8Array): number {
  let at = 2
  while ((frame[at] ?? 0) >= 0x80) at++
  return frame.length - at - 1
}

function message(type: number, text: string): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, type)
    encoding.writeVarString(encoder, text)
  })
}

function refused(barrier: number, code: number): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, 103)
    encoding.writeVarUint8Array(encoder, Uint8Array.of(barrier))
    encoding.writeVarUint(encoder, code)
    encoding.writeVarString(encoder, 'a reason')
  })
}

describe('a session', () => {
  it('opens with Step1 and its own state, and answers the server with all that was edited before', (t) => {
    const s = scene(t)
    s.edit(1)
    s.session.start()
    s.edit(2)
    assert.deepEqual(s.sent(), ['Step1', 'Awareness'], 'edits wait for the question')
    s.asks()
    assert.deepEqual(s.sent(), ['Step2', 'Barrier'])
    assert.equal(s.server.getMap('nodes').get('a'), 2)
    s.returns()
    assert.deepEqual([s.saves.state.value.unsaved, s.calls.saved], [0, [2]])
  })

  it('sends each edit when it is made, and one barrier for all that were made while another was on its way', (t) => {
    const s = scene(t)
    s.session.start()
    s.asks()
    s.sent()
    s.edit(1)
    assert.deepEqual(s.sent(), ['Update', 'Barrier'])
    s.edit(2)
    s.edit(3)
    assert.deepEqual(s.sent(), ['Update', 'Update'])
    s.returns()
    assert.deepEqual(s.sent(), ['Barrier'])
    s.returns()
    assert.deepEqual([s.calls.saved, s.sent()], [[1, 3], []])
  })

  it('is synced once, when Step2 has come', (t) => {
    const s = scene(t)
    s.server.getMap('nodes').set('b', 1)
    s.session.start()
    s.session.receive(wire.update(Y.encodeStateAsUpdate(s.server)))
    assert.equal(s.calls.synced, 0)
    s.answers()
    s.answers()
    assert.equal(s.calls.synced, 1)
    assert.equal(s.doc.getMap('nodes').get('b'), 1)
    assert.equal(s.saves.state.value.unsaved, 0, 'what others did is no edit')
  })

  it('survives an error of somebody who watches the document, and does not hide it', (t) => {
    const s = scene(t)
    const later = t.mock.method(globalThis, 'queueMicrotask', () => {})
    s.server.getMap('nodes').set('b', 1)
    s.doc.getMap('nodes').observe(() => {
      throw new Error('of the page')
    })
    s.session.start()
    s.answers()
    assert.equal(s.calls.synced, 1)
    assert.throws(() => later.mock.calls[0]?.arguments[0]?.(), /of the page/)
  })
})

describe('a refused barrier', () => {
  it('behind a gap is asked again once the server got what it missed', (t) => {
    const s = scene(t)
    s.session.start()
    s.asks()
    s.edit(1)
    s.sent()
    s.asks()
    assert.deepEqual(s.sent(), ['Step2'])
    s.refuses(2)
    assert.deepEqual(s.sent(), ['Barrier'])
    s.returns()
    assert.deepEqual([s.saves.state.value.unsaved, s.saves.state.value.problem], [0, null])
  })

  it('that comes before the question behind a gap is asked again by the answer', (t) => {
    const s = scene(t)
    s.session.start()
    s.asks()
    s.edit(1)
    s.sent()
    s.refuses(2)
    assert.deepEqual(s.sent(), [])
    s.asks()
    assert.deepEqual(s.sent(), ['Step2', 'Barrier'])
  })

  it('of a viewer says so, and sends nothing by itself', (t) => {
    const s = scene(t)
    s.session.start()
    s.asks()
    s.edit(1)
    s.sent()
    s.refuses(1)
    assert.deepEqual([s.saves.state.value.problem, s.calls.roles, s.sent()], ['read only', ['viewer'], []])
    s.session.resend()
    assert.deepEqual(s.sent(), ['Step2', 'Barrier'])
  })

  it('of rights may be told before any edit: a role that nobody knows gives none', (t) => {
    const s = scene(t)
    s.session.start()
    for (const role of ['viewer', 'editor', 'a role of tomorrow']) s.saysRole(role)
    assert.deepEqual(s.calls.roles, ['viewer', 'editor', 'viewer'])
    assert.equal(s.saves.state.value.problem, null)
  })

  it('of a document that is too large is tried again with the next edit, as a whole', (t) => {
    const s = scene(t)
    s.session.start()
    s.asks()
    s.edit('x'.repeat(1_000))
    s.sent()
    s.refuses(3)
    assert.deepEqual([s.saves.state.value.problem, s.sent()], ['too large', []])
    s.doc.getMap('nodes').delete('a')
    assert.deepEqual(s.sent(), ['Step2', 'Barrier'])
    s.returns()
    assert.deepEqual([s.saves.state.value.unsaved, s.saves.state.value.problem], [0, null])
  })

  it('of a store that is away is tried again after waits that double', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const s = scene(t)
    s.session.start()
    s.asks()
    s.edit(1)
    s.sent()
    for (const wait of [limits.STORE_RETRY_MS, 2 * limits.STORE_RETRY_MS]) {
      s.refuses(4)
      assert.equal(s.saves.state.value.problem, 'not stored')
      t.mock.timers.tick(wait - 1)
      assert.deepEqual(s.sent(), [])
      t.mock.timers.tick(1)
      assert.deepEqual(s.sent(), ['Step2', 'Barrier'])
    }
    s.returns()
    assert.equal(s.saves.state.value.problem, null)
  })
})

it('an edit that no message can hold is not sent, and not called saved by a later barrier', (t) => {
  const s = scene(t)
  s.session.start()
  s.asks()
  s.sent()
  s.edit('x'.repeat(limits.MESSAGE_BYTES))
  s.doc.getMap('nodes').set('b', 1)
  assert.deepEqual([s.saves.state.value.problem, s.saves.state.value.unsaved, s.sent()], ['too large', 2, []])
  s.doc.getMap('nodes').delete('a')
  assert.deepEqual(s.sent(), ['Step2', 'Barrier'])
  assert.equal(s.server.getMap('nodes').get('b'), 1)
})
