import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as Y from 'yjs'
import type { Fields, Value } from '../src/document/index.ts'
import * as document from '../src/document/index.ts'
import { write } from '../src/document/json.ts'

const { readNode, readRecords, setField } = document

/** Fields of their JSON. */
function fieldsOf(fields: Record<string, Value>): Fields {
  return new Map(Object.entries(fields))
}

/** A process `p` with a task `t` and a sub-process `s`. */
function seeded(): Y.Doc {
  const doc = new Y.Doc()
  const records = document.noRecords()
  records.meta.set('v', '1')
  records.ns.set('bpmn', { uri: 'http://www.omg.org/spec/BPMN/20100524/MODEL', atRoot: true, prefix: '' })
  records.nodes.set('d', fieldsOf({ '#t': 'bpmn:definitions', '#p': 'a0 #', id: 'd' }))
  records.nodes.set('p', fieldsOf({ '#t': 'bpmn:process', '#p': 'a0 d', id: 'p' }))
  records.nodes.set('t', fieldsOf({ '#t': 'bpmn:task', '#p': 'a0 p', id: 't', name: 'a' }))
  records.nodes.set('s', fieldsOf({ '#t': 'bpmn:subProcess', '#p': 'a1 p', id: 's' }))
  doc.transact(() => document.writeRecords(doc, records))
  assert.deepEqual(readRecords(doc), records)
  return doc
}

/** The node `t` after somebody wrote raw values into it. */
function tampered(values: Record<string, unknown>): Fields {
  const doc = seeded()
  const node = doc.getMap('nodes').get('t') as Y.Map<unknown>
  for (const [field, value] of Object.entries(values)) node.set(field, value)
  return readNode(doc, 't') ?? new Map()
}

function sync(from: Y.Doc, to: Y.Doc): void {
  Y.applyUpdate(to, Y.encodeStateAsUpdate(from))
}

test('an empty document has no records', () => {
  assert.deepEqual(readRecords(new Y.Doc()), document.noRecords())
})

test('a later write stands over one field, and null removes it', () => {
  const fields = tampered({ name: 'b', id: null, default: ['s'] })
  assert.deepEqual(fields, fieldsOf({ '#t': 'bpmn:task', '#p': 'a0 p', name: 'b', default: ['s'] }))
})

test('N0: a value of another kind is absent', () => {
  const kinds = {
    name: 5,
    id: ['a', 1],
    a: { b: 'c' },
    b: true,
    c: new Y.Map(),
    d: new Y.Array(),
    e: new Y.Text('x'),
  }
  assert.deepEqual([...tampered({ ...kinds, f: new Uint8Array(1) }).keys()].sort(), ['#p', '#t'])
})

test('N0: a record at creation that is no JSON object counts for nothing', () => {
  for (const created of ['not json', '[]', '{"#t":"a"} behind', { '#t': 'bpmn:task' }]) {
    assert.deepEqual(tampered({ '#0': created, name: 'still' }), fieldsOf({ name: 'still' }))
  }
  assert.deepEqual(tampered({ '#0': '{"#0":"x","y":"z"}' }), fieldsOf({ y: 'z' }))
})

test('N0: characters that XML lacks become U+FFFD', () => {
  assert.equal(tampered({ name: 'a\0\uFFFFb\n' }).get('name'), 'a\uFFFD\uFFFDb\n')
  assert.equal(tampered({ '#0': '{"id":"\\ud800\\u0001"}' }).get('id'), '\uFFFD\uFFFD')
  assert.equal(tampered({ name: 'half \ud83d' }).get('name'), 'half \uFFFD')
})

test('N0: a changed tag stays known, a changed parent until it is changed back', () => {
  const doc = seeded()
  const origin = () => [readNode(doc, 't')?.get('#t0'), readNode(doc, 't')?.get('#p0')]
  setField(doc, 't', '#t', 'bpmn:userTask')
  setField(doc, 't', '#p', 'a0 s')
  assert.deepEqual(origin(), ['bpmn:task', 'p'])
  const rebuilt = new Y.Doc()
  document.writeRecords(rebuilt, readRecords(doc))
  assert.deepEqual(readRecords(rebuilt), readRecords(doc), 'also in a rebuilt document')
  setField(doc, 't', '#t', 'bpmn:task')
  setField(doc, 't', '#p', 'zz p')
  assert.deepEqual(origin(), ['bpmn:task', undefined])
  assert.equal(
    tampered({ '#t0': 'bpmn:lane', '#p0': 'x' }).get('#t0'),
    undefined,
    'nobody writes it over a record',
  )
})

