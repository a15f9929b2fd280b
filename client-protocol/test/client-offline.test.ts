// A browser that goes away and comes back, against the real binary; IndexedDB is a stand-in.
import 'fake-indexeddb/auto'
import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import * as Y from 'yjs'
import { Server } from '../../tests/interop/lib/server.mjs'
import { browserCopies, carryRecords, createNode, type HistoryChange, NotSaved, nth } from '../src/index.ts'
import { becomes, reaches, read, visit, write } from './live/scene.ts'

const KEY = 'StartEvent_1'

async function scene(t: TestContext) {
  const server = await Server.start()
  t.after(() => server.stop())
  return { server, id: await server.create(), copies: browserCopies(`browser of: ${t.name}`) }
}

it('edits made offline survive a reload of the page, are counted, and are saved', async (t) => {
  const { server, id, copies } = await scene(t)
  const first = await visit(t, server, id, { copies })
  await first.ready
  await server.kill('SIGKILL')
  await reaches(first, 'offline')
  const before = Date.now()
  write(first.doc, KEY, 'name', 'first')
  write(first.doc, KEY, 'name', 'second')
  assert.deepEqual([first.saved.value.unsaved, first.saved.value.kept], [2, true])
  await first.close()

  const again = await visit(t, server, id, { copies })
  await again.ready
  assert.equal(again.connection.value.state, 'connecting', 'nothing but the copy is there')
  assert.equal(read(again.doc, KEY, 'name'), 'second')
  const { unsaved, since } = again.saved.value
  assert.equal(unsaved, 2)
  assert.ok(since && since >= before)
  assert.deepEqual(again.rights.value, { role: 'editor', readOnly: null })
  write(again.doc, KEY, 'name', 'third')
  await server.launch()
  await again.flush()
  assert.match(await server.xml(id), /name="third"/)
  await again.close()

  const clean = await visit(t, server, id, { copies })
  assert.equal(clean.saved.value.unsaved, 0)
  assert.equal(read(clean.doc, KEY, 'name'), 'third')
})

it('what was sent in the last moment of a page is saved, and known to be on the next visit', async (t) => {
  const { server, id, copies } = await scene(t)
  const ana = await visit(t, server, id, { copies })
  await ana.ready
  write(ana.doc, KEY, 'name', 'Pay')
  // Sent, and gone before the answer.
  await Promise.all([ana.close(), assert.rejects(ana.flush(), NotSaved)])
  const again = await visit(t, server, id, { copies })
  await again.flush()
  assert.match(await server.xml(id), /name="Pay"/)
  assert.equal(again.saved.value.unsaved, 0)
})

it('two windows of one browser keep and save what both edited offline', async (t) => {
  const { server, id, copies } = await scene(t)
  const [left, right] = await Promise.all([
    visit(t, server, id, { copies }),
    visit(t, server, id, { copies }),
  ])
  await Promise.all([left.ready, right.ready])
  await server.kill('SIGKILL')
  await Promise.all([reaches(left, 'offline'), reaches(right, 'offline')])
  write(left.doc, KEY, 'name', 'left')
  write(right.doc, `${KEY}_di`, '#b', '1 2 36 36')
  await Promise.all([left.close(), right.close()])
  await server.launch()
  const again = await visit(t, server, id, { copies })
  assert.equal(again.saved.value.unsaved, 2)
  await again.flush()
  const xml = await server.xml(id)
  assert.match(xml, /name="left"/)
  assert.match(xml, /x="1" y="2"/)
})

it('a node that stops for a restart loses nobody and nothing', async (t) => {
  const { server, id, copies } = await scene(t)
  const [ana, bob] = await Promise.all([
    visit(t, server, id, { copies }),
    visit(t, server, id, { user: 'bob' }),
  ])
  await Promise.all([ana.ready, bob.ready])
  const stopped = server.kill('SIGTERM')
  for (let i = 0; i < 20; i++) write(ana.doc, KEY, 'name', `edit ${i}`)
  assert.equal(await stopped, 0)
  await server.launch()
  await Promise.all([ana.flush(), reaches(bob, 'online')])
  await becomes('bob sees it', bob.document, (doc) => read(doc, KEY, 'name') === 'edit 19')
  await becomes('they see each other', bob.awareness.others, (others) => others.length === 1)
})

