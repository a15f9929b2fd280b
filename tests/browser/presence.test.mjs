// Who is here, on each other's canvas: cursors, selections, drags, and following somebody.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fixture, Scene } from './lib/scene.mjs'

const scene = await Scene.open()

/** @typedef {import('./lib/visitor.mjs').Visitor} Visitor */
/** @typedef {{ x: number, y: number }} Point */

/** Ana and Ben on one diagram. @param {import('node:test').TestContext} t @param {string} name of a fixture */
async function pair (t, name) {
  const id = await scene.create(fixture(name))
  const ana = await scene.visit(t, id, { user: 'ana' })
  const ben = await scene.visit(t, id, { user: 'ben' })
  return { ana, ben }
}

/** Where on somebody's screen a point of the diagram is. @param {Visitor} visitor @param {Point} point */
const onScreen = (visitor, { x, y }) => visitor.page.evaluate(({ x, y }) => {
  const canvas = window.live.modeler.get('canvas')
  const box = canvas.viewbox()
  const { left, top } = canvas.getContainer().getBoundingClientRect()
  return { x: left + (x - box.x) * box.scale, y: top + (y - box.y) * box.scale }
}, { x, y })

/** Waits until the one mark of this kind is where a point of the diagram is. */
async function untilMarkedAt (/** @type {Visitor} */ visitor, /** @type {string} */ mark, /** @type {Point} */ point) {
  const expected = await onScreen(visitor, point)
  await visitor.until(`${mark} is at ${expected.x}, ${expected.y}`, ({ mark, expected }) => {
    const marks = document.querySelectorAll(`.atelier-${mark}`)
    const box = marks[0]?.getBoundingClientRect()
    return marks.length === 1 && box && Math.hypot(box.x - expected.x, box.y - expected.y) < 1.5
  }, { mark, expected })
}

/** @param {Visitor} visitor @param {string} mark */
const untilUnmarked = (visitor, mark) =>
  visitor.until(`no ${mark} is left`, mark => !document.querySelector(`.atelier-${mark}`), mark)

/** @param {Visitor} visitor @param {Point & { width: number, height: number }} box */
const look = (visitor, box) => visitor.page.evaluate(box => { window.live.modeler.get('canvas').viewbox(box) }, box)

/** The box of a shape. @param {Visitor} visitor @param {string} id @returns {Promise<Point & { width: number, height: number }>} */
const shape = (visitor, id) => visitor.page.evaluate(id => {
  const { x, y, width, height } = window.live.modeler.get('elementRegistry').get(id)
  return { x, y, width, height }
}, id)

it('a cursor is seen with its name at the same place of the diagram, whatever each of them looks at', async t => {
  const { ana, ben } = await pair(t, 'prefix-bpmn')
  await look(ben, { x: -100, y: -50, width: 2560, height: 1600 })
  const point = { x: 300, y: 140 }
  const { x, y } = await onScreen(ana, point)
  await ana.page.mouse.move(x, y)
  await untilMarkedAt(ben, 'cursor', point)
  assert.equal(await ben.page.locator('.atelier-name').textContent(), 'ana')
  assert.equal(await ben.page.locator('.atelier-presence').getAttribute('aria-hidden'), 'true')

  const before = await ben.page.locator('.atelier-cursor').boundingBox()
  await look(ben, { x: 0, y: 0, width: 640, height: 400 })
  await untilMarkedAt(ben, 'cursor', point)
  const zoomed = await ben.page.locator('.atelier-cursor').boundingBox()
  assert.deepEqual([zoomed?.width, zoomed?.height], [before?.width, before?.height])

  await ana.page.evaluate(() => document.querySelector('.djs-container')?.dispatchEvent(new Event('pointerleave')))
  await untilUnmarked(ben, 'cursor')
})

