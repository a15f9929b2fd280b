import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import * as tables from '../src/document/tables.ts'

test('the module of the tables is tables.json, word for word', () => {
  const facts = readFileSync(new URL('../tables.json', import.meta.url), 'utf8')
  const file = new URL('../src/document/tables-data.ts', import.meta.url)
  const head = 'export const DATA: Data = '
  const text = readFileSync(file, 'utf8')
  const start = text.indexOf(head) + head.length
  if (process.env.UPDATE === '1') writeFileSync(file, text.slice(0, start) + facts)
  assert.equal(readFileSync(file, 'utf8').slice(start), facts)
})

test('types admit what they and their bases declare', () => {
  assert.ok(tables.admitsAttribute('userTask', 'implementation'))
  assert.ok(!tables.admitsAttribute('task', 'implementation'))
  assert.ok(tables.admitsAttribute('task', 'isForCompensation'))
  assert.ok(tables.admitsAttribute('task', 'frobnicate'), "the author's own")
  assert.ok(tables.admitsChild('subProcess', 'task'))
  assert.ok(!tables.admitsChild('task', 'userTask'))
  assert.ok(tables.admitsChild('sequenceFlow', 'conditionExpression'))
  assert.ok(tables.admitsChild('process', 'laneSet'))
  assert.ok(!tables.admitsChild('process', 'lane'))
  assert.ok(tables.admitsChild('task', 'extensionElements'))
})

test('reference properties admit no children of their type', () => {
  assert.ok(!tables.admitsChild('task', 'boundaryEvent'))
  assert.ok(tables.admitsChild('task', 'boundaryEventRefs'))
  assert.ok(!tables.admitsChild('lane', 'flowNode'))
})

test('ancestry is transitive', () => {
  assert.ok(tables.isA('adHocSubProcess', 'FlowNode'))
  assert.ok(tables.isA('boundaryEvent', 'CatchEvent'))
  assert.ok(!tables.isA('sequenceFlow', 'FlowNode'))
  assert.ok(!tables.isA('unheardOf', 'FlowNode'))
})

test('only what can stand once has a role', () => {
  const { BPMN_URI, singletonRole } = tables
  assert.equal(singletonRole('task', BPMN_URI, 'extensionElements'), 'extensionElements')
  assert.equal(singletonRole('task', BPMN_URI, 'standardLoopCharacteristics'), 'loopCharacteristics')
  assert.equal(singletonRole('task', BPMN_URI, 'documentation'), undefined)
  assert.equal(singletonRole('task', BPMN_URI, 'incoming'), undefined)
  const zeebe = 'http://camunda.org/schema/zeebe/1.0'
  assert.equal(singletonRole('extensionElements', zeebe, 'taskDefinition'), 'taskDefinition')
  assert.equal(singletonRole('extensionElements', zeebe, 'header'), undefined)
})

test('the schema puts documentation first', () => {
  const places = ['documentation', 'extensionElements', 'incoming', 'outgoing', 'ioSpecification'].map(
    (child) => tables.schemaPlace('userTask', child),
  )
  assert.deepEqual(
    places,
    [...places].sort((a, b) => Number(a) - Number(b)),
  )
  assert.ok(!places.includes(undefined))
})
