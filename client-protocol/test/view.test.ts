// What a view tells beyond the XML that the golden cases hold: keys, targets, layout, and that it is total.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  findings,
  materialise,
  project,
  type Records,
  type ShownNode,
  type Value,
} from '../src/document/index.ts'
import { cases } from './vectors.ts'

/** The diagram that the golden cases start from. */
function sample(): Records {
  const found = cases().find(({ name }) => name === 'import-base')?.records
  assert.ok(found)
  return found
}

function shown(records: Records, key: string): ShownNode {
  const node = project(records).nodes.get(key)
  assert.ok(node, `${key} is shown`)
  return node
}

function put(records: Records, key: string, fields: Record<string, Value>): void {
  records.nodes.set(key, new Map([...(records.nodes.get(key) ?? []), ...Object.entries(fields)]))
}

test('nodes stand in document order, a parent before its children', () => {
  const { root, top, nodes } = project(sample())
  assert.deepEqual([root, top], ['Definitions_1', ['Definitions_1']])
  const keys = [...nodes.keys()]
  assert.deepEqual(keys.slice(0, 4), ['Definitions_1', 'Message_1', 'Collaboration_1', 'Participant_1'])
  for (const { key, parent, children } of nodes.values()) {
    assert.ok(parent === '#' || keys.indexOf(parent) < keys.indexOf(key))
    for (const child of children) assert.equal(nodes.get(child)?.parent, key)
  }
  assert.equal(nodes.size, sample().nodes.size, 'nothing is wrong, so nothing is hidden')
})

test('a reference shows an id and tells the key', () => {
  const records = sample()
  put(records, 'Start_1', { id: 'Renamed' })
  const source = shown(records, 'Flow_1').attributes.get('sourceRef')
  assert.deepEqual([source?.value, source?.target], ['Renamed', 'Start_1'])
  assert.equal(shown(records, 'Start_1').id, 'Renamed')
})

test('attributes are named by namespace and stand in their order', () => {
  const { attributes, name } = shown(sample(), 'Task_1')
  assert.deepEqual([...attributes.keys()], ['id', 'name', 'implementation', 'default'])
  assert.deepEqual(name, {
    alias: 'bpmn',
    local: 'userTask',
    uri: 'http://www.omg.org/spec/BPMN/20100524/MODEL',
  })
  assert.deepEqual(attributes.get('id')?.name, { alias: '', local: 'id', uri: '' })
})

test('an alias that everybody knows is the alias that the document has for its namespace', () => {
  const records = sample()
  const dc = records.ns.get('dc')
  assert.ok(dc)
  records.ns.delete('dc')
  records.ns.set('omgdc', dc)
  put(records, '~b', { '#t': 'dc:Bounds', '#p': 'a0 Start_1_di' })
  put(records, 'Start_1_di', { '#b': 'none' })
  assert.equal(shown(records, '~b').name?.alias, 'omgdc')
  assert.match(materialise(records), /<omgdc:Bounds\/>/)
})

test('geometry and lists are fields of their nodes', () => {
  const records = sample()
  assert.deepEqual(
    [shown(records, 'Task_1_di').bounds, shown(records, 'Task_1_di').label],
    ['100 0.50 100 80', ''],
  )
  assert.equal(shown(records, 'Flow_1_di').waypoints, '36,28 100,28')
  assert.deepEqual(
    [shown(records, 'Task_1').incoming, shown(records, 'Task_1').outgoing],
    [['Flow_1'], ['Flow_2']],
  )
  assert.deepEqual(shown(records, 'Lane_1').members, ['Start_1', 'Task_1'])
  assert.equal(shown(records, 'Lane_2').members, undefined)
  put(records, 'Task_1_di', { '#b': '1 2 3', '#lb': '1 2 3 +4' })
  assert.deepEqual(
    [shown(records, 'Task_1_di').bounds, shown(records, 'Task_1_di').label],
    [undefined, undefined],
  )
})

