import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError, type Version } from '../src/api.ts'
import { changesOf, marksOf } from '../src/editor/changes.ts'
import { inWords as deedInWords } from '../src/editor/deeds.ts'
import { before, timeline } from '../src/editor/timeline.ts'
import { contentOf, inWords } from '../src/list/content.ts'
import { excerpt, titleOf } from '../src/list/upload.ts'
import { friendlyName, initials } from '../src/names.ts'
import { pathOf, placeOf } from '../src/router.ts'
import { ago } from '../src/ui/time.ts'
import { explain } from '../src/words.ts'

test('every path names a place, and every place has its path', () => {
  for (const place of [
    { page: 'list' },
    { page: 'list', project: 'a b&c' },
    { page: 'list', deleted: true },
    { page: 'diagram', id: 'a.b|c@d' },
    { page: 'diagram', id: 'a', versions: { from: 3, to: null } },
    { page: 'diagram', id: 'a', versions: { from: 3, to: 17 } },
  ] as const) {
    const { pathname, search } = new URL(pathOf(place), 'http://studio')
    assert.deepEqual(placeOf(pathname, search), place)
  }
  const order = { page: 'diagram', id: 'a', versions: { from: 3, to: 9 } }
  assert.deepEqual(placeOf('/studio/d/a/v/9..3'), order, 'the older one comes first')
  assert.deepEqual(placeOf('/studio/d/a/v/3..3'), placeOf('/studio/d/a/v/3'))
  for (const path of ['/studio/', '/studio/d/', '/studio/x', '/', '/studio/d/%E0%A4%A', '/studio/d/a/v/x']) {
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

test('one element is one change, however much happened to it; its layout stands apart', () => {
  const element = { key: 'T', id: 'Task_1', type: 'userTask', name: 'Check' }
  const flow = { key: 'F', id: 'Flow_1', type: 'sequenceFlow' }
  const lane = (name: string) => ({ key: name, id: name, type: 'lane', name })
  const report = {
    added: [{ element: { key: 'G', id: 'Gateway_1', type: 'exclusiveGateway' }, in: lane('Sales') }],
    removed: [{ element: { key: 'E', id: 'End_1', type: 'endEvent', name: 'Done' } }],
    renamed: [{ element, from: 'Look', to: 'Check' }],
    moved: [{ element, from: lane('Sales'), to: lane('Legal') }],
    reconnected: [{ element: flow, changes: [{ field: 'targetRef', from: 'Task_1', to: 'Task_2' }] }],
    changed: [{ element, changes: [{ field: 'extensionElements/x:retries', from: '1', to: '2' }] }],
    layout: [{ element, change: 'moved' }],
  }
  const { meaning, layout } = changesOf(report, (id) => (id === 'Task_2' ? 'Pay' : undefined))
  assert.deepEqual(
    meaning.map(({ id, mark, what, type, how }) => [id, mark, what, type, ...how]),
    [
      ['Gateway_1', 'added', 'exclusive gateway Gateway_1', '', 'added to Sales'],
      ['End_1', 'removed', 'Done', 'end event', 'removed'],
      [
        'Task_1',
        'changed',
        'Check',
        'user task',
        'renamed from “Look”',
        'moved from Sales to Legal',
        'retries “1” → “2”',
      ],
      ['Flow_1', 'changed', 'sequence flow Flow_1', '', 'leads to Pay instead of Task_1'],
    ],
  )
  assert.deepEqual(
    layout.map(({ id, mark, how }) => [id, mark, ...how]),
    [['Task_1', 'layout', 'moved']],
  )
  assert.deepEqual(Object.fromEntries(marksOf({ meaning, layout })), {
    Task_1: 'changed',
    Gateway_1: 'added',
    End_1: 'removed',
    Flow_1: 'changed',
  })
})

test('a difference of any form is read', () => {
  for (const odd of [null, 'x', { added: 'x' }, { removed: [null] }, { document: [{}], layout: [7] }]) {
    const { meaning, layout } = changesOf(odd, () => undefined)
    assert.ok(Array.isArray(meaning) && Array.isArray(layout))
  }
  const long = changesOf(
    { document: [{ field: 'exporter', from: null, to: 'x'.repeat(500) }] },
    () => undefined,
  )
  assert.ok((long.meaning[0]?.how[0]?.length ?? 0) < 100, 'long values are cut')
})

test('automatic versions are folded away between those that people made', () => {
  const version = (version: number, kind: string, name: string | null = null): Version => ({
    version,
    kind,
    name,
    message: null,
    authors: [],
    restoredFrom: null,
    createdAt: '2026-05-10T12:00:00Z',
  })
  const automatic = [9, 8, 6, 5, 4].map((number) => version(number, 'automatic'))
  const [nine, eight, six, five, four] = automatic
  const named = version(7, 'automatic', 'Agreed')
  const all = [nine, eight, named, six, five, four, version(1, 'uploaded')].filter((one) => one !== undefined)
  assert.deepEqual(
    timeline(all).map((stretch) =>
      stretch.kind === 'version' ? stretch.version.version : stretch.versions.map(({ version }) => version),
    ),
    [9, [8], 7, [6, 5, 4], 1],
  )
  assert.deepEqual(timeline([]), [])
  assert.equal(before(all, 7)?.version, 6)
  assert.equal(before(all, 1), undefined)
})

test('what somebody did is told in words, also where the detail is odd', () => {
  const deed = (action: string, detail: unknown) =>
    deedInWords({ at: '2026-05-10T12:00:00Z', user: 'ana', name: null, action, detail })
  assert.equal(deed('diagram.saved', { version: 7 }), 'saved version 7')
  assert.equal(deed('diagram.changed', { title: 'Pay' }), 'renamed the diagram to “Pay”')
  assert.equal(deed('diagram.changed', { projectId: null }), 'took it out of its project')
  assert.equal(deed('diagram.saved', null), 'saved a version')
  assert.equal(deed('diagram.exploded', 3), 'diagram exploded')
})