it('what others select is outlined in their colour', async t => {
  const { ana, ben } = await pair(t, 'prefix-bpmn')
  await ana.page.locator('[data-element-id="Task_1"]').click()
  const task = await shape(ben, 'Task_1')
  await untilMarkedAt(ben, 'selection', { x: task.x - 5, y: task.y - 5 })
  const shown = await ben.page.locator('.atelier-selection').evaluate(mark => getComputedStyle(mark).borderTopColor)
  const [red, green, blue] = [1, 3, 5].map(at => Number.parseInt(ana.color.slice(at, at + 2), 16))
  assert.equal(shown, `rgb(${red}, ${green}, ${blue})`)
  assert.equal(await ana.page.locator('.atelier-selection').count(), 0, 'nobody sees an own selection twice')
  await ana.page.keyboard.press('Escape')
  await ana.page.mouse.click(5, 5)
  await untilUnmarked(ben, 'selection')
})

it('what others drag goes along as a ghost until they drop it', async t => {
  const { ana, ben } = await pair(t, 'prefix-bpmn')
  const task = await shape(ana, 'Task_1')
  const from = await onScreen(ana, { x: task.x + 20, y: task.y + 20 })
  const to = await onScreen(ana, { x: task.x + 120, y: task.y + 90 })
  await ana.page.mouse.move(from.x, from.y)
  await ana.page.mouse.down()
  await ana.page.mouse.move(to.x, to.y, { steps: 8 })
  const dragged = await ana.until('the drag is shown', () => window.live.diagram.awareness.here.drag?.Task_1)
  await untilMarkedAt(ben, 'ghost', dragged)
  assert.notDeepEqual(dragged, task)
  await ana.page.mouse.up()
  await untilUnmarked(ben, 'ghost')
})

it('who follows sees what the other sees, until they act themselves', async t => {
  const { ana, ben } = await pair(t, 'prefix-bpmn')
  const client = await ana.page.evaluate(() => window.live.diagram.awareness.client)
  await ben.until('Ben knows Ana', client =>
    window.live.diagram.awareness.others.value.some((/** @type {any} */ other) => other.client === client), client)
  await ben.page.evaluate(client => window.live.presence.follow(client), client)
  assert.equal(await ben.page.locator('.atelier-presence[data-following]').count(), 1)
  await ana.page.evaluate(() => {
    window.live.modeler.get('canvas').viewbox({ x: 250, y: 120, width: 320, height: 200 })
  })
  await ben.until('Ben sees the same', () => {
    const { x, y } = window.live.modeler.get('canvas').viewbox()
    return Math.abs(x - 250) < 1 && Math.abs(y - 120) < 1
  })
  await ben.page.mouse.move(600, 400)
  await ben.page.mouse.wheel(0, 120)
  await ben.until('Ben is free', () => window.live.presence.following.value === undefined)
  assert.equal(await ben.page.locator('.atelier-presence[data-following]').count(), 0)
})

it('on another plane nobody is seen, and following goes there', async t => {
  const { ana, ben } = await pair(t, 'collapsed-subprocess')
  await ana.page.mouse.move(400, 300)
  await ben.until('Ben sees Ana', () => document.querySelector('.atelier-cursor'))
  await ana.page.locator('.bjs-drilldown').first().click()
  await untilUnmarked(ben, 'cursor')
  const client = await ana.page.evaluate(() => window.live.diagram.awareness.client)
  await ben.page.evaluate(client => window.live.presence.follow(client), client)
  const root = await ana.page.evaluate(() => window.live.modeler.get('canvas').getRootElement().id)
  await ben.until('Ben is there too', root => window.live.modeler.get('canvas').getRootElement().id === root, root)
  await ana.page.mouse.move(420, 320)
  await ben.until('Ben sees Ana', () => document.querySelector('.atelier-cursor'))
})

it('who leaves takes their marks along, and is followed no more', async t => {
  const { ana, ben } = await pair(t, 'prefix-bpmn')
  await ana.page.locator('[data-element-id="Task_1"]').click()
  await ben.until('Ben sees Ana', () => document.querySelector('.atelier-selection'))
  await ben.page.evaluate(client => window.live.presence.follow(client),
    await ana.page.evaluate(() => window.live.diagram.awareness.client))
  await ana.page.evaluate(() => window.live.diagram.close())
  await untilUnmarked(ben, 'selection')
  await ben.until('Ben is free', () => window.live.presence.following.value === undefined)
})
