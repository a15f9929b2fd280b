// People who do anything at all, at random but always the same for a seed: each edit is one that bpmn-js allows.
import type { Tools } from './actions.ts'

/** Numbers in [0, 1) that a seed determines. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

// biome-ignore lint/suspicious/noExplicitAny: bpmn-js's elements have no types for all that is done here.
type Any = any

/** What came of an attempt: undefined if there was nothing to do it with. */
type Move = (player: Player) => string | undefined

const TYPES = ['bpmn:Task', 'bpmn:UserTask', 'bpmn:ServiceTask', 'bpmn:CallActivity']
const NEW = [...TYPES, 'bpmn:ExclusiveGateway', 'bpmn:IntermediateThrowEvent', 'bpmn:DataObjectReference', 'bpmn:TextAnnotation']
const COLOURS = [{ fill: '#ffe0b2', stroke: '#6b3c00' }, { fill: '#c8e6c9', stroke: '#205022' }, {}]

/** One person with one modeler. */
export class Player {
  readonly tools: Tools
  readonly #random: () => number

  constructor(tools: Tools, random: () => number) {
    this.tools = tools
    this.#random = random
  }

  /** Does something, and says what. */
  act(): string {
    for (;;) {
      const move = this.pick(MOVES)
      const done = move?.(this)
      if (done !== undefined) return done
    }
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  pick<T>(from: readonly T[]): T | undefined {
    return from[this.below(from.length)]
  }

  /** An element that is shown on the plane and passes. */
  one(test: (element: Any) => boolean): Any {
    const all: Any[] = this.tools.service('elementRegistry').getAll()
    return this.pick(all.filter((element) => shownOn(element, this.tools.root) && !element.labelTarget && test(element)))
  }

  node(): Any {
    return this.one((element) => is(element, 'bpmn:FlowNode'))
  }

  /** Something that holds flow elements. */
  place(): Any {
    const inner = this.one(
      (element) => (is(element, 'bpmn:SubProcess') && !element.collapsed) || (is(element, 'bpmn:Participant') && element.businessObject.processRef),
    )
    const { root } = this.tools
    return inner && (this.below(2) === 0 || is(root, 'bpmn:Collaboration')) ? inner : root
  }

  allowed(rule: string, context: object): boolean {
    const answer = this.tools.service('rules').allowed(rule, context)
    return answer !== false && answer !== null
  }
}

const is = (element: Any, type: string): boolean => element.businessObject.$instanceOf(type)

const middle = ({ x = 200, y = 200, width = 400, height = 200 }: Any) => ({ x: x + width / 2, y: y + height / 2 })

const within = (element: Any, ancestor: Any): boolean => {
  for (let at = element; at; at = at.parent) if (at === ancestor) return true
  return false
}

const shownOn = (element: Any, root: Any): boolean => element !== root && !element.hidden && within(element, root)

const move: Move = (p) => {
  const shape = p.one((element) => !element.waypoints && !is(element, 'bpmn:Lane'))
  if (shape === undefined) return undefined
  p.tools.modeling.moveElements([shape], { x: 10 * (p.below(21) - 10), y: 10 * (p.below(21) - 10) })
  return `move ${shape.id}`
}

const moveInto: Move = (p) => {
  const [shape, target] = [p.node(), p.place()]
  if (!shape || is(shape, 'bpmn:BoundaryEvent') || shape === target || within(target, shape)) return undefined
  if (!p.allowed('elements.move', { shapes: [shape], target })) return undefined
  const [from, to] = [middle(shape), middle(target)]
  p.tools.modeling.moveElements([shape], { x: Math.round(to.x - from.x), y: Math.round(to.y - from.y) }, target)
  return `move ${shape.id} into ${target.id}`
}

const create: Move = (p) => {
  const [type, target] = [p.pick(NEW) ?? '', p.place()]
  const shape = p.tools.create(type)
  const position = { x: middle(target).x + 10 * (p.below(21) - 10), y: middle(target).y + 10 * (p.below(21) - 10) }
  if (!p.allowed('shape.create', { shape, target, position })) return undefined
  p.tools.modeling.createShape(shape, position, target)
  return `create ${type} in ${target.id}`
}

const append: Move = (p) => {
  const source = p.one((element) => is(element, 'bpmn:Activity') || is(element, 'bpmn:Gateway'))
  if (source === undefined || source.businessObject.triggeredByEvent) return undefined
  p.tools.modeling.appendShape(source, p.tools.create(p.pick(TYPES) ?? ''), {
    x: source.x + 250,
    y: source.y + 10 * p.below(20),
  })
  return `append to ${source.id}`
}

const connect: Move = (p) => {
  const [source, target] = [p.node(), p.node()]
  if (!source || !target || source === target || !p.allowed('connection.create', { source, target })) return undefined
  // bpmn-js throws where the event lies off its host's border, as after two moves at once it may.
  if (is(source, 'bpmn:BoundaryEvent')) return undefined
  p.tools.modeling.connect(source, target)
  return `connect ${source.id} to ${target.id}`
}

const reconnect: Move = (p) => {
  const flow = p.one((element) => is(element, 'bpmn:SequenceFlow'))
  const target = p.node()
  if (!flow || !target || target === flow.source) return undefined
  if (!p.allowed('connection.reconnect', { connection: flow, source: flow.source, target })) return undefined
  p.tools.modeling.reconnectEnd(flow, target, middle(target))
  return `reconnect ${flow.id} to ${target.id}`
}

const bend: Move = (p) => {
  const flow = p.one((element) => is(element, 'bpmn:SequenceFlow'))
  if (flow === undefined) return undefined
  const points = flow.waypoints
  const [first, last] = [points[0], points[points.length - 1]]
  p.tools.modeling.updateWaypoints(flow, [first, { x: first.x + 20, y: first.y + 10 * p.below(20) }, last])
  return `bend ${flow.id}`
}

const rename: Move = (p) => {
  const element = p.one((element) => is(element, 'bpmn:FlowElement') && !is(element, 'bpmn:DataObjectReference'))
  if (element === undefined) return undefined
  p.tools.modeling.updateLabel(element, p.pick(['', 'Short', 'A rather longer name for it', 'x & <y>']))
  return `rename ${element.id}`
}

const resize: Move = (p) => {
  const shape = p.one((element) => is(element, 'bpmn:Activity') && !element.collapsed)
  if (shape === undefined || (is(shape, 'bpmn:SubProcess') && shape.children.length > 0)) return undefined
  const { x, y, width, height } = shape
  p.tools.modeling.resizeShape(shape, { x, y, width: width + 10 * p.below(5), height: height + 10 * p.below(5) })
  return `resize ${shape.id}`
}

const replace: Move = (p) => {
  const task = p.one((element) => is(element, 'bpmn:Task'))
  if (task === undefined) return undefined
  const target = p.pick([{ type: 'bpmn:ServiceTask' }, { type: 'bpmn:Task' }, { type: 'bpmn:SubProcess', isExpanded: false }, { type: 'bpmn:SubProcess', isExpanded: true }])
  if (target?.type === task.type) return undefined
  p.tools.service('bpmnReplace').replaceElement(task, target)
  return `replace ${task.id} by ${target?.type}`
}

const simplify: Move = (p) => {
  const sub = p.one((element) => is(element, 'bpmn:SubProcess') && !element.businessObject.triggeredByEvent)
  if (sub === undefined) return undefined
  p.tools.service('bpmnReplace').replaceElement(sub, { type: 'bpmn:Task' })
  return `replace ${sub.id} by a task`
}

const toggle: Move = (p) => {
  const sub = p.one((element) => is(element, 'bpmn:SubProcess'))
  if (sub === undefined) return undefined
  p.tools.modeling.toggleCollapse(sub)
  return `toggle ${sub.id}`
}

const remove: Move = (p) => {
  const element = p.one((element) => !is(element, 'bpmn:Participant') && !is(element, 'bpmn:Lane'))
  if (element === undefined) return undefined
  p.tools.modeling.removeElements([element])
  return `remove ${element.id}`
}

const colour: Move = (p) => {
  const element = p.one(() => true)
  if (element === undefined) return undefined
  p.tools.modeling.setColor([element], p.pick(COLOURS))
  return `colour ${element.id}`
}

const document: Move = (p) => {
  const element = p.one((element) => is(element, 'bpmn:FlowNode'))
  if (element === undefined) return undefined
  const text = p.pick(['one', 'two', 'three'])
  p.tools.modeling.updateProperties(element, { documentation: [p.tools.element('bpmn:Documentation', { text })] })
  return `document ${element.id}`
}

const loop: Move = (p) => {
  const element = p.one((element) => is(element, 'bpmn:Task'))
  if (element === undefined) return undefined
  const loopCharacteristics = p.pick([undefined, p.tools.element('bpmn:StandardLoopCharacteristics'), p.tools.element('bpmn:MultiInstanceLoopCharacteristics')])
  p.tools.modeling.updateProperties(element, { loopCharacteristics })
  return `loop ${element.id}`
}

const setDefault: Move = (p) => {
  const flow = p.one((element) => is(element, 'bpmn:SequenceFlow') && is(element.source, 'bpmn:ExclusiveGateway'))
  if (flow === undefined) return undefined
  p.tools.modeling.updateProperties(flow.source, { default: flow.businessObject })
  return `make ${flow.id} the default`
}

const attach: Move = (p) => {
  const host = p.one((element) => is(element, 'bpmn:Activity'))
  if (host === undefined) return undefined
  const event = p.tools.create('bpmn:BoundaryEvent', { eventDefinitionType: 'bpmn:TimerEventDefinition' })
  p.tools.modeling.createShape(event, { x: host.x + host.width / 2, y: host.y + host.height }, host, { attach: true })
  return `attach to ${host.id}`
}

const renameId: Move = (p) => {
  const element = p.one((element) => is(element, 'bpmn:Task'))
  if (element === undefined) return undefined
  const id = `Renamed_${p.below(4)}`
  if (p.tools.service('moddle').ids.assigned(id)) return undefined
  p.tools.modeling.updateProperties(element, { id })
  return `rename the id of ${element.id}`
}

const pool: Move = (p) => {
  if (is(p.tools.root, 'bpmn:SubProcess')) return undefined
  const count = p.tools.root.children.filter((child) => is(child, 'bpmn:Participant')).length
  if (count > 2) return undefined
  const shape = p.tools.service('elementFactory').createParticipantShape()
  p.tools.modeling.createShape(shape, { x: 430, y: 180 + 500 * count }, p.tools.root)
  return `add pool ${shape.id}`
}

const lane: Move = (p) => {
  const pool = p.one((element) => is(element, 'bpmn:Participant') && element.businessObject.processRef)
  if (pool === undefined) return undefined
  p.tools.modeling.addLane(pool, 'bottom')
  return `add a lane to ${pool.id}`
}

const undo: Move = (p) => {
  const stack = p.tools.service('commandStack')
  const what = p.below(3) === 0 ? 'redo' : 'undo'
  if (what === 'redo' ? !stack.canRedo() : !stack.canUndo()) return undefined
  stack[what]()
  return what
}

const MOVES: readonly Move[] = [
  move, move, move, moveInto, create, create, append, append, connect, connect, reconnect, bend, rename, rename, resize,
  replace, replace, simplify, toggle, remove, colour, document, loop, setDefault, attach, renameId, pool, lane, undo, undo, undo,
]
