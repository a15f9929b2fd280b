import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse, write } from '../src/document/json.ts'
import type { Value } from '../src/document/model.ts'

test('what is written reads back, names sorted by code point', () => {
  const fields = new Map<string, Value>([
    ['name', 'a "b" \\ \n\t\u{1}é😀\u{2028}'],
    ['\u{FFFD}', 'x'],
    ['\u{10000}', 'y'],
    ['#l', ['k', '']],
    ['e', []],
  ])
  const json = write(fields)
  assert.deepEqual(parse(json), fields)
  assert.equal(
    json,
    '{"#l":["k",""],"e":[],"name":"a \\"b\\" \\\\ \\n\\t\\u0001é😀\u{2028}","\u{FFFD}":"x","\u{10000}":"y"}',
  )
})

test('values of other kinds are absent', () => {
  const json =
    ' {"a":1,"b":[1],"c":{"d":[{}]},"e":null,"f":"x","g":["y"],"h":[["z"]],"i":-0.5e+3,"j":true,"k":[]} '
  assert.deepEqual([...(parse(json)?.keys() ?? [])], ['f', 'g', 'k'])
})

test('the last of two equal names counts, even if it is no string', () => {
  assert.deepEqual(parse('{"a":"1","a":"2"}'), new Map([['a', '2']]))
  assert.deepEqual(parse('{"a":"1","a":2}'), new Map())
  assert.deepEqual(parse('{"\\ud800":"1","\uFFFD":"2","\\ud800":"3"}'), new Map([['\uFFFD', '3']]))
})

test('surrogates pair up or become the replacement character', () => {
  const read = (text: string) => parse(`{"a":"${text}"}`)?.get('a')
  assert.equal(read('\\ud83d\\ude00'), '😀')
  assert.equal(read('\\ud83dx'), '\uFFFDx')
  assert.equal(read('\\ude00\\ud83d'), '\uFFFD\uFFFD')
  assert.equal(read('\\ud83d\\u0041'), '\uFFFDA')
  assert.equal(read('\\ud83d\\ud83d\\ude00'), '\uFFFD😀')
  assert.equal(read('\\\\ud83d'), '\\ud83d')
})

test('what is no JSON object is refused', () => {
  const bad = [
    '',
    'null',
    '[]',
    '{',
    '{}x',
    '{"a":"b",}',
    '{"a":01}',
    '{"a":"\n"}',
    '{"a":"\\x"}',
    '\uFEFF{}',
  ]
  for (const text of bad) assert.equal(parse(text), undefined, text)
})

test('nesting costs no stack', () => {
  const deep = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)},"b":"x"}`
  assert.deepEqual(parse(deep), new Map([['b', 'x']]))
})
