// What bpmn-js does to a model, action by action, through the real server. After each, both pages, the server's
// document and a fresh modeler that opens it show the same; undone, all show what was there before; redone, what
// was there after.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { agree, difference } from './lib/agree.mjs'
import { Scene } from './lib/scene.mjs'

const scene = await Scene.open()
const { actions, diagrams } = await scene.samples()

for (const [name, xml] of Object.entries(diagrams)) {
  it(`on the diagram ${name}`, { timeout: 400_000 }, async t => {
    const id = await scene.create(xml)
    const [ana, ben] = [await scene.visit(t, id, { user: 'ana' }), await scene.visit(t, id, { user: 'ben' })]
    // Some actions undo by themselves.
    for (const { name: action } of actions.filter(({ diagram, name: action }) => diagram === name && !/undo/.test(action))) {
      await t.test(action, async () => {
        const before = await agree([ana, ben])
        const steps = await ana.page.evaluate(action => window.live.act(action), action)
        const after = await agree([ana, ben], ana)
        assert.notEqual(after.text, before.text, 'the action did something')
        await times(ana, steps, 'undo')
        same((await agree([ana, ben])).lines, before.lines, 'undone, it shows what was there before')
        await times(ana, steps, 'redo')
        same((await agree([ana, ben])).lines, after.lines, 'redone, it shows what was there after')
        await times(ana, steps, 'undo')
        same((await agree([ana, ben])).lines, before.lines, 'undone again')
      })
    }
    // What was changed back comes out as the file that it was, unless a namespace stays.
    const { text } = await agree([ana, ben])
    assert.ok([xml, text].includes(await scene.server.xml(id)), 'the server has what the pages have')
  })
}

/** @param {import('./lib/visitor.mjs').Visitor} visitor @param {number} steps @param {'undo' | 'redo'} what */
const times = (visitor, steps, what) => visitor.page.evaluate(({ steps, what }) => {
  for (let n = 0; n < steps; n++) window.live.services.commandStack[what]()
}, { steps, what })

/**
 * Namespaces stay declared when their use is undone; all else must be equal.
 * @param {string[]} shown @param {string[]} expected @param {string} message
 */
function same (shown, expected, message) {
  const lines = difference(shown, expected).filter(line => !/^. model {2}bpmn:definitions/.test(line))
  assert.equal(lines.length, 0, `${message}\n${lines.join('\n')}`)
}