test('lists stand behind the children that the schema puts first', () => {
  const records = sample()
  put(records, 'doc', { '#t': 'bpmn:documentation', '#p': 'a0 Task_1', '#x': 'text' })
  put(records, 'loop', { '#t': 'bpmn:standardLoopCharacteristics', '#p': 'a1 Task_1' })
  const task = shown(records, 'Task_1')
  assert.deepEqual([task.children, task.leading], [['doc', 'loop'], 1])
  assert.equal(shown(records, 'doc').text, 'text')
  assert.deepEqual([task.block, shown(records, 'doc').block], [true, false])
})

test('a child that lists an entry already stands for it', () => {
  const records = sample()
  put(records, 'in', { '#t': 'bpmn:incoming', '#p': 'a0 Task_1', '#x': ['Flow_1'] })
  assert.equal(shown(records, 'Task_1').incoming, undefined)
  assert.deepEqual([shown(records, 'in').text, shown(records, 'in').textTarget], ['Flow_1', 'Flow_1'])
})

test('what hangs on a deleted node is not shown, nor is what refers to it', () => {
  const records = sample()
  records.nodes.delete('Task_1')
  const { nodes } = project(records)
  for (const key of ['Task_1', 'Task_1_di', 'Flow_1', 'Flow_1_di', 'Flow_2', 'Boundary_1', 'MessageFlow_1']) {
    assert.ok(!nodes.has(key), key)
  }
  assert.deepEqual(nodes.get('Lane_1')?.members, ['Start_1'])
  assert.equal(nodes.get('Start_1')?.outgoing, undefined)
})

test('of two that want one id the one whose key it is keeps it', () => {
  const records = sample()
  put(records, 'Task_2', { id: 'Task_1' })
  assert.equal(shown(records, 'Task_2').id, 'Task_1_2')
  assert.equal(shown(records, 'Task_1').id, 'Task_1')
})

test('a view changes no record', () => {
  for (const { records } of cases()) {
    if (records === undefined) continue
    const before = structuredClone(records)
    project(records)
    materialise(records)
    assert.deepEqual(records, before)
  }
})

test('the findings are what an importer marks', () => {
  assert.deepEqual(findings(sample()), [])
  const records = sample()
  records.nodes.delete('Start_1')
  put(records, 'Plane_2', { bpmnElement: '' })
  const found = findings(records).map(({ key, rule }) => `${key} ${rule}`)
  assert.deepEqual(found.sort(), ['Diagram_2 N5', 'Flow_1 N4', 'Start_1_di N4'])
})

test('without an element there is neither a view nor a text', () => {
  const records = sample()
  for (const key of [...records.nodes.keys()]) records.nodes.delete(key)
  put(records, 'c', { '#t': '#comment', '#p': 'a0 #', '#x': 'alone' })
  const { root, top, nodes } = project(records)
  assert.deepEqual([root, top, nodes.size, materialise(records)], [undefined, [], 0, ''])
})

test('long chains and cycles cost no stack', () => {
  const records = sample()
  for (let n = 0; n < 5000; n++) {
    put(records, `chain${n}`, { '#t': 'bpmn:subProcess', '#p': `a0 ${n === 0 ? 'Sub_2' : `chain${n - 1}`}` })
    put(records, `loop${n}`, { '#t': 'bpmn:subProcess', '#p': `a0 loop${(n + 1) % 5000}` })
  }
  const { nodes } = project(records)
  // The root, the process and Sub_2 are above them.
  assert.ok(nodes.has('chain252') && !nodes.has('chain253'), 'as deep as a reader goes')
  assert.equal(nodes.get('loop0')?.parent, 'Process_1', 'a cycle is cut at its least key')
})

test('a crowd goes with the one thing that it refers to', () => {
  const records = sample()
  const ends = { sourceRef: ['Task_2'], targetRef: ['Task_2'] }
  // More than one call takes as arguments.
  for (let n = 0; n < 130_000; n++)
    put(records, `crowd${n}`, { '#t': 'bpmn:association', '#p': 'a0 Sub_1', ...ends })
  records.nodes.delete('Task_2')
  assert.deepEqual(shown(records, 'Sub_1').children, [])
})
