// What bpmn-js does to a model, command by command. After each, both pages, the server's text and a fresh modeler
// that opens it show the same; undone, all show what was there before; redone, what was there after.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { agree, agreeWithRest, difference } from './lib/agree.mjs'
import { fixture, Scene } from './lib/scene.mjs'

const scene = await Scene.open()

/**
 * Functions that run in the page.
 * @typedef {Record<string, (services: any, element: (id: string) => any) => unknown>} Commands
 */

/** @type {Commands} */
const FLOWS = {
  'connects': ({ modeling }, $) => modeling.connect($('Remind'), $('Pick')),
  'turns a flow to another target': ({ modeling }, $) => modeling.reconnectEnd($('F4'), $('Remind'), { x: 400, y: 380 }),
  'turns a flow to another source': ({ modeling }, $) => modeling.reconnectStart($('F5'), $('Check'), { x: 350, y: 140 }),
  'lays a flow out anew': ({ modeling }, $) => modeling.updateWaypoints($('F7'), [
    { x: 890, y: 380 }, { x: 940, y: 380 }, { x: 940, y: 440 }, { x: 1020, y: 440 }, { x: 1020, y: 398 }]),
  'moves the label of a flow': ({ modeling }, $) => modeling.moveShape($('F3').label, { x: 5, y: -12 }),
  'gives a flow a condition': ({ modeling, moddle }, $) => modeling.updateProperties($('F4'), {
    conditionExpression: moddle.create('bpmn:FormalExpression', { body: 'stock > 0' })
  }),
  'makes another flow the default': ({ modeling }, $) => modeling.updateProperties($('InStock'), {
    default: $('F3').businessObject
  }),
  'connects pools': ({ modeling }, $) => modeling.connect($('Customer'), $('Received'), { type: 'bpmn:MessageFlow' }),
  'takes a flow away': ({ modeling }, $) => modeling.removeConnection($('F9'))
}

/** @type {Commands} */
const SHAPES = {
  'creates a gateway': ({ modeling, elementFactory }, $) =>
    modeling.createShape(elementFactory.createShape({ type: 'bpmn:ParallelGateway' }), { x: 950, y: 230 }, $('Shop')),
  'appends an end event': ({ modeling, elementFactory }, $) =>
    modeling.appendShape($('Remind'), elementFactory.createShape({ type: 'bpmn:EndEvent' }), { x: 350, y: 455 }, $('Shop')),
  'renames': ({ modeling }, $) => modeling.updateLabel($('Pick'), 'Pick\nall goods'),
  'takes a name away': ({ modeling }, $) => modeling.updateLabel($('Refused'), ''),
  'moves': ({ modeling }, $) => modeling.moveElements([$('Check'), $('InStock')], { x: 10, y: -15 }),
  'moves to another lane': ({ modeling }, $) => modeling.moveElements([$('Refuse')], { x: 300, y: 180 }, $('Shop')),
  'resizes': ({ modeling }, $) => modeling.resizeShape($('Pick'), { x: 440, y: 330, width: 120, height: 100 }),
  'makes room': ({ spaceTool, modeling }, $) => {
    const moving = ['Sent'].map($)
    modeling.createSpace(moving, [], { x: 40, y: 0 }, 'e', 950)
    return spaceTool
  },
  'aligns': ({ alignElements }, $) => alignElements.trigger([$('Remind'), $('Pick')], 'top'),
  'makes a task a user task': ({ bpmnReplace }, $) => bpmnReplace.replaceElement($('Refuse'), { type: 'bpmn:UserTask' }),
  'makes a gateway parallel': ({ bpmnReplace }, $) =>
    bpmnReplace.replaceElement($('InStock'), { type: 'bpmn:ParallelGateway' }),
  'makes a task a collapsed sub-process': ({ bpmnReplace }, $) =>
    bpmnReplace.replaceElement($('Pick'), { type: 'bpmn:SubProcess', isExpanded: false }),
  'puts an event on a task': ({ modeling, elementFactory }, $) => modeling.createShape(
    elementFactory.createShape({ type: 'bpmn:BoundaryEvent', eventDefinitionType: 'bpmn:ErrorEventDefinition' }),
    { x: 400, y: 420 }, $('Remind'), { attach: true }),
  'moves an event along its task': ({ modeling }, $) => modeling.moveElements([$('Overdue')], { x: -60, y: 0 }, $('Check'), { attach: true }),
  'collapses a sub-process': ({ bpmnReplace }, $) =>
    bpmnReplace.replaceElement($('Pay'), { type: 'bpmn:SubProcess', isExpanded: false }),
  'colours': ({ modeling }, $) => modeling.setColor([$('Check'), $('F1')], { stroke: '#1e88e5', fill: '#bbdefb' }),
  'writes on a note': ({ modeling }, $) => modeling.updateLabel($('Note'), 'Politely'),
  'groups': ({ modeling, elementFactory }, $) =>
    modeling.createShape(elementFactory.createShape({ type: 'bpmn:Group' }), { x: 620, y: 200 }, $('Trade')),
  'takes several away': ({ modeling }, $) => modeling.removeElements([$('Check'), $('Refuse')]),
  'takes a sub-process away with all in it': ({ modeling }, $) => modeling.removeElements([$('Pay')])
}

