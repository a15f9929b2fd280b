// Several people at once: nobody disturbs what another does, undo takes back only one's own, and all agree.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { agree, agreeWithRest, has } from './lib/agree.mjs'
import { Hand } from './lib/hand.mjs'
import { fixture, Scene } from './lib/scene.mjs'

const scene = await Scene.open()
const REAL = fixture('order-to-delivery')
const VIEW = { x: 20, y: 0, width: 1260, height: 780 }

/** As many people as names, each in front of the same diagram. @param {import('node:test').TestContext} t @param {string[]} names */
async function gather (t, ...names) {
  const id = await scene.create(REAL)
  const hands = []
  for (const user of names) {
    const hand = new Hand(await scene.visit(t, id, { user }))
    await hand.look(VIEW)
    hands.push(hand)
  }
  return { id, hands, visitors: hands.map(({ visitor }) => visitor) }
}

/** The name of an element. @param {Hand} hand @param {string} id */
const nameOf = (hand, id) =>
  hand.page.evaluate(id => window.live.services.elementRegistry.get(id)?.businessObject.name, id)

/** Moves a shape as fast as a program can, so that two do it at once. @param {Hand} hand @param {string} id @param {number} x @param {number} y */
const nudge = (hand, id, x, y) => hand.page.evaluate(({ id, x, y }) => {
  const { modeling, elementRegistry } = window.live.services
  modeling.moveElements([elementRegistry.get(id)], { x, y })
}, { id, x, y })

/** @param {Hand} hand */
const canUndo = hand => hand.page.evaluate(() => [
  window.live.services.commandStack.canUndo(), window.live.services.commandStack.canRedo()])

it('undo by the keyboard takes back only what one did oneself', async t => {
  const { id, hands: [ana, ben], visitors } = await gather(t, 'ana', 'ben')
  if (!ana || !ben) throw new Error('nobody came')
  await ana.rename('Check', 'Check twice')
  await agree(visitors)
  await ben.rename('Pick', 'Pick all')
  await ben.move('Refuse', 40, 10)
  const moved = await ben.box('Refuse')
  await agree(visitors)
  assert.deepEqual(await canUndo(ana), [true, false])

  await ana.undo()
  await agree(visitors)
  assert.deepEqual([await nameOf(ben, 'Check'), await nameOf(ana, 'Pick')], ['Check order', 'Pick all'])
  assert.deepEqual(await canUndo(ana), [false, true])
  await ana.undo()
  await agree(visitors)
  assert.deepEqual(await ana.box('Refuse'), moved, "nothing of Ben's is Ana's to undo")

  await ana.redo()
  await ben.undo()
  await agreeWithRest(scene.server, id, visitors)
  assert.deepEqual([await nameOf(ben, 'Check'), await nameOf(ana, 'Pick')], ['Check twice', 'Pick all'])
  assert.notDeepEqual(await ana.box('Refuse'), moved)
})

it('an undone delete comes back with what others had made of it', async t => {
  const { id, hands: [ana, ben], visitors } = await gather(t, 'ana', 'ben')
  if (!ana || !ben) throw new Error('nobody came')
  await ben.rename('Refuse', 'Refuse politely')
  await ben.replace('Refuse', 'replace-with-user-task')
  await agree(visitors)
  await ana.delete('Refuse')
  await agree(visitors)
  await ben.rename('Check', 'Check again')
  await agree(visitors)
  await ana.undo()
  const text = await agreeWithRest(scene.server, id, visitors)
  has(text, /<bpmn:userTask id="Refuse" name="Refuse politely"/)
  has(text, /name="Check again"/)
  has(text, /id="F3"[^>]*targetRef="Refuse"/)
})

it('an open label, a selection and a view stay while others edit', async t => {
  const { hands: [ana, ben], visitors } = await gather(t, 'ana', 'ben')
  if (!ana || !ben) throw new Error('nobody came')
  const { x, y } = await ana.onScreen(await ana.grip('Pick'))
  await ana.page.mouse.dblclick(x, y)
  await ana.page.keyboard.press('Control+a')
  await ana.page.keyboard.type('Pick')
  const seen = () => ana.page.evaluate(() => {
    const { x, y, scale } = window.live.services.canvas.viewbox()
    return { x, y, scale, selected: window.live.services.selection.get().map((/** @type {any} */ { id }) => id) }
  })
  const before = await seen()
  await ben.move('Check', 20, -10)
  await ben.rename('Remind', 'Remind them')
  await ana.visitor.until('it arrived', () =>
    window.live.services.elementRegistry.get('Remind').businessObject.name === 'Remind them')
  assert.equal(await ana.page.locator('#canvas .djs-direct-editing-content').textContent(), 'Pick')
  await ana.page.keyboard.type(' everything')
  await ana.page.keyboard.press('Enter')
  await agree(visitors)
  assert.equal(await nameOf(ben, 'Pick'), 'Pick everything')
  assert.deepEqual(await seen(), before)
})

it('what one drags stays in their hand while others move it', async t => {
  const { hands: [ana, ben], visitors } = await gather(t, 'ana', 'ben')
  if (!ana || !ben) throw new Error('nobody came')
  const from = await ana.grip('Pick')
  const [start, end] = [await ana.onScreen(from), await ana.onScreen({ x: from.x + 30, y: from.y + 20 })]
  await ana.page.mouse.move(start.x, start.y)
  await ana.page.mouse.down()
  await ana.page.mouse.move(end.x, end.y, { steps: 4 })
  await ben.move('Pick', -20, 10)
  await ben.move('Remind', 0, 20)
  await ana.visitor.until("Ben's edits are in the document", () =>
    window.live.xml().includes('<dc:Bounds x="300" y="360"'))
  await ana.page.mouse.up()
  await agree(visitors)
})

it('three people who edit at the same time agree in the end', { timeout: 120_000 }, async t => {
  const { id, hands: [ana, ben, cy], visitors } = await gather(t, 'ana', 'ben', 'cy')
  if (!ana || !ben || !cy) throw new Error('nobody came')
  for (let round = 0; round < 2; round++) {
    await Promise.all([
      (async () => {
        await nudge(ana, 'Refuse', 15, 10)
        await ana.append('Remind', 'append-task', `Ana ${round}`)
        await ana.rename('Check', `Check ${round}`)
      })(),
      (async () => {
        await ben.rename('Check', `Look ${round}`)
        await nudge(ben, 'Refuse', -10, 10)
        await ben.create('task', { x: 1100, y: 130 + 100 * round }, `Ben ${round}`)
      })(),
      (async () => {
        await cy.replace('Charge', round ? 'replace-with-user-task' : 'replace-with-script-task')
        await cy.delete(round ? 'Note' : 'Order')
        await cy.undo()
      })()
    ])
    const text = await agreeWithRest(scene.server, id, visitors)
    for (const name of [`Ana ${round}`, `Ben ${round}`]) assert.ok(text.includes(`name="${name}"`), name)
  }
})
