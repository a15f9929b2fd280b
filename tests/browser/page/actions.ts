// Everything that a person can do to a diagram with bpmn-js, each as one call of its API (facts about what each
// changes in the model: every row is one or more of them).
import type Modeler from 'bpmn-js/lib/Modeler'
import type { DIAGRAMS } from './diagrams.ts'

/** One thing to do. */
export interface Action {
  readonly name: string
  readonly diagram: keyof typeof DIAGRAMS
  run(tools: Tools): void
}

interface Shape {
  readonly id: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly parent: Shape
  readonly children: Shape[]
  readonly label?: Shape
  readonly businessObject: Record<string, unknown> & { get(name: string): unknown; $parent: object }
  readonly waypoints: { x: number; y: number }[]
}

/** bpmn-js's services by what one does with them. */
export class Tools {
  readonly #modeler: Modeler

  constructor(modeler: Modeler) {
    this.#modeler = modeler
  }

  /** Any service; the tests know its methods. */
  // biome-ignore lint/suspicious/noExplicitAny: bpmn-js's services have no types for all that is done here.
  service(name: string): any {
    return this.#modeler.get(name)
  }

  get modeling() {
    return this.service('modeling')
  }

  get definitions() {
    // biome-ignore lint/suspicious/noExplicitAny: as above.
    return this.#modeler.getDefinitions() as any
  }

  /** An element by id. */
  get(id: string): Shape {
    const element = this.service('elementRegistry').get(id)
    if (element === undefined) throw new Error(`no element ${id}`)
    return element
  }

  get root(): Shape {
    return this.service('canvas').getRootElement()
  }

  create(type: string, attributes: object = {}): Shape {
    return this.service('elementFactory').createShape({ type, ...attributes })
  }

  /** A new element of the model. */
  element(type: string, attributes: object = {}): object {
    return this.service('bpmnFactory').create(type, attributes)
  }
}

const at = (x: number, y: number) => ({ x, y })

