// What the browser keeps of a diagram, in a stand-in for IndexedDB.
import 'fake-indexeddb/auto'
import assert from 'node:assert/strict'
import { it } from 'node:test'
import * as Y from 'yjs'
import { browserCopies } from '../src/client/browser-copies.ts'
import { type Copies, type Copy, type Kept, pageCopies } from '../src/client/copies.ts'
import { COPIES, COPY_ROWS } from '../src/client/limits.ts'

let databases = 0
/** A browser of its own. */
const browser = () => `browser ${++databases}`

const update = (change: (doc: Y.Doc) => void): Uint8Array => {
  const doc = new Y.Doc()
  change(doc)
  return Y.encodeStateAsUpdate(doc)
}
const entry = (key: string) => update((doc) => doc.getMap('nodes').set(key, 1))
const keysOf = (doc: Y.Doc) => [...doc.getMap('nodes').keys()].sort()
const keys = (updates: readonly Uint8Array[]) => {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  return keysOf(doc)
}

async function open(
  copies: Copies,
  user = 'ana',
  diagram = 'd',
): Promise<{ copy: Copy; kept: Kept; strays: readonly Copy[] }> {
  const { copy, strays } = await copies.open(user, diagram)
  return { copy, strays, kept: await copy.load() }
}

it('a copy comes back as it was: what is saved, and own edits with their time', async () => {
  const name = browser()
  const { copy, kept } = await open(browserCopies(name))
  assert.deepEqual(kept, { saved: [], unsaved: [] })
  copy.addSaved(entry('theirs'))
  copy.addUnsaved(1, entry('first'), 10)
  copy.addUnsaved(2, entry('second'), 20)
  copy.acknowledge(1)
  copy.remember('viewer')
  await copy.close()
  const again = (await open(browserCopies(name))).kept
  assert.deepEqual(keys(again.saved), ['first', 'theirs'])
  assert.deepEqual(
    again.unsaved.map(({ update, at }) => [keys([update]), at]),
    [[['second'], 20]],
  )
  assert.equal(again.role, 'viewer')
})

it('edits of an earlier visit are acknowledged under the numbers 1, 2, 3', async () => {
  const name = browser()
  const before = await open(browserCopies(name))
  before.copy.addUnsaved(1, entry('a'), 1)
  before.copy.addUnsaved(2, entry('b'), 2)
  await before.copy.close()
  const now = await open(browserCopies(name))
  now.copy.addUnsaved(3, entry('c'), 3)
  now.copy.acknowledge(2)
  await now.copy.close()
  const after = await open(browserCopies(name))
  assert.deepEqual(
    after.kept.unsaved.map(({ update }) => keys([update])),
    [['c']],
  )
  assert.deepEqual(keys(after.kept.saved), ['a', 'b'])
})

it('neither another user nor another diagram sees it', async () => {
  const copies = browserCopies(browser())
  const { copy } = await open(copies)
  copy.addUnsaved(1, entry('a'), 1)
  await copy.flush()
  assert.deepEqual((await open(copies, 'bob')).kept.unsaved, [])
  assert.deepEqual((await open(copies, 'ana', 'e')).kept.unsaved, [])
})

it('two windows of one user write side by side, and merging their rows loses nothing', async () => {
  const name = browser()
  const [one, two] = [await open(browserCopies(name)), await open(browserCopies(name))]
  for (let i = 0; i <= COPY_ROWS; i++) {
    one.copy.addUnsaved(i + 1, entry(`one ${i}`), i)
    two.copy.addSaved(entry(`two ${i}`))
    if (i % 10 === 0) await two.copy.flush()
  }
  one.copy.acknowledge(COPY_ROWS)
  await Promise.all([one.copy.close(), two.copy.close()])
  const { kept } = await open(browserCopies(name))
  assert.equal(keys(kept.saved).length, 2 * COPY_ROWS + 1)
  assert.equal(kept.unsaved.length, 1)
  assert.ok(kept.saved.length < COPY_ROWS / 2, `${kept.saved.length} rows`)
})

