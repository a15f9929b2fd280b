// What people show of themselves: it always fits, and strangers' states are read without trust.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AWARENESS_BYTES } from '../src/client/limits.ts'
import { type Box, toPerson, toState } from '../src/client/person.ts'

const user = { id: 'ana', name: 'Ana', color: '#aa0044' }
const bytes = (state: unknown) => Buffer.byteLength(JSON.stringify(state))
const keys = (count: number) =>
  Array.from({ length: count }, (_, i) => `Activity_${i.toString().padStart(7, '0')}`)
const boxes = (count: number): Record<string, Box> =>
  Object.fromEntries(keys(count).map((key, i) => [key, { x: i * 10.04, y: 20, width: 100, height: 80 }]))

describe('an own state', () => {
  it('arrives at the others as it was, to a tenth of a pixel', () => {
    const where = {
      plane: 'Process_1',
      cursor: { x: 10, y: 20.5 },
      viewport: { x: 0, y: 0, width: 800, height: 600.5 },
      selection: ['Task_1'],
      editing: 'Task_1',
      drag: boxes(2),
    }
    const state = JSON.parse(JSON.stringify(toState(user, { ...where, cursor: { x: 10.04, y: 20.46 } })))
    const drag = { ...where.drag, Activity_0000001: { x: 10, y: 20, width: 100, height: 80 } }
    assert.deepEqual(toPerson(7, state), { client: 7, user, ...where, drag })
  })

  it('of a large drag and selection is cut to what the server takes, and to no less', () => {
    const state = toState(user, { selection: keys(60), drag: boxes(500), cursor: { x: 1, y: 2 } })
    const size = bytes(state)
    assert.ok(size <= AWARENESS_BYTES && size > AWARENESS_BYTES - 100, `${size} bytes`)
    assert.equal(state.selection?.length, 60)
    assert.ok(Object.keys(state.drag ?? {}).length > 30)
    assert.deepEqual(state.cursor, { x: 1, y: 2 })
    const selected = toState(user, { selection: keys(900) })
    assert.ok(bytes(selected) <= AWARENESS_BYTES && (selected.selection?.length ?? 0) > 150)
  })

  it('with keys of the longest kind still fits', () => {
    const long = 'k'.repeat(1_024)
    const state = toState(
      { id: '\u{1f600}'.repeat(512), name: '\u{1f600}'.repeat(64), color: '#000000' },
      {
        plane: long,
        editing: long,
        cursor: { x: 1, y: 1 },
        viewport: { x: 0, y: 0, width: 1, height: 1 },
        selection: [long, long, long],
      },
    )
    assert.ok(bytes(state) <= AWARENESS_BYTES, `${bytes(state)}`)
  })

  it('never holds half a surrogate pair, which the server would drop', () => {
    const state = toState(
      { ...user, name: `${'x'.repeat(63)}\u{1f600}` },
      { selection: ['\ud83d', 'Task_1'] },
    )
    assert.doesNotMatch(JSON.stringify(state), /\\ud[89a-f]/i)
    assert.deepEqual(state.selection, ['Task_1'])
  })
})

describe('a state of a stranger', () => {
  it('that is no object is nobody', () => {
    for (const state of [null, 1, 'x', [], true]) assert.equal(toPerson(1, state), undefined)
  })

  it('of a stock client shows name and colour', () => {
    const state = { user: { name: 'Bob', color: '#00ff00', colorLight: '#00ff0033' } }
    assert.deepEqual(toPerson(1, state), { client: 1, user: { id: '', name: 'Bob', color: '#00ff00' } })
  })

  it('loses what is of another form, and keeps the rest', () => {
    const person = toPerson(1, {
      user: { id: 7, name: 'n'.repeat(1_000), color: 'url(https://evil.example)' },
      plane: ['p'],
      cursor: { x: '1', y: 2 },
      viewport: { x: 0, y: 0, width: Number.NaN, height: 1 },
      selection: ['Task_1', 3, '', null],
      drag: { Task_1: { x: 1, y: 2, width: 3, height: 4 }, Task_2: 'left' },
    })
    assert.deepEqual(person, {
      client: 1,
      user: { id: '', name: 'n'.repeat(64), color: '#808080' },
      selection: ['Task_1'],
      drag: { Task_1: { x: 1, y: 2, width: 3, height: 4 } },
    })
  })
})
