// What a canvas shows, as plain data that can be compared: every element with its place, and the model behind it.
import type Modeler from 'bpmn-js/lib/Modeler'

/** Everything on a canvas by id, and the model tree. */
export interface Picture {
  readonly root: string | undefined
  readonly elements: Record<string, object>
  readonly model: object
}

interface Moddle {
  readonly $type: string
  readonly $descriptor: {
    readonly isGeneric?: boolean
    readonly properties: readonly {
      readonly name: string
      readonly isReference?: boolean
      readonly isVirtual?: boolean
      readonly isMany?: boolean
      readonly default?: unknown
    }[]
  }
  readonly $attrs?: Record<string, unknown>
  readonly [name: string]: unknown
}

interface Element {
  readonly id: string
  readonly type: string
  readonly businessObject: Moddle
  readonly di: Moddle
  readonly parent?: Element
  readonly x?: number
  readonly y?: number
  readonly width?: number
  readonly height?: number
  readonly hidden?: boolean
  readonly collapsed?: boolean
  readonly waypoints?: readonly { readonly x: number; readonly y: number }[]
  readonly source?: Element
  readonly target?: Element
  readonly host?: Element
  readonly labelTarget?: Element
}

interface Registry {
  getAll(): Element[]
  getGraphics(element: Element): SVGElement
}

/** Lists whose order bpmn-js shuffles without meaning anything by it. */
const UNORDERED = new Set([
  'flowElements', 'artifacts', 'rootElements', 'planeElement', 'diagrams', 'participants', 'messageFlows', 'lanes',
  'laneSets', 'incoming', 'outgoing', 'flowNodeRef',
])

/** Takes a picture of a modeler's canvas. */
export function pictureOf(modeler: Modeler): Picture {
  const registry = modeler.get<Registry>('elementRegistry')
  const canvas = modeler.get<{ getRootElement(): Element | undefined }>('canvas')
  const elements = registry
    .getAll()
    .map((element) => [nameOf(element), drawn(element, element.parent && registry.getGraphics(element))] as const)
  return {
    root: canvas.getRootElement()?.id,
    elements: Object.fromEntries(elements.sort(([a], [b]) => (a < b ? -1 : 1))),
    model: modelOf(modeler.getDefinitions() as unknown as Moddle, new Set()),
  }
}

function nameOf(element: Element): string {
  return element.labelTarget ? `label of ${element.labelTarget.id}` : element.id
}

function drawn(element: Element, graphics: SVGElement | undefined): object {
  const { type, parent, x, y, width, height, hidden, collapsed, waypoints, source, target, host, di } = element
  return clean({
    type,
    parent: parent?.id,
    // A label is laid out by whoever draws it: its height follows from the text.
    box: waypoints ? undefined : [x, y, width, element.labelTarget ? undefined : height],
    waypoints: waypoints?.map((point) => [plain(Math.round(point.x)), plain(Math.round(point.y))]),
    hidden: hidden || undefined,
    collapsed: collapsed || undefined,
    ends: source && [source.id, target?.id],
    host: host?.id,
    picture: graphics && pictureIn(graphics),
    plane: (di?.$parent as Moddle | undefined)?.id ?? (di?.bpmnElement as Moddle | undefined)?.id,
  })
}

/** What is really drawn; the names of arrow heads are each modeler's own. */
function pictureIn(graphics: SVGElement): string {
  const visual = graphics.querySelector('.djs-visual')?.innerHTML ?? ''
  const shown = graphics.getAttribute('display') === 'none' ? 'hidden' : 'shown'
  const bare = visual.replace(/<defs>.*?<\/defs>/g, '').replace(/url\([^)]*\)/g, 'url()')
  return `${shown} ${graphics.getAttribute('transform') ?? ''} ${bare}`
}

/** The model tree without what is only derived or only order. */
function modelOf(object: Moddle, above: ReadonlySet<Moddle>): object {
  const inside = new Set(above).add(object)
  const value = (item: unknown): unknown =>
    isModdle(item) ? (inside.has(item) ? `^${item.id}` : modelOf(item, inside)) : plain(item)
  if (object.$descriptor.isGeneric) {
    // Where no package knows the namespace, a prefix is only a prefix.
    const entries = Object.entries(object).filter(([name]) => !name.startsWith('xmlns') && name !== '$type')
    const children = entries.map(([name, item]) => [name, Array.isArray(item) ? item.map(value) : value(item)])
    return { $type: object.$type.replace(/^.*:/, ''), ...clean(Object.fromEntries(children)) }
  }
  const shown: Record<string, unknown> = { $type: object.$type }
  for (const [name, item] of Object.entries(object.$attrs ?? {})) {
    if (!name.startsWith('xmlns') && name !== 'xsi:type') shown[name] = item
  }
  for (const { name, isVirtual, isReference, isMany, default: usual } of object.$descriptor.properties) {
    const item = object[name]
    if (isVirtual || !Object.hasOwn(object, name) || item === usual || item === null || item === undefined) continue
    if (isReference) shown[name] = isMany ? (item as Moddle[]).map(({ id }) => id) : (item as Moddle).id
    else shown[name] = isMany ? (item as unknown[]).map(value) : value(item)
    const list = shown[name]
    if (Array.isArray(list) && list.length === 0) delete shown[name]
    else if (Array.isArray(list) && UNORDERED.has(name)) list.sort((a, b) => (key(a) < key(b) ? -1 : 1))
  }
  return shown
}

/** There is a negative zero, and XML does not know it. */
const plain = (value: unknown) => (Object.is(value, -0) ? 0 : value)

function key(item: unknown): string {
  return typeof item === 'string' ? item : JSON.stringify((item as { id?: unknown; bpmnElement?: unknown }).bpmnElement ??
    (item as { id?: unknown }).id)
}

function isModdle(value: unknown): value is Moddle {
  return typeof value === 'object' && value !== null && '$type' in value
}

function clean<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T
}
