import assert from 'node:assert/strict'
import { test } from 'node:test'
import { place } from '../src/document/model.ts'

test('a place is an order key and a parent, split at the first space', () => {
  assert.deepEqual(place(new Map([['#p', 'a0 Process_1']])), { order: 'a0', parent: 'Process_1' })
  assert.deepEqual(place(new Map([['#p', 'a0 a key']])), { order: 'a0', parent: 'a key' })
  assert.equal(place(new Map([['#p', 'a0']])), undefined)
})
