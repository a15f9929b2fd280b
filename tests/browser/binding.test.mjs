// The binding between a live document and bpmn-js: whatever one person does, the other one sees it, and both see
// what somebody sees who opens the document's XML afresh.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Scene } from './lib/scene.mjs'

const scene = await Scene.open()

it('whatever one person does, everybody sees', async t => {
  const visitor = await scene.enterPair(t)
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

/** Sessions per diagram; each takes half a second. */
const SESSIONS = Number(process.env.ATELIER_SESSIONS ?? 8)
const ROUNDS = 4

it('whatever two people do at once, both see the same in the end', async t => {
  const visitor = await scene.enterPair(t)
  const diagrams = await visitor.page.evaluate(() => window.pair.diagrams)
  for (const [name, text] of Object.entries(diagrams)) {
    for (let seed = 1; seed <= SESSIONS; seed++) {
      await t.test(`${name}, seed ${seed}`, async () => {
        const { log, sight, fallbacks } = await visitor.page.evaluate(
          ([text, seed, rounds]) => window.pair.playSession(text, seed, rounds), [text, seed, ROUNDS])
        const story = log.join('\n')
        assert.deepEqual(sight.ana, sight.fresh, story)
        assert.deepEqual(sight.ben, sight.fresh, story)
        assert.deepEqual([...sight.warnings, ...fallbacks, ...visitor.complaints], [], story)
      })
    }
  }
})
