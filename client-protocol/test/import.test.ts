// Texts to records: the golden cases that start from a text.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importXml, ReadError } from '../src/document/index.ts'
import { cases } from './vectors.ts'

const texts = cases().filter(({ input, inputBase64 }) => input !== undefined || inputBase64 !== undefined)

test('golden cases of texts and of refusals are found', () => {
  assert.ok(texts.filter(({ records }) => records !== undefined).length >= 11, `${texts.length}`)
  assert.ok(texts.filter(({ error }) => error !== undefined).length >= 6, `${texts.length}`)
})

for (const { name, input, inputBase64, records, error } of texts) {
  const bytes =
    input === undefined ? Buffer.from(inputBase64 ?? '', 'base64') : new TextEncoder().encode(input)
  const inputs = input === undefined ? [bytes] : [bytes, input]
  if (error === undefined) {
    test(`${name}: the text gives the records`, () => {
      for (const given of inputs) assert.deepEqual(importXml(given), records)
    })
  } else {
    test(`${name}: the text is refused with its place`, () => {
      const place = { line: error.line, column: error.column }
      for (const given of inputs) assert.throws(() => importXml(given), { name: ReadError.name, ...place })
    })
  }
}
