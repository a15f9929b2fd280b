// What a modeler shows, as lines that are equal where two modelers show the same: every element on the canvas with
// its drawing, and the model behind it. The order of siblings in the model is not part of it.
import type Modeler from 'bpmn-js/lib/Modeler'

interface Element {
  readonly id: string
  readonly type: string
  readonly parent?: Element | null
  readonly host?: Element | null
  readonly labelTarget?: Element | null
  readonly source?: Element | null
  readonly target?: Element | null
  readonly hidden?: boolean
  readonly collapsed?: boolean
  readonly x?: number
  readonly y?: number
  readonly width?: number
  readonly height?: number
  readonly waypoints?: readonly { x: number; y: number }[]
}

interface Registry {
  getAll(): Element[]
  getGraphics(element: Element): SVGElement
}

/** Sorted lines. */
export async function picture(modeler: Modeler): Promise<string[]> {
  const registry = modeler.get<Registry>('elementRegistry')
  const elements = registry.getAll().map((element) => drawn(element, registry.getGraphics(element)))
  const { xml = '' } = await modeler.saveXML()
  const model = new DOMParser().parseFromString(xml, 'text/xml').documentElement
  return [...elements, ...written(model, '')].sort()
}

function drawn(element: Element, graphics: SVGElement): string {
  const { id, type, hidden, collapsed, x, y, width, height, waypoints } = element
  // A label hangs wherever it was moved last; only its target counts.
  const parent = element.labelTarget ? undefined : element.parent
  const others = { parent, host: element.host, source: element.source, target: element.target }
  const visual = graphics.querySelector(':scope > .djs-visual')
  const facts = {
    ...Object.fromEntries(Object.entries(others).map(([name, other]) => [name, other?.id])),
    label: element.labelTarget?.id,
    bounds: waypoints ? undefined : [x, y, width, height].map(round),
    waypoints: waypoints?.map(({ x, y }) => `${x},${y}`).join(' '),
    hidden: hidden === true,
    collapsed: collapsed === true,
    at: graphics.getAttribute('transform')?.replace(/[\d.]+/g, (number) => String(round(Number(number)))),
    // Markers have random names.
    looks: visual?.innerHTML.replace(/marker-[\w-]+/g, 'marker'),
  }
  // A replaced element's label keeps the id that it had on the way.
  return `canvas ${element.labelTarget ? 'label' : id} ${type} ${JSON.stringify(facts)}`
}

/** Labels that are laid out stand between pixels until they are opened again. */
function round(number: number | undefined): number | undefined {
  return number === undefined ? undefined : Math.round(number)
}

/** One line per element of the text: its attributes, its own text, and which element it is in. */
function* written(element: globalThis.Element, parent: string): Iterable<string> {
  const attributes = [...element.attributes].map(({ name, value }) => `${name}=${value}`).sort()
  const text = element.children.length === 0 ? (element.textContent ?? '') : ''
  const name = element.getAttribute('id') ?? element.getAttribute('bpmnElement')
  // The waypoints of an edge are a sequence, everything else is a set.
  const at = element.localName === 'waypoint' ? [...(element.parentElement?.children ?? [])].indexOf(element) : ''
  yield `model ${parent} ${element.tagName} ${at} ${attributes.join(' ')} ${text}`
  for (const child of element.children) yield* written(child, name ?? `${parent}/${element.tagName}`)
}
