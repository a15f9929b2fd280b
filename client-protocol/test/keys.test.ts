import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Keyless, newKey } from '../src/document/index.ts'
import { BPMN_URI, BPMNDI_URI, DC_URI } from '../src/document/tables.ts'
import { seeded } from './random.ts'

const ZEEBE = 'http://camunda.org/schema/zeebe/1.0'

function keyOf(node: Partial<Keyless>, taken: string[] = []): string {
  const full = { name: undefined, id: undefined, parent: undefined, ...node }
  return newKey(full, (key) => taken.includes(key), seeded(1))
}

const task = { uri: BPMN_URI, local: 'task' }
const parent = { key: 'Task_1', name: task }

test('an id that is free is the key', () => {
  assert.equal(keyOf({ name: task, id: 'Task_1' }), 'Task_1')
  assert.equal(keyOf({ name: { uri: BPMNDI_URI, local: 'BPMNShape' }, id: 'Task_1_di' }), 'Task_1_di')
})

test('an id that is taken, no key by its form, or no id of BPMN is none', () => {
  for (const id of [
    'Task_1',
    '',
    ' a',
    'a~b',
    '#a',
    'x'.repeat(513),
    'é'.repeat(257),
    'half \ud800',
    undefined,
  ]) {
    assert.match(keyOf({ name: task, id }, ['Task_1']), /^~[0-9A-Za-z]{8}$/, id)
  }
  assert.equal(keyOf({ name: task, id: 'é'.repeat(256) }), 'é'.repeat(256))
  assert.match(keyOf({ name: { uri: DC_URI, local: 'Bounds' }, id: 'b' }), /^~/)
})

test('a child that its parent can hold only once is called by its role', () => {
  const extensions = { uri: BPMN_URI, local: 'extensionElements' }
  const loop = { uri: BPMN_URI, local: 'standardLoopCharacteristics' }
  assert.equal(keyOf({ name: extensions, parent }), 'Task_1~extensionElements')
  assert.equal(keyOf({ name: loop, parent }), 'Task_1~loopCharacteristics')
  const inner = { key: 'Task_1~extensionElements', name: extensions }
  assert.equal(
    keyOf({ name: { uri: ZEEBE, local: 'taskDefinition' }, parent: inner }),
    'Task_1~extensionElements~taskDefinition',
  )
  assert.match(keyOf({ name: extensions, parent }, ['Task_1~extensionElements']), /^~/)
  assert.match(keyOf({ name: extensions, parent: { ...parent, key: 'x'.repeat(1010) } }), /^~/)
  assert.match(keyOf({ name: { uri: BPMN_URI, local: 'documentation' }, parent }), /^~/)
})

test('a random key that is taken is drawn again', () => {
  const first = keyOf({})
  assert.notEqual(keyOf({}, [first]), first)
})
