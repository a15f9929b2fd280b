import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turns } from '../src/ui/turns.ts'

test('no more than so many work at once, in the order in which they came, also when one fails', async () => {
  const turns = new Turns(2)
  const { signal } = new AbortController()
  const begun: number[] = []
  const ends: (() => void)[] = []
  const work = (i: number) =>
    turns.take(async () => {
      begun.push(i)
      await new Promise<void>((resolve) => ends.push(resolve))
      if (i === 0) throw new Error('failed')
      return i
    }, signal)
  const all = [0, 1, 2, 3].map(work)
  await Promise.resolve()
  assert.deepEqual(begun, [0, 1])
  ends[0]?.()
  await assert.rejects(all[0] ?? Promise.resolve(), /failed/)
  await Promise.resolve()
  assert.deepEqual(begun, [0, 1, 2])
  ends[1]?.()
  assert.equal(await all[1], 1)
  ends[2]?.()
  await all[2]
  ends[3]?.()
  assert.equal(await all[3], 3)
})

test('what was given up while it waited is never begun, and keeps nobody waiting', async () => {
  const turns = new Turns(1)
  const stays = new AbortController()
  const leaves = new AbortController()
  let end = () => {}
  const first = turns.take(
    () =>
      new Promise<void>((resolve) => {
        end = resolve
      }),
    stays.signal,
  )
  let began = false
  const given = turns.take(async () => {
    began = true
  }, leaves.signal)
  const last = turns.take(async () => 'last', stays.signal)
  leaves.abort()
  end()
  await first
  assert.equal(await given, undefined)
  assert.equal(began, false)
  assert.equal(await last, 'last')
})