export const ACTIONS: readonly Action[] = [
  {
    name: 'create a task',
    diagram: 'process',
    run: (t) => t.modeling.createShape(t.create('bpmn:Task'), at(300, 300), t.root),
  },
  {
    name: 'append a task',
    diagram: 'process',
    run: (t) => t.modeling.appendShape(t.get('Task_3'), t.create('bpmn:UserTask'), at(750, 240)),
  },
  { name: 'connect', diagram: 'process', run: (t) => t.modeling.connect(t.get('Task_3'), t.get('End_1')) },
  {
    name: 'rename a task',
    diagram: 'process',
    run: (t) => t.modeling.updateLabel(t.get('Task_1'), 'Two\nlines & <more>'),
  },
  { name: 'empty a name', diagram: 'process', run: (t) => t.modeling.updateLabel(t.get('Task_1'), '') },
  { name: 'rename an event', diagram: 'process', run: (t) => t.modeling.updateLabel(t.get('Start_1'), 'Go') },
  { name: 'take the label of an event away', diagram: 'process', run: (t) => t.modeling.updateLabel(t.get('Start_1'), '') },
  { name: 'name a flow', diagram: 'process', run: (t) => t.modeling.updateLabel(t.get('Flow_1'), 'at once') },
  { name: 'write a text annotation', diagram: 'process', run: (t) => t.modeling.updateLabel(t.get('Note_1'), 'Look here') },
  {
    name: 'add a text annotation',
    diagram: 'process',
    run: (t) => t.modeling.appendShape(t.get('Task_2'), t.create('bpmn:TextAnnotation'), at(600, 20)),
  },
  {
    name: 'move a task',
    diagram: 'process',
    run: (t) => t.modeling.moveElements([t.get('Task_3')], at(40, 60)),
  },
  {
    name: 'move several',
    diagram: 'process',
    run: (t) => t.modeling.moveElements([t.get('Task_2'), t.get('Task_3'), t.get('End_1')], at(30, 10)),
  },
  { name: 'move nothing nowhere', diagram: 'process', run: (t) => t.modeling.moveElements([t.get('Task_3')], at(0, 0)) },
  {
    name: 'move a task between pools',
    diagram: 'pools',
    run: (t) => t.modeling.moveElements([t.get('Task_1')], at(0, 200), t.get('Pool_2')),
  },
  {
    name: 'move a task to another lane',
    diagram: 'pools',
    run: (t) => t.modeling.moveElements([t.get('Task_1')], at(120, -110), t.get('Lane_1')),
  },
  {
    name: 'move a task into a sub-process',
    diagram: 'nested',
    run: (t) => t.modeling.moveElements([t.get('Task_1')], at(-180, -80), t.get('Open_1')),
  },
  {
    name: 'move a task out of a sub-process',
    diagram: 'nested',
    run: (t) => t.modeling.moveElements([t.get('Inner_2')], at(0, 200), t.root),
  },
  {
    name: 'resize a task',
    diagram: 'process',
    run: (t) => t.modeling.resizeShape(t.get('Task_3'), { x: 490, y: 190, width: 140, height: 100 }),
  },
  {
    name: 'resize a pool',
    diagram: 'pools',
    run: (t) => t.modeling.resizeShape(t.get('Pool_2'), { x: 120, y: 380, width: 600, height: 260 }),
  },
  {
    name: 'resize a lane',
    diagram: 'pools',
    run: (t) => t.modeling.resizeLane(t.get('Lane_1'), { x: 150, y: 80, width: 470, height: 160 }),
  },
  {
    name: 'bend a flow',
    diagram: 'process',
    run: (t) =>
      t.modeling.updateWaypoints(t.get('Flow_2'), [at(340, 120), at(360, 60), at(380, 60), at(395, 120)]),
  },
  {
    name: 'reconnect the end of a flow',
    diagram: 'process',
    run: (t) => t.modeling.reconnectEnd(t.get('Flow_3'), t.get('End_1'), at(680, 120)),
  },
  {
    name: 'reconnect the start of a flow with a condition',
    diagram: 'process',
    run: (t) => t.modeling.reconnectStart(t.get('Flow_4'), t.get('Start_1'), at(170, 120)),
  },
  {
    name: 'move a label',
    diagram: 'process',
    run: (t) => t.modeling.moveElements([t.get('Start_1').label], at(10, 25)),
  },
  {
    name: 'move the label of a flow',
    diagram: 'process',
    run: (t) => t.modeling.moveElements([t.get('Flow_3').label], at(-20, 15)),
  },
  {
    name: 'replace a task by a service task',
    diagram: 'process',
    run: (t) => t.service('bpmnReplace').replaceElement(t.get('Task_1'), { type: 'bpmn:ServiceTask' }),
  },
  {
    name: 'replace a gateway',
    diagram: 'process',
    run: (t) => t.service('bpmnReplace').replaceElement(t.get('Gateway_1'), { type: 'bpmn:ParallelGateway' }),
  },
  {
    name: 'replace an end event by a message end event',
    diagram: 'process',
    run: (t) =>
      t.service('bpmnReplace').replaceElement(t.get('End_1'), {
        type: 'bpmn:EndEvent',
        eventDefinitionType: 'bpmn:MessageEventDefinition',
      }),
  },
  {
    name: 'replace a task by a collapsed sub-process',
    diagram: 'process',
    run: (t) => t.service('bpmnReplace').replaceElement(t.get('Task_1'), { type: 'bpmn:SubProcess', isExpanded: false }),
  },
  {
    name: 'replace a task by an expanded sub-process',
    diagram: 'process',
    run: (t) => t.service('bpmnReplace').replaceElement(t.get('Task_1'), { type: 'bpmn:SubProcess', isExpanded: true }),
  },
  {
    name: 'replace a sub-process by a task',
    diagram: 'nested',
    run: (t) => t.service('bpmnReplace').replaceElement(t.get('Closed_1'), { type: 'bpmn:Task' }),
  },
  {
    name: 'replace a sub-process by a transaction',
    diagram: 'nested',
    run: (t) => t.service('bpmnReplace').replaceElement(t.get('Open_1'), { type: 'bpmn:Transaction', isExpanded: true }),
  },
  {
    name: 'replace a collapsed sub-process by a call activity',
    diagram: 'nested',
    run: (t) => t.service('bpmnReplace').replaceElement(t.get('Closed_1'), { type: 'bpmn:CallActivity' }),
  },
  { name: 'collapse a sub-process', diagram: 'nested', run: (t) => t.modeling.toggleCollapse(t.get('Open_1')) },
  { name: 'expand a sub-process', diagram: 'nested', run: (t) => t.modeling.toggleCollapse(t.get('Closed_1')) },
  {
    name: 'collapse a sub-process and expand it again',
    diagram: 'nested',
    run: (t) => {
      t.modeling.toggleCollapse(t.get('Open_1'))
      t.modeling.toggleCollapse(t.get('Open_1'))
    },
  },
  {
    name: 'draw in a collapsed sub-process',
    diagram: 'nested',
    run: (t) => t.modeling.appendShape(t.get('Hidden_1'), t.create('bpmn:Task'), at(400, 120)),
  },
  {
    name: 'attach a boundary event',
    diagram: 'process',
    run: (t) =>
      t.modeling.createShape(
        t.create('bpmn:BoundaryEvent', { eventDefinitionType: 'bpmn:TimerEventDefinition' }),
        at(240, 160),
        t.get('Task_1'),
        { attach: true },
      ),
  },
  {
    name: 'move a boundary event to another host',
    diagram: 'nested',
    run: (t) => t.modeling.moveElements([t.get('Boundary_1')], at(0, -160), t.get('Closed_1'), { attach: true }),
  },
  {
    name: 'make a boundary event non-interrupting',
    diagram: 'nested',
    run: (t) =>
      t.service('bpmnReplace').replaceElement(t.get('Boundary_1'), {
        type: 'bpmn:BoundaryEvent',
        eventDefinitionType: 'bpmn:TimerEventDefinition',
        cancelActivity: false,
      }),
  },
  { name: 'delete the host of a boundary event', diagram: 'nested', run: (t) => t.modeling.removeElements([t.get('Task_1')]) },
  {
    name: 'set the default flow',
    diagram: 'process',
    run: (t) => t.modeling.updateProperties(t.get('Gateway_1'), { default: t.get('Flow_4').businessObject }),
  },
  {
    name: 'set a condition',
    diagram: 'process',
    run: (t) =>
      t.modeling.updateProperties(t.get('Flow_3'), {
        conditionExpression: t.element('bpmn:FormalExpression', { body: 'good > 1' }),
      }),
  },
  {
    name: 'change a condition',
    diagram: 'process',
    run: (t) =>
      t.modeling.updateProperties(t.get('Flow_4'), {
        conditionExpression: t.element('bpmn:FormalExpression', { body: 'worse', language: 'feel' }),
      }),
  },
  {
    name: 'add a data object with an association',
    diagram: 'process',
    run: (t) => {
      const data = t.modeling.createShape(t.create('bpmn:DataObjectReference'), at(290, 260), t.root)
      t.modeling.connect(data, t.get('Task_1'))
      t.modeling.connect(t.get('Task_3'), data)
    },
  },
  {
    name: 'add a data store to a pool',
    diagram: 'pools',
    run: (t) => t.modeling.createShape(t.create('bpmn:DataStoreReference'), at(540, 500), t.get('Pool_2')),
  },
  {
    name: 'colour elements',
    diagram: 'process',
    run: (t) => t.modeling.setColor([t.get('Task_1'), t.get('Flow_1')], { fill: '#ffe0b2', stroke: '#6b3c00' }),
  },
  {
    name: 'colour a label',
    diagram: 'process',
    run: (t) => t.modeling.setColor([t.get('Start_1')], { stroke: '#205022' }),
  },
  {
    name: 'set a documentation',
    diagram: 'process',
    run: (t) =>
      t.modeling.updateProperties(t.get('Task_2'), {
        documentation: [t.element('bpmn:Documentation', { text: 'So it is done' })],
      }),
  },
  {
    name: 'change a documentation in place',
    diagram: 'process',
    run: (t) =>
      t.modeling.updateModdleProperties(
        t.get('Task_1'),
        (t.get('Task_1').businessObject.get('documentation') as object[])[0],
        { text: 'Something else' },
      ),
  },
  {
    name: 'add extension elements of a vendor',
    diagram: 'process',
    run: (t) => {
      const value = t.service('moddle').createAny('other:setting', 'http://other.example', { name: 'a', value: '1' })
      const elements = t.element('bpmn:ExtensionElements', { values: [value] }) as Record<string, unknown>
      value.$parent = elements
      t.modeling.updateProperties(t.get('Task_2'), { extensionElements: elements })
    },
  },
  {
    name: 'change an extension element',
    diagram: 'process',
    run: (t) => {
      const { extensionElements } = t.get('Task_1').businessObject as unknown as {
        extensionElements: { values: object[] }
      }
      const other = t.service('moddle').createAny('vendor:note', 'http://vendor.example', { level: '2' })
      t.modeling.updateModdleProperties(t.get('Task_1'), extensionElements, { values: [other] })
    },
  },
  {
    name: 'set a vendor attribute',
    diagram: 'process',
    run: (t) => t.modeling.updateProperties(t.get('Task_3'), { 'vendor:level': '3' }),
  },
  {
    name: 'remove a vendor attribute',
    diagram: 'process',
    run: (t) => t.modeling.updateProperties(t.get('Task_3'), { 'vendor:level': undefined }),
  },
  {
    name: 'make a task loop',
    diagram: 'process',
    run: (t) =>
      t.modeling.updateProperties(t.get('Task_1'), {
        loopCharacteristics: t.element('bpmn:MultiInstanceLoopCharacteristics', { isSequential: true }),
      }),
  },
  {
    name: 'make a process executable',
    diagram: 'process',
    run: (t) => t.modeling.updateProperties(t.root, { isExecutable: true, name: 'Everything' }),
  },
  {
    name: 'name a message of an event',
    diagram: 'process',
    run: (t) => {
      const start = t.service('bpmnReplace').replaceElement(t.get('Start_1'), {
        type: 'bpmn:StartEvent',
        eventDefinitionType: 'bpmn:MessageEventDefinition',
      })
      const message = t.element('bpmn:Message', { id: 'Message_9', name: 'Hello' }) as Record<string, unknown>
      message.$parent = t.definitions
      const definition = (start.businessObject.get('eventDefinitions') as object[])[0]
      t.modeling.updateModdleProperties(start, t.definitions, {
        rootElements: [...t.definitions.rootElements, message],
      })
      t.modeling.updateModdleProperties(start, definition, { messageRef: message })
    },
  },
  { name: 'rename an id', diagram: 'process', run: (t) => t.modeling.updateProperties(t.get('Task_1'), { id: 'Renamed_1' }) },
  {
    name: 'rename the id of a collapsed sub-process',
    diagram: 'nested',
    run: (t) => t.modeling.updateProperties(t.get('Closed_1'), { id: 'Renamed_1' }),
  },
  { name: 'add a lane below', diagram: 'pools', run: (t) => t.modeling.addLane(t.get('Lane_2'), 'bottom') },
  { name: 'divide a pool into lanes', diagram: 'pools', run: (t) => t.modeling.splitLane(t.get('Pool_2'), 2) },
  { name: 'divide a lane', diagram: 'pools', run: (t) => t.modeling.splitLane(t.get('Lane_2'), 3) },
  { name: 'delete a lane', diagram: 'pools', run: (t) => t.modeling.removeElements([t.get('Lane_1')]) },
  {
    name: 'put the process into a pool',
    diagram: 'process',
    run: (t) => t.modeling.createShape(t.service('elementFactory').createParticipantShape(), at(430, 180), t.root),
  },
  {
    name: 'add a pool',
    diagram: 'pools',
    run: (t) => t.modeling.createShape(t.service('elementFactory').createParticipantShape(), at(370, 800), t.root),
  },
  {
    name: 'add an empty pool',
    diagram: 'pools',
    run: (t) => t.modeling.createShape(t.service('elementFactory').createParticipantShape(false), at(370, 800), t.root),
  },
  { name: 'delete a pool', diagram: 'pools', run: (t) => t.modeling.removeElements([t.get('Pool_2')]) },
  {
    name: 'delete every pool',
    diagram: 'pools',
    run: (t) => t.modeling.removeElements([t.get('Pool_1'), t.get('Pool_2')]),
  },
  { name: 'draw a message flow', diagram: 'pools', run: (t) => t.modeling.connect(t.get('Task_2'), t.get('Start_1')) },
  {
    name: 'draw around a group',
    diagram: 'process',
    run: (t) => {
      const group = t.modeling.createShape(t.create('bpmn:Group'), at(400, 300), t.root)
      t.modeling.updateLabel(group, 'Belongs together')
    },
  },
  { name: 'delete a task', diagram: 'process', run: (t) => t.modeling.removeElements([t.get('Task_1')]) },
  { name: 'delete a flow', diagram: 'process', run: (t) => t.modeling.removeElements([t.get('Flow_3')]) },
  { name: 'delete an open sub-process', diagram: 'nested', run: (t) => t.modeling.removeElements([t.get('Open_1')]) },
  { name: 'delete a collapsed sub-process', diagram: 'nested', run: (t) => t.modeling.removeElements([t.get('Closed_1')]) },
  {
    name: 'drop a task on a flow',
    diagram: 'process',
    run: (t) => t.modeling.createShape(t.create('bpmn:Task'), at(368, 120), t.get('Flow_2')),
  },
  {
    name: 'copy and paste',
    diagram: 'process',
    run: (t) => {
      t.service('copyPaste').copy([t.get('Task_1'), t.get('Gateway_1'), t.get('Task_2')])
      t.service('copyPaste').paste({ element: t.root, point: at(500, 420) })
    },
  },
  {
    name: 'copy and paste a collapsed sub-process',
    diagram: 'nested',
    run: (t) => {
      t.service('copyPaste').copy([t.get('Closed_1')])
      t.service('copyPaste').paste({ element: t.root, point: at(900, 420) })
    },
  },
  {
    name: 'make space',
    diagram: 'process',
    run: (t) =>
      t.modeling.createSpace(
        [t.get('Task_2'), t.get('Task_3'), t.get('End_1')],
        [],
        at(80, 0),
        'e',
        450,
      ),
  },
  {
    name: 'align elements',
    diagram: 'process',
    run: (t) => t.service('alignElements').trigger([t.get('Task_1'), t.get('Task_2'), t.get('Task_3')], 'top'),
  },
  { name: 'undo', diagram: 'process', run: (t) => {
    t.modeling.removeElements([t.get('Task_1')])
    t.service('commandStack').undo()
  } },
  { name: 'undo and redo a root swap', diagram: 'process', run: (t) => {
    t.modeling.createShape(t.service('elementFactory').createParticipantShape(), at(430, 180), t.root)
    t.service('commandStack').undo()
    t.service('commandStack').redo()
  } },
  { name: 'undo a replacement', diagram: 'process', run: (t) => {
    t.service('bpmnReplace').replaceElement(t.get('Task_1'), { type: 'bpmn:ServiceTask' })
    t.service('commandStack').undo()
  } },
]