test('N0: roots and entries of another kind are absent', () => {
  const doc = new Y.Doc()
  doc.getMap('nodes').set('a', 'no map')
  doc.getMap('nodes').set('b', new Y.Array())
  doc.getMap('meta').set('title', 5)
  doc.getMap('meta').set('v', '1')
  const ns = doc.getMap('ns')
  ns.set('ok', ['urn:x', '1', ''])
  const odd = {
    flag: ['urn:x', '2'],
    number: ['urn:x', 1],
    short: ['urn:x'],
    long: ['u', '1', 'p', 'q'],
    text: 'u',
  }
  for (const [alias, value] of Object.entries(odd)) ns.set(alias, value)
  doc.getArray('ao')
  const expected = document.noRecords()
  expected.meta.set('v', '1')
  expected.ns.set('ok', { uri: 'urn:x', atRoot: true, prefix: '' })
  assert.deepEqual(readRecords(doc), expected)
})

test('edits that change nothing write nothing', () => {
  const doc = seeded()
  const before = Y.encodeStateVector(doc)
  assert.ok(!setField(doc, 't', 'name', 'a'))
  assert.ok(!setField(doc, 'gone', 'name', 'a'))
  assert.ok(!document.removeField(doc, 't', 'default'))
  assert.ok(!document.createNode(doc, 't', new Map()))
  assert.ok(!document.deleteNode(doc, 'gone'))
  assert.ok(!document.setMeta(doc, 'v', '1'))
  const bpmn = readRecords(doc).ns.get('bpmn')
  assert.ok(bpmn && !document.setNamespace(doc, 'bpmn', bpmn))
  assert.deepEqual(Y.encodeStateVector(doc), before)
})

test('edits do what they say', () => {
  const doc = seeded()
  assert.ok(document.createNode(doc, 'n', fieldsOf({ '#t': 'bpmn:task', '#p': 'b0 p' })))
  assert.ok(setField(doc, 'n', 'id', 'n'))
  assert.ok(setField(doc, 'n', 'default', ['s']))
  assert.ok(setField(doc, 'n', 'default', ['t']))
  assert.ok(document.removeField(doc, 'n', 'id'))
  assert.ok(document.deleteNode(doc, 't'))
  assert.ok(document.setMeta(doc, 'title', 'T'))
  assert.ok(document.setAttributeOrder(doc, 'bpmn:task', 'name id'))
  assert.ok(document.setNamespace(doc, 'x', { uri: 'urn:x', atRoot: false }))
  const { nodes, meta, ao, ns } = readRecords(doc)
  assert.deepEqual(nodes.get('n'), fieldsOf({ '#t': 'bpmn:task', '#p': 'b0 p', default: ['t'] }))
  assert.ok(!nodes.has('t'))
  assert.deepEqual([meta.get('title'), ao.get('bpmn:task')], ['T', 'name id'])
  assert.deepEqual(ns.get('x'), { uri: 'urn:x', atRoot: false })
})

test('a node costs one map and one string', () => {
  const doc = seeded()
  const node = doc.getMap('nodes').get('t') as Y.Map<unknown>
  assert.deepEqual(node.toJSON(), { '#0': write(readNode(doc, 't') ?? []) })
})

test('concurrent edits of two fields both stay', () => {
  const [a, b] = [seeded(), new Y.Doc()]
  sync(a, b)
  setField(a, 't', 'name', 'from a')
  setField(b, 't', '#p', 'a0 s')
  sync(a, b)
  sync(b, a)
  assert.deepEqual(readRecords(a), readRecords(b))
  assert.deepEqual([readNode(a, 't')?.get('name'), readNode(a, 't')?.get('#p')], ['from a', 'a0 s'])
})
