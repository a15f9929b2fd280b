// Connections end: edits made meanwhile are kept and merged, and who may only look changes nothing.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Gate } from '../interop/lib/gate.mjs'
import { agree, agreeWithRest, has } from './lib/agree.mjs'
import { Hand } from './lib/hand.mjs'
import { fixture, Scene } from './lib/scene.mjs'

const REAL = fixture('order-to-delivery')
const VIEW = { x: 20, y: 0, width: 1260, height: 780 }
const scene = await Scene.open()

/**
 * @param {import('node:test').TestContext} t @param {string} id @param {import('./lib/scene.mjs').Who} who
 * @param {import('../interop/lib/gate.mjs').Gate} [gate]
 */
async function sit (t, id, who, gate) {
  const hand = new Hand(await scene.visit(t, id, who, gate))
  await hand.look(VIEW)
  return hand
}

/** A gate that closes when the test ends. @param {import('node:test').TestContext} t */
async function gateBefore (t) {
  const gate = await Gate.before(scene.server)
  t.after(() => gate.stop())
  return gate
}

/** @param {Hand} hand @param {string} state */
const untilConnection = (hand, state) => hand.visitor.until(`the connection is ${state}`,
  state => window.live.diagram.connection.value.state === state, state)

it('who was offline brings along what they edited, and gets what others did', async t => {
  const id = await scene.create(REAL)
  const gate = await gateBefore(t)
  const [ana, ben] = [await sit(t, id, { user: 'ana' }, gate), await sit(t, id, { user: 'ben' })]
  ana.visitor.expectNoConnection()
  gate.shut()
  await ana.visitor.until('Ana is offline', () => window.live.diagram.connection.value.state !== 'online')
  await ana.rename('Check', 'Check offline')
  await ana.append('Refuse', 'append-task', 'Offline')
  await ben.move('Check', 10, -20)
  await ben.replace('Pick', 'replace-with-service-task')
  assert.ok(await ana.page.evaluate(() => window.live.diagram.saved.value.unsaved) > 0)
  gate.open = true
  await untilConnection(ana, 'online')
  const text = await agreeWithRest(scene.server, id, [ana.visitor, ben.visitor])
  has(text, /<bpmn:userTask id="Check" name="Check offline"/)
  has(text, /name="Offline"/)
  has(text, /<bpmn:serviceTask id="Pick"/)
  // The name of the task, the task, the other name.
  for (let step = 0; step < 3; step++) await ana.undo()
  const { text: undone } = await agree([ana.visitor, ben.visitor])
  has(undone, /^(?![\s\S]*[Oo]ffline)/)
})

it('what was edited offline survives a reload of the page', async t => {
  const id = await scene.create(REAL)
  const gate = await gateBefore(t)
  const ana = await sit(t, id, { user: 'ana' }, gate)
  ana.visitor.expectNoConnection()
  gate.shut()
  await ana.visitor.until('Ana is offline', () => window.live.diagram.connection.value.state !== 'online')
  await ana.rename('Check', 'Check offline')
  await ana.page.reload()
  await ana.visitor.until('the diagram is shown', () => Boolean(window.live))
  has(await ana.page.evaluate(() => window.live.xml()), /name="Check offline"/)
  gate.open = true
  await untilConnection(ana, 'online')
  has(await agreeWithRest(scene.server, id, [ana.visitor]), /name="Check offline"/)
})

it('pages outlive the server: killed and started again, it gets what was edited meanwhile', async t => {
  const id = await scene.create(REAL)
  const [ana, ben] = [await sit(t, id, { user: 'ana' }), await sit(t, id, { user: 'ben' })]
  for (const { visitor } of [ana, ben]) visitor.expectNoConnection()
  await ana.rename('Pick', 'Pick before')
  await agree([ana.visitor, ben.visitor])
  await ana.move('Refuse', 20, 0)
  await scene.server.kill('SIGKILL')
  await ana.rename('Check', 'Check meanwhile')
  await ben.delete('Remind')
  await scene.server.launch()
  await untilConnection(ana, 'online')
  await untilConnection(ben, 'online')
  const text = await agreeWithRest(scene.server, id, [ana.visitor, ben.visitor])
  has(text, /name="Pick before"/)
  has(text, /name="Check meanwhile"/)
  has(text, /^(?![\s\S]*"Remind")/)
})

it('a viewer sees everything and changes nothing', async t => {
  const id = await scene.create(REAL)
  const [ana, vic] = [await sit(t, id, { user: 'ana' }), await sit(t, id, { user: 'vic', role: 'viewer' })]
  await vic.move('Refuse', 40, 40)
  await vic.select('Pick')
  await vic.press('Delete')
  const { x, y } = await vic.onScreen(await vic.grip('Check'))
  await vic.page.mouse.dblclick(x, y)
  assert.equal(await vic.page.locator('#canvas .djs-direct-editing-content').count(), 0)
  assert.equal(await vic.page.locator('#canvas .djs-context-pad.open .entry').count(), 0)
  assert.equal(await vic.page.evaluate(() => window.live.xml()), String(REAL))
  await ana.rename('Check', 'Check for all to see')
  const text = await agreeWithRest(scene.server, id, [ana.visitor, vic.visitor])
  has(text, /name="Check for all to see"/)
  await ana.undo()
  assert.equal(await agreeWithRest(scene.server, id, [ana.visitor, vic.visitor]), String(REAL))
})