it('a diagram that was deleted leaves no copy behind', async (t) => {
  const { server, id, copies } = await scene(t)
  const ana = await visit(t, server, id, { copies })
  await ana.ready
  await server.request('DELETE', `/api/diagrams/${id}`)
  await reaches(ana, 'refused')
  await ana.close()
  const again = await visit(t, server, id, { copies })
  assert.equal(again.doc.getMap('nodes').size, 0)
})

/** The way into one diagram and, from the next fetch on, into another one under the same name: another history. */
function twoHistories(server: Server, ids: readonly [string, string]) {
  let turn = 0
  return async () => {
    const { url, token, role } = await server.collaborate(ids[turn] ?? '')
    turn = 1
    return { url, token, role: role as 'editor', expiresAt: new Date(0).toISOString() }
  }
}

it('unsaved edits are carried into another history of the diagram, and nothing is doubled', async (t) => {
  const { server, id, copies } = await scene(t)
  const next = await server.create()
  const told: HistoryChange[] = []
  const ana = await visit(t, server, id, {
    copies,
    access: twoHistories(server, [id, next]),
    carryOver: carryRecords,
    onHistoryChange: (change) => told.push(change),
  })
  await ana.ready
  const old = ana.doc
  await server.kill('SIGKILL')
  await reaches(ana, 'offline')
  write(ana.doc, KEY, 'name', 'mine')
  const flushed = ana.flush()
  await server.launch()
  await flushed
  assert.notEqual(ana.doc, old)
  assert.equal(read(ana.doc, KEY, 'name'), 'mine')
  assert.deepEqual(
    told.map(({ unsaved, carried }) => [unsaved, carried]),
    [[1, true]],
  )
  assert.match(await server.xml(next), /name="mine"/)
  assert.equal((await server.xml(next)).match(/<bpmn:startEvent/g)?.length, 1)
  assert.doesNotMatch(await server.xml(id), /name="mine"/)

  await ana.close()
  const { strays } = await copies.open('ana', id)
  assert.deepEqual(strays, [], 'the old copy is not needed any more')
})

it('what the other history has of its own stays, and clashes are told by element and field', async (t) => {
  const { server, id, copies } = await scene(t)
  const next = await server.create()
  const bob = await visit(t, server, next, { user: 'bob' })
  await bob.ready
  write(bob.doc, KEY, 'name', 'theirs')
  write(bob.doc, `${KEY}_di`, '#b', '7 8 36 36')
  await bob.flush()

  const told: HistoryChange[] = []
  const ana = await visit(t, server, id, {
    copies,
    access: twoHistories(server, [id, next]),
    carryOver: carryRecords,
    onHistoryChange: (change) => told.push(change),
  })
  await ana.ready
  await server.kill('SIGKILL')
  await reaches(ana, 'offline')
  write(ana.doc, KEY, 'name', 'mine')
  const order = nth(1)
  createNode(
    ana.doc,
    'Task_1',
    new Map([
      ['#t', 'bpmn:task'],
      ['#p', `${order} Process_1`],
      ['id', 'Task_1'],
    ]),
  )
  const flushed = ana.flush()
  await server.launch()
  await flushed
  assert.deepEqual(
    told[0]?.conflicts.map(({ element, kind }) => [element.id, kind]),
    [[KEY, 'field']],
  )
  const xml = await server.xml(next)
  assert.match(xml, /<bpmn:task id="Task_1" \/>/)
  assert.match(xml, /x="7" y="8"/)
})

it('edits that nobody carries over are kept, told, and carried on a later visit', async (t) => {
  const { server, id, copies } = await scene(t)
  const next = await server.create()
  const access = twoHistories(server, [id, next])
  const told: HistoryChange[] = []
  const onHistoryChange = (change: HistoryChange) => told.push(change)
  const ana = await visit(t, server, id, { copies, access, onHistoryChange })
  await ana.ready
  await server.kill('SIGKILL')
  await reaches(ana, 'offline')
  write(ana.doc, KEY, 'name', 'mine')
  const flushed = assert.rejects(ana.flush(), NotSaved)
  await server.launch()
  await flushed
  assert.deepEqual([ana.saved.value.unsaved, told.length, told[0]?.carried], [0, 1, false])
  assert.equal(read(told[0]?.old ?? new Y.Doc(), KEY, 'name'), 'mine')
  await ana.close()

  const again = await visit(t, server, id, { copies, access, onHistoryChange, carryOver: carryRecords })
  await becomes('it is carried over', again.document, () => told.length === 2)
  assert.equal(told[1]?.carried, true)
  await again.flush()
  assert.match(await server.xml(next), /name="mine"/)
})
