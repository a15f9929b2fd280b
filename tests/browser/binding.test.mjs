// The binding between a live document and bpmn-js: whatever one person does, the other one sees it, and both see
// what somebody sees who opens the document's XML afresh.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Scene } from './lib/scene.mjs'

const scene = await Scene.open()

/** The page with two modelers. @param {import('node:test').TestContext} t */
async function openPair (t) {
  const visitor = await scene.enter(t)
  await visitor.page.goto(`${scene.origin}/pair.html`)
  await visitor.until('the page is ready', () => Boolean(window.pair))
  return visitor
}

it('whatever one person does, everybody sees', async t => {
  const visitor = await openPair(t)
  for (const action of await visitor.page.evaluate(() => window.pair.actions)) {
    await t.test(action, async t => {
      const outcome = await visitor.page.evaluate(name => window.pair.perform(name), action)
      const { updates, arrived, answered, fallbacks } = outcome
      t.diagnostic(`${updates.join(' + ')} bytes`)
      assert.ok(updates.length > 0, 'it was written')
      assert.deepEqual(arrived.ana.model, arrived.fresh.model, 'the model of the one who acts')
      assert.deepEqual(arrived.ben, arrived.fresh, 'the canvas of the other')
      assert.deepEqual(answered.ana, answered.fresh, 'the canvas of the one who acted, once the other acts')
      assert.deepEqual(answered.ben, answered.fresh)
      assert.deepEqual([...arrived.warnings, ...answered.warnings, ...fallbacks, ...visitor.complaints], [])
    })
  }
})
