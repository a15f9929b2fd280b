import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as Y from 'yjs'
import { materialise, noRecords, type Records, readRecords } from '../src/document/index.ts'
import { cases } from './vectors.ts'

const sound = cases().filter((vector) => vector.records !== undefined)

test('the golden cases are found', () => {
  assert.ok(sound.length >= 27, `${sound.length}`)
})

for (const { name, records = noRecords(), updates, xml } of sound) {
  test(`${name}: the updates give the records, in any order`, () => {
    assert.deepEqual(merged(updates), records)
    assert.deepEqual(merged([...updates].reverse()), records)
  })

  test(`${name}: the records give the XML`, () => {
    assert.equal(materialise(records), xml)
  })
}

function merged(updates: readonly Uint8Array[]): Records {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return readRecords(doc)
}
