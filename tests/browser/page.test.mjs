// The harness itself: a page that complains fails its test, and one that doesn't shows the diagram.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fixture, Scene } from './lib/scene.mjs'

const scene = await Scene.open()

it('the test page shows the diagram that the server has', async t => {
  const id = await scene.create(fixture('prefix-bpmn'))
  const ana = await scene.visit(t, id)
  assert.equal(await ana.page.locator('[data-element-id="Task_1"]').count(), 1)
  assert.ok(await ana.page.evaluate(() => window.live.diagram.doc.getMap('nodes').has('Task_1')))
})

it('what a page complains about is noticed', async t => {
  const ana = await scene.enter(t)
  await ana.page.goto(`${scene.server.url}/healthz`)
  const thrown = ana.page.waitForEvent('pageerror')
  await ana.page.evaluate(() => {
    console.warn('a warning')
    setTimeout(() => { throw new Error('an error') })
  })
  await thrown
  assert.equal(ana.complaints.length, 2)
  ana.complaints.length = 0
})
