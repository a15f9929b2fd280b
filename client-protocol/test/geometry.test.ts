import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseBounds, parseWaypoints } from '../src/document/index.ts'

test('numbers stay as they were written', () => {
  assert.deepEqual(parseBounds('828.0 -5 1e3 80'), ['828.0', '-5', '1e3', '80'])
  assert.deepEqual(parseWaypoints('+1,2 3.50,-4'), {
    typed: true,
    points: [
      ['1', '2'],
      ['3.50', '-4'],
    ],
  })
  assert.equal(parseWaypoints('1,2')?.typed, false)
})

test('anything else is no geometry', () => {
  for (const text of ['', '1 2 3', '1 2 3 4 5', '1  2 3 4', 'a b c d', '1 2 3 +4', '1,2 3 4', '1 2 3 4\n']) {
    assert.equal(parseBounds(text), undefined, text)
  }
  for (const text of ['', '+', '1', '1,2,3', '1,2  3,4', '1,2 ', '++1,2', '1,"2', '1,2\n']) {
    assert.equal(parseWaypoints(text), undefined, text)
  }
})
