// Two people edit one diagram by mouse and keyboard. After every gesture both pages, the server's text and a fresh
// modeler that opens it show the same, and nobody's console said anything.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { agreeWithRest, has } from './lib/agree.mjs'
import { Hand } from './lib/hand.mjs'
import { fixture, Scene } from './lib/scene.mjs'

const scene = await Scene.open()
const REAL = fixture('order-to-delivery')
/** All of it. */
const VIEW = { x: 20, y: 0, width: 1260, height: 780 }

/** @param {import('node:test').TestContext} t @param {string} user @param {string} diagram */
async function sit (t, user, diagram) {
  const hand = new Hand(await scene.visit(t, diagram, { user }))
  await hand.look(VIEW)
  return hand
}

/**
 * Each gesture is made by one of the two, in turns; it returns what the server's text must then match.
 * @type {[string, (hand: Hand) => Promise<RegExp>][]}
 */
const GESTURES = [
  ['creates a task from the palette', async hand => {
    await hand.create('task', { x: 950, y: 230 }, 'Archive')
    await hand.called('Archive')
    return /<bpmn:task id="\w+" name="Archive"/
  }],
  ['appends a task by the context pad', async hand => {
    await hand.append('Refuse', 'append-task', 'Call them')
    await hand.called('Call them')
    return /name="Call them"[\s\S]*sourceRef="Refuse"/
  }],
  ['moves a task with its flows', async hand => {
    await hand.move('Refuse', 30, -20)
    return /bpmnElement="Refuse">\s*<dc:Bounds x="620" y="120"/
  }],
  ['resizes the sub-process by a handle', async hand => {
    await hand.resize('Pay', 20, 10)
    return /bpmnElement="Pay"[^>]*>\s*<dc:Bounds x="620" y="305" width="2[89]\d" height="1[56]\d"/
  }],
  ['connects two elements', async hand => {
    await hand.connect('Remind', 'Pick')
    return /sourceRef="Remind" targetRef="Pick"/
  }],
  ['renames a task by a double click', async hand => {
    await hand.rename('Check', 'Check the order')
    return /id="Check" name="Check the order"/
  }],
  ['renames an event, whose label is outside', async hand => {
    await hand.rename('Received', 'Order came in')
    return /id="Received" name="Order came in"/
  }],
  ['bends a flow', async hand => {
    await hand.drag({ x: 945, y: 380 }, { x: 945, y: 440 })
    return /bpmnElement="F7">(?:\s*<di:waypoint [^>]*>){3,}/
  }],
  ['moves an external label', async hand => {
    await hand.move('Refused_label', 10, 15)
    return /bpmnElement="Refused">/
  }],
  ['makes a task a service task', async hand => {
    await hand.replace('Pick', 'replace-with-service-task')
    return /<bpmn:serviceTask id="Pick" name="Pick goods"/
  }],
  ['deletes a task with what hangs on it', async hand => {
    await hand.delete('Check')
    return /^(?![\s\S]*"(?:Check|Overdue|F2|D1)")/
  }],
  ['copies and pastes', async hand => {
    await hand.select('Charge')
    await hand.press('Control+c')
    await hand.press('Control+v')
    const { x, y } = await hand.onScreen({ x: 1080, y: 230 })
    await hand.page.mouse.move(x - 5, y)
    await hand.page.mouse.move(x, y, { steps: 3 })
    await hand.page.mouse.click(x, y)
    return /name="Charge card"[\s\S]*name="Charge card"/
  }]
]

it('every gesture of one shows at the other and at the server', { timeout: 300_000 }, async t => {
  const id = await scene.create(REAL)
  const hands = [await sit(t, 'ana', id), await sit(t, 'ben', id)]
  const visitors = hands.map(({ visitor }) => visitor)
  assert.equal(await agreeWithRest(scene.server, id, visitors), String(REAL))
  for (const [index, [what, gesture]] of GESTURES.entries()) {
    await t.test(`${index % 2 ? 'Ben' : 'Ana'} ${what}`, async () => {
      const expected = await gesture(/** @type {Hand} */ (hands[index % 2]))
      const text = await agreeWithRest(scene.server, id, visitors)
      has(text, expected)
    })
  }
})