for (const [kind, make] of [
  ['of the browser', () => browserCopies(browser())],
  ['of the page', () => pageCopies],
] as const) {
  it(`a copy ${kind} knows what the server had, without the edits that it may lack`, async () => {
    const { copy } = await open(make())
    copy.addSaved(entry('theirs'))
    copy.addUnsaved(1, entry('saved'), 1)
    copy.addUnsaved(2, entry('unsaved'), 2)
    copy.acknowledge(1)
    assert.deepEqual(keysOf(await copy.base()), ['saved', 'theirs'])
  })
}

it('a copy that is replaced stays as a stray; two windows that replace it share the new one', async () => {
  const name = browser()
  const copies = browserCopies(name)
  const [one, two] = [await open(copies), await open(copies)]
  one.copy.addUnsaved(1, entry('old'), 1)
  const next = await copies.replace(one.copy)
  await next.load()
  next.addSaved(entry('new'))
  await next.close()
  two.copy.remember('editor')
  two.copy.addUnsaved(1, entry('late'), 2)
  const shared = await copies.replace(two.copy)
  assert.deepEqual(keys((await shared.load()).saved), ['new'])
  await two.copy.close()

  const again = await open(browserCopies(name))
  assert.deepEqual(keys(again.kept.saved), ['new'])
  assert.equal(again.strays.length, 1)
  const [stray] = again.strays
  assert.deepEqual(keys((await stray?.load())?.unsaved.map(({ update }) => update) ?? []), ['late', 'old'])
  await stray?.retire()
  assert.equal((await open(browserCopies(name))).strays.length, 0)
})

it('a copy goes when its window needs it no more, but not with the unsaved edits of another window', async () => {
  const name = browser()
  const copies = browserCopies(name)
  const [one, two] = [await open(copies), await open(copies)]
  one.copy.addUnsaved(1, entry('one'), 1)
  two.copy.addUnsaved(1, entry('two'), 2)
  await copies.replace(one.copy)
  await one.copy.retire()
  const { strays } = await open(browserCopies(name))
  const kept = await strays[0]?.load()
  assert.deepEqual(kept && [keys(kept.saved), kept.unsaved.map(({ update }) => keys([update]))], [
    ['one'],
    [['two']],
  ])
  await strays[0]?.retire()
  assert.equal((await open(browserCopies(name))).strays.length, 0)
})

it('of too many copies the least recently used go, but none with unsaved edits', async (t) => {
  t.mock.timers.enable({ apis: ['Date'] })
  const copies = browserCopies(browser())
  const precious = await open(copies, 'ana', 'precious')
  precious.copy.addUnsaved(1, entry('unsaved'), 1)
  await precious.copy.close()
  for (let i = 0; i < COPIES + 3; i++) {
    t.mock.timers.tick(1_000)
    const { copy } = await open(copies, 'ana', `d${i}`)
    copy.addSaved(entry('saved'))
    await copy.close()
  }
  const left = async (diagram: string) => (await open(copies, 'ana', diagram)).kept
  assert.equal((await left('precious')).unsaved.length, 1)
  assert.equal((await left(`d${COPIES + 2}`)).saved.length, 1)
  assert.equal((await left('d0')).saved.length, 0)
})

it('a copy that the browser refuses to write says so once, and goes on without', async (t) => {
  const { copy } = await open(browserCopies(browser()))
  const told = t.mock.fn()
  copy.onBroken = told
  t.mock.method(IDBObjectStore.prototype, 'put', () => {
    throw new DOMException('no space left', 'QuotaExceededError')
  })
  copy.addUnsaved(1, entry('a'), 1)
  copy.addUnsaved(2, entry('b'), 1)
  copy.acknowledge(1)
  await copy.close()
  assert.equal(told.mock.callCount(), 1)
})