/** @type {Commands} */
const DATA = {
  'documents': ({ modeling, moddle }, $) => modeling.updateProperties($('Pick'), {
    documentation: [moddle.create('bpmn:Documentation', { text: 'From the shelf.\nOr the cellar.' })]
  }),
  'renames an id': ({ modeling }, $) => modeling.updateProperties($('Pick'), { id: 'PickAll' }),
  'sets an attribute': ({ modeling }, $) => modeling.updateProperties($('Delivery') ?? $('Shop'), { name: 'Our shop' }),
  'sets an attribute of a process': ({ modeling }, $) =>
    modeling.updateModdleProperties($('Shop'), $('Shop').businessObject.processRef, { isExecutable: false, name: 'Delivery' }),
  'changes the time of a timer': ({ modeling, moddle }, $) => modeling.updateModdleProperties(
    $('Overdue'), $('Overdue').businessObject.eventDefinitions[0],
    { timeDuration: undefined, timeDate: moddle.create('bpmn:FormalExpression', { body: '2027-01-01T00:00:00Z' }) }),
  'repeats': ({ modeling, moddle }, $) => modeling.updateProperties($('Charge'), {
    loopCharacteristics: moddle.create('bpmn:MultiInstanceLoopCharacteristics', { isSequential: true })
  }),
  'extends': ({ modeling, moddle }, $) => modeling.updateProperties($('Charge'), {
    extensionElements: moddle.create('bpmn:ExtensionElements', {
      values: [moddle.createAny('acme:retry', 'http://example.com/acme', { times: '3' })]
    })
  }),
  'puts data down': ({ modeling, elementFactory }, $) =>
    modeling.createShape(elementFactory.createShape({ type: 'bpmn:DataStoreReference' }), { x: 600, y: 30 }, $('Trade')),
  'associates data': ({ modeling }, $) => modeling.connect($('Pick'), $('Order')),
  'takes data away': ({ modeling }, $) => modeling.removeShape($('Order'))
}

/** @type {Commands} */
const LANES = {
  'adds a lane': ({ modeling }, $) => modeling.addLane($('Warehouse'), 'bottom'),
  'splits a lane': ({ modeling }, $) => modeling.splitLane($('Sales'), 2),
  'resizes a lane': ({ modeling }, $) => modeling.resizeLane($('Sales'), { x: 150, y: 60, width: 1010, height: 220 }),
  'takes a lane away': ({ modeling }, $) => modeling.removeShape($('Sales')),
  'takes a pool away': ({ modeling }, $) => modeling.removeShape($('Customer')),
  'moves a pool': ({ modeling }, $) => modeling.moveElements([$('Shop')], { x: 20, y: 20 })
}

/** On a process without pools. @type {Commands} */
const ROOTS = {
  'draws a pool around the process': ({ modeling, elementFactory, canvas }) => modeling.createShape(
    elementFactory.createParticipantShape({ isExpanded: true, width: 900, height: 500 }), { x: 400, y: 250 }, canvas.getRootElement())
}

/** @type {[string, string, Commands][]} */
const SUITES = [
  ['flows', 'order-to-delivery', FLOWS],
  ['shapes', 'order-to-delivery', SHAPES],
  ['data', 'order-to-delivery', DATA],
  ['lanes and pools', 'order-to-delivery', LANES],
  ['roots', 'gateways', ROOTS]
]

for (const [suite, name, commands] of SUITES) {
  it(suite, { timeout: 300_000 }, async t => {
    const id = await scene.create(fixture(name))
    const [ana, ben] = [await scene.visit(t, id, { user: 'ana' }), await scene.visit(t, id, { user: 'ben' })]
    for (const [what, command] of Object.entries(commands)) {
      await t.test(what, async () => {
        const before = await agree([ana, ben])
        await run(ana, `(${command})(window.live.services, id => window.live.services.elementRegistry.get(id))`)
        const after = await agree([ana, ben])
        assert.notEqual(after.text, before.text, 'the command did something')
        await run(ana, 'window.live.services.commandStack.undo()')
        same((await agree([ana, ben])).lines, before.lines, 'undone, it shows what was there before')
        await run(ana, 'window.live.services.commandStack.redo()')
        same((await agree([ana, ben])).lines, after.lines, 'redone, it shows what was there after')
        await run(ana, 'window.live.services.commandStack.undo()')
        same((await agree([ana, ben])).lines, before.lines, 'undone again')
      })
    }
    await agreeWithRest(scene.server, id, [ana, ben])
  })
}

/** @param {import('./lib/visitor.mjs').Visitor} visitor @param {string} code */
const run = (visitor, code) => visitor.page.evaluate(`void (${code})`)

/**
 * Namespaces stay declared when their use is undone; all else must be equal.
 * @param {string[]} shown @param {string[]} expected @param {string} message
 */
function same (shown, expected, message) {
  const lines = difference(shown, expected).filter(line => !/^. model {2}bpmn:definitions/.test(line))
  assert.equal(lines.length, 0, `${message}\n${lines.join('\n')}`)
}
