import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compare } from '../src/document/chars.ts'
import { between, nth } from '../src/document/order.ts'
import { seeded } from './random.ts'

test('the keys of a list grow and stay short', () => {
  const keys = Array.from({ length: 5000 }, (_, index) => nth(index))
  assert.deepEqual(keys, [...keys].sort(compare))
  assert.equal(new Set(keys).size, keys.length)
  assert.deepEqual([keys[0], keys[61], keys[62], keys[62 + 62 * 62]], ['a0', 'az', 'b00', 'c000'])
  assert.ok(keys.every((key) => key.length <= 4))
})

test('a new key lies strictly between its neighbours', () => {
  const random = seeded(7)
  const keys = [nth(0), nth(1)]
  for (let n = 0; n < 3000; n++) {
    const at = Math.floor(random() * (keys.length + 1))
    const [left, right] = [keys[at - 1], keys[at]]
    const key = between(left, right, random)
    assert.ok(left === undefined || compare(left, key) < 0, `${left} < ${key}`)
    assert.ok(right === undefined || compare(key, right) < 0, `${key} < ${right}`)
    keys.splice(at, 0, key)
  }
})

test('keys at the ends stay short, and those of one gap grow slowly', () => {
  const random = seeded(7)
  let [first, last, right] = [nth(0), nth(0), nth(1)]
  for (let n = 0; n < 2000; n++) {
    last = between(last, undefined, random)
    first = between(undefined, first, random)
    right = between('a0', right, random)
    assert.ok(compare('a0', right) < 0)
  }
  assert.ok(last.length <= 5 && first.length <= 5, `${first} ${last}`)
  assert.ok(right.length < 800, `${right.length}`)
})

test('foreign keys are taken as they are', () => {
  const random = seeded(7)
  const odd = ['', '0', '00', 'z1', 'zz', 'é', 'a', 'a0', 'a01', '~', 'A', '\u{10FFFF}', '\uFFFD', 'Z']
  for (const left of odd) {
    assert.ok(compare(between(left, undefined, random), left) > 0)
    assert.ok(between(undefined, left, random).length >= 2)
    for (const right of odd) {
      const key = between(left, right, random)
      if (compare(left, right) < 0 && !['', '0', 'a'].includes(left)) {
        assert.ok(compare(left, key) < 0 && compare(key, right) < 0, `${left} ${key} ${right}`)
      }
    }
  }
})

test('a key behind equal neighbours lies behind them', () => {
  assert.ok(between('a1', 'a1', seeded(7)) > 'a1')
})

test('strings compare by code point, not by UTF-16 unit', () => {
  assert.ok('\u{10000}' < '\uFFFD', 'what JavaScript thinks')
  assert.deepEqual(['\u{10000}', '\uFFFD', 'a', 'ab', ''].sort(compare), [
    '',
    'a',
    'ab',
    '\uFFFD',
    '\u{10000}',
  ])
})
