import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '../src/api.ts'
import { changesOf } from '../src/editor/changes.ts'
import { contentOf, inWords } from '../src/list/content.ts'
import { excerpt, titleOf } from '../src/list/upload.ts'
import { friendlyName, initials } from '../src/names.ts'
import { pathOf, placeOf } from '../src/router.ts'
import { ago } from '../src/ui/time.ts'
import { explain } from '../src/words.ts'

test('every path names a place, and every place has its path', () => {
  for (const place of [{ page: 'list' }, { page: 'diagram', id: 'a.b|c@d' }] as const) {
    assert.deepEqual(placeOf(pathOf(place)), place)
  }
  for (const path of ['/studio/', '/studio/d/', '/studio/x', '/', '/studio/d/%E0%A4%A']) {
    assert.deepEqual(placeOf(path), { page: 'list' }, path)
  }
})

test('a generated name is two words, whatever is drawn', () => {
  for (const random of [0, 0.5, 0.999_999])
    assert.match(
      friendlyName(() => random),
      /^\p{Lu}\p{Ll}+ \p{Lu}\p{Ll}+$/u,
    )
})

test('initials stand for names in any script', () => {
  assert.deepEqual(
    ['Ana Maria Almeida', 'ben', ' “Óscar” Nuñez ', '李小龍', '', '***', '👩‍🚀 Zoe'].map(initials),
    ['AA', 'B', '“N', '李', '?', '?', 'Z'],
  )
})

test('a file name becomes a title', () => {
  assert.equal(titleOf('order_to_cash.bpmn'), 'order to cash')
  assert.equal(titleOf('Order.v2.bpmn20'), 'Order.v2')
  assert.equal(titleOf('.bpmn'), 'Untitled diagram')
  assert.ok(new TextEncoder().encode(titleOf(`${'ü'.repeat(600)}.bpmn`)).length <= 512)
})

test('an excerpt shows the line at fault around the fault, also at the ends of the text', () => {
  assert.deepEqual(excerpt('<a>\r\n\t<b x=>\n</a>', 2, 7), { line: 2, text: ' <b x=>', at: 6 })
  const long = excerpt(`${'x'.repeat(500)}!${'y'.repeat(500)}`, 1, 501)
  assert.equal([...(long?.text ?? '')][long?.at ?? -1], '!')
  assert.equal(excerpt('', 1, 1)?.text, '')
  assert.deepEqual(excerpt('ab', 1, 99), { line: 1, text: 'ab', at: 2 })
  assert.equal(excerpt('ab', 7, 1), undefined)
})

test('a summary of any form is read', () => {
  assert.equal(
    inWords(contentOf({ activities: 1, gateways: 2, participants: [{}] })),
    '1 activity · 2 gateways · 1 pool',
  )
  for (const odd of [null, undefined, 'x', { activities: -1, gateways: 'two', participants: {} }]) {
    assert.equal(inWords(contentOf(odd)), 'Nothing in it yet')
  }
})

test('times are told as people say them', () => {
  const now = Date.parse('2026-05-10T12:00:00Z')
  assert.equal(ago('2026-05-10T11:59:40Z', now), 'just now')
  assert.equal(ago('2026-05-10T11:57:00Z', now), '3 minutes ago')
  assert.equal(ago('2026-05-09T11:00:00Z', now), 'yesterday')
  assert.equal(ago('2026-04-01T11:00:00Z', now), 'Apr 1, 2026')
  assert.equal(ago('2026-05-10T12:00:05Z', now), 'just now', 'clocks differ')
  assert.equal(ago('nonsense', now), '')
})

test('an error says what happened and what to do, also one that nobody expected', () => {
  const invalid = new ApiError(422, 'invalid-bpmn', { detail: 'line 3, column 7: not closed' })
  assert.equal(explain(invalid).advice, 'Line 3, column 7: not closed.')
  assert.match(explain(new ApiError(429, 'too-many-requests', {}, 7)).advice, /7 s/)
  assert.equal(explain(new ApiError(418, 'teapot', { title: 'I am a teapot' })).text, 'I am a teapot.')
  assert.match(explain(new TypeError('x')).advice, /Reload/)
})

test('one element is one change, however much happened to it', () => {
  const element = { key: 'T', id: 'Task_1', type: 'userTask', name: 'Check' }
  const changes = changesOf({
    added: [{ element: { key: 'G', id: 'Gateway_1', type: 'exclusiveGateway' } }],
    renamed: [{ element, from: 'Look', to: 'Check' }],
    changed: [{ element, changes: [{ field: 'extensionElements/x:retries', from: '1', to: '2' }] }],
    layout: [{ element, change: 'moved' }],
  })
  assert.deepEqual(changes, [
    { id: 'Gateway_1', mark: 'added', what: 'exclusive gateway Gateway_1', how: 'added' },
    { id: 'Task_1', mark: 'changed', what: 'Check', how: 'renamed from “Look”, retries changed, moved' },
  ])
  for (const odd of [null, 'x', { added: 'x' }, { removed: [null] }]) assert.ok(Array.isArray(changesOf(odd)))
})
