// The saved state: local edits against barriers.
import assert from 'node:assert/strict'
import { describe, it, mock } from 'node:test'
import { OVERDUE_MS } from '../src/client/limits.ts'
import { NotSaved, type Saved, Saves } from '../src/client/saves.ts'

/** Whether a promise is settled by now. */
async function settled(promise: Promise<unknown>): Promise<'open' | 'resolved' | 'rejected'> {
  const end = promise.then(
    () => 'resolved' as const,
    () => 'rejected' as const,
  )
  return Promise.race([end, new Promise<'open'>((resolve) => setImmediate(() => resolve('open')))])
}

describe('a barrier', () => {
  it('covers the edits made before it was sent, and no later one', () => {
    const saves = new Saves()
    saves.edit(1)
    saves.edit(2)
    const barrier = saves.ask()
    saves.edit(3)
    assert.equal(saves.state.value.unsaved, 3)
    assert.equal(saves.returned(barrier), 2)
    assert.deepEqual([saves.state.value.unsaved, saves.state.value.since], [1, 3])
  })

  it('is alone on its way, and is not sent for nothing', () => {
    const saves = new Saves()
    assert.equal(saves.ask(), undefined)
    saves.edit(1)
    assert.ok(saves.ask())
    assert.equal(saves.ask(), undefined)
  })

  it('that was sent on a lost connection acknowledges nothing', () => {
    const saves = new Saves()
    saves.edit(1)
    const barrier = saves.ask()
    saves.lost()
    assert.equal(saves.returned(barrier), undefined)
    assert.equal(saves.state.value.unsaved, 1)
    assert.notEqual(saves.ask(), barrier)
  })

  it('of somebody else changes nothing', () => {
    const saves = new Saves()
    saves.edit(1)
    saves.ask()
    assert.equal(saves.returned(99), undefined)
    assert.equal(saves.returned(undefined), undefined)
    assert.equal(saves.refused(99), false)
    assert.equal(saves.state.value.unsaved, 1)
  })

  it('that is refused leaves its edits unsaved, and the next one may save them', () => {
    const saves = new Saves()
    saves.edit(1)
    assert.ok(saves.refused(saves.ask()))
    saves.problem = 'not stored'
    assert.deepEqual([saves.state.value.unsaved, saves.state.value.problem], [1, 'not stored'])
    saves.returned(saves.ask())
    assert.deepEqual([saves.state.value.unsaved, saves.state.value.problem], [0, null])
  })
})

describe('a flush', () => {
  it('ends when the edits made before it are durable, whatever is edited meanwhile', async () => {
    const saves = new Saves()
    await saves.flushed()
    saves.edit(1)
    const first = saves.ask()
    saves.edit(2)
    const flushed = saves.flushed()
    saves.returned(first)
    assert.equal(await settled(flushed), 'open')
    const second = saves.ask()
    saves.edit(3)
    saves.returned(second)
    assert.equal(await settled(flushed), 'resolved')
  })

  it('fails when nobody will save the edits, and when its caller gives up', async () => {
    const saves = new Saves()
    saves.edit(1)
    const caller = new AbortController()
    const [flushed, given] = [saves.flushed(), saves.flushed(caller.signal)]
    caller.abort(new Error('enough'))
    await assert.rejects(given, /enough/)
    assert.equal(await settled(flushed), 'open')
    saves.fail('gone')
    await assert.rejects(flushed, NotSaved)
  })

  it('goes on in the document into which the edits were carried', async () => {
    const [old, next] = [new Saves(), new Saves()]
    old.edit(1)
    const flushed = old.flushed()
    next.edit(2)
    old.moveTo(next)
    assert.equal(await settled(flushed), 'open')
    next.returned(next.ask())
    assert.equal(await settled(flushed), 'resolved')
  })
})

it('an edit that is unsaved for 8 seconds is overdue, until it is saved', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000 })
  const saves = new Saves()
  const seen = mock.fn((_: Saved) => {})
  saves.edit(Date.now())
  saves.state.subscribe(seen)
  t.mock.timers.tick(OVERDUE_MS - 1)
  assert.equal(saves.state.value.overdue, false)
  t.mock.timers.tick(1)
  assert.equal(saves.state.value.overdue, true)
  assert.equal(seen.mock.callCount(), 2, 'a page is told')
  saves.edit(Date.now())
  saves.returned(saves.ask())
  assert.deepEqual([saves.state.value.overdue, saves.state.value.since], [false, null])
})
