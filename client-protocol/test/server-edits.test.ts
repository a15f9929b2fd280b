// Which edits of others are the server's, and which of those is one's own restore.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as Y from 'yjs'
import { ServerEdits } from '../src/client/server-edits.ts'

/** A document that is followed, with what was told of it. */
function followed() {
  const doc = new Y.Doc()
  const told: boolean[] = []
  let own = 0
  const edits = new ServerEdits((sure) => told.push(sure))
  edits.follow(doc)
  doc.getMap('nodes').observe((_, transaction) => {
    if (edits.isOwn(transaction)) own += 1
  })
  return { doc, edits, told, own: () => own }
}

/** Somebody else edits, under this client id. */
function write(doc: Y.Doc, client: number, edit: (nodes: Y.Map<unknown>) => void): void {
  const other = new Y.Doc()
  Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
  other.clientID = client
  other.transact(() => edit(other.getMap('nodes')))
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(other, Y.encodeStateVector(doc)))
}

const SERVER = 2 ** 32 + 7

test('a save of the server is told, an edit of a person is not', () => {
  const { doc, told } = followed()
  doc.getMap('nodes').set('own', 1)
  write(doc, 12, (nodes) => nodes.set('theirs', 1))
  assert.deepEqual(told, [])
  write(doc, SERVER, (nodes) => nodes.set('saved', 1))
  assert.deepEqual(told, [true])
})

test('what only deletes may be the server’s', () => {
  const { doc, told } = followed()
  write(doc, 12, (nodes) => nodes.set('a', 1))
  write(doc, 13, (nodes) => nodes.delete('a'))
  assert.deepEqual(told, [false], 'nobody knows')
})

test('the restore that was asked for is one’s own, once, and is told to nobody', () => {
  const { doc, edits, told, own } = followed()
  edits.expect()
  doc.getMap('nodes').set('own', 1)
  write(doc, 12, (nodes) => nodes.set('theirs', 1))
  assert.equal(own(), 0)
  write(doc, SERVER, (nodes) => nodes.set('restored', 1))
  assert.deepEqual([own(), told.length], [1, 0])
  write(doc, SERVER, (nodes) => nodes.set('saved', 1))
  assert.deepEqual([own(), told.length], [1, 1])
})

test('a restore that changed nothing takes nobody’s save for one’s own', () => {
  const { doc, edits, told, own } = followed()
  edits.expect()
  edits.expectNone()
  write(doc, SERVER, (nodes) => nodes.set('saved', 1))
  assert.deepEqual([own(), told.length], [0, 1])
  edits.stop()
  write(doc, SERVER, (nodes) => nodes.set('later', 1))
  assert.equal(told.length, 1, 'not followed any more')
})
