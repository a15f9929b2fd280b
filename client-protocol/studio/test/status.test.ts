import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Connection, closeReason, type Rights, type Saved } from 'atelier-client'
import { banner, indicator, type State } from '../src/editor/status.ts'

const NOW = 100_000

function state(change: {
  readonly connection?: Connection
  readonly saved?: Partial<Saved>
  readonly rights?: Partial<Rights>
}): State {
  return {
    connection: change.connection ?? { state: 'online' },
    saved: { unsaved: 0, since: null, overdue: false, kept: true, problem: null, ...change.saved },
    rights: { role: 'editor', readOnly: null, ...change.rights },
  }
}

const offline = (retryAt: number | null): Connection => ({ state: 'offline', text: 'lost', retryAt })
const refused = (code: number): Connection => {
  const reason = closeReason(code)
  return { state: 'refused', reason, text: reason.text }
}

test('what is saved is said quietly, and nothing stands over the canvas', () => {
  assert.deepEqual(indicator(state({}), NOW), { tone: 'good', text: 'Saved' })
  assert.equal(banner(state({}), NOW), null)
})

test('edits on their way are counted', () => {
  const one = state({ saved: { unsaved: 1, since: NOW - 100 } })
  assert.deepEqual(indicator(one, NOW), { tone: 'busy', text: 'Saving 1 edit …' })
  assert.equal(banner(one, NOW), null)
})

test('what is not saved for too long is an alarm with its age', () => {
  const late = state({ saved: { unsaved: 3, since: NOW - 12_000, overdue: true } })
  assert.deepEqual(indicator(late, NOW), { tone: 'bad', text: 'Not saved for 12 s' })
  assert.equal(banner(late, NOW)?.text, '3 edits not saved for 12 s.')
  assert.equal(indicator(late, NOW + 60_000).text, 'Not saved for 1 min')
})

test('offline says when it is tried again, and whether the browser keeps the edits', () => {
  const idle = banner(state({ connection: offline(NOW + 4_200) }), NOW)
  assert.match(idle?.advice ?? '', /saved when you are back.*again in 5 s/)
  assert.equal(idle?.action, 'reconnect')
  const kept = banner(state({ connection: offline(null), saved: { unsaved: 2, since: NOW } }), NOW)
  assert.match(kept?.advice ?? '', /kept in this browser.*Trying again …/)
  const lost = banner(
    state({ connection: offline(null), saved: { unsaved: 2, since: NOW, kept: false } }),
    NOW,
  )
  assert.match(lost?.advice ?? '', /Keep this page open/)
})

test('each reason why edits are refused says what to do', () => {
  const advice = (problem: Saved['problem']) =>
    banner(state({ saved: { unsaved: 1, since: NOW, problem } }), NOW)?.advice ?? ''
  assert.match(advice('too large'), /Undo/)
  assert.match(advice('read only'), /Download/)
  assert.match(advice('not stored'), /tried again by itself/)
})

test('each refusal leads somewhere, and unsaved edits are never passed over', () => {
  const action = (code: number) => banner(state({ connection: refused(code) }), NOW)?.action
  assert.deepEqual([4401, 4403, 4404, 4400].map(action), ['sign in', 'list', 'list', 'reload'])
  const lost = state({ connection: refused(4403), saved: { unsaved: 2, since: NOW } })
  assert.match(banner(lost, NOW)?.advice ?? '', /2 edits not saved/)
  assert.equal(indicator(lost, NOW).tone, 'bad')
})

test('a diagram of a newer schema is to be looked at only', () => {
  assert.equal(banner(state({ rights: { readOnly: 'newer schema' } }), NOW)?.action, 'reload')
})
