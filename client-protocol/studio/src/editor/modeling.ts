// What can be said of an element and changed in it beside its drawing. Reads the model, writes by commands: one
// change of one field is one command, and so one step to undo.
import type { BpmnJs, CanvasElement, ModdleElement } from './services.ts'

/** Colours that are readable under dark text, with the stroke that fits. */
export const COLORS: readonly { readonly name: string; readonly fill: string; readonly stroke: string }[] = [
  { name: 'Blue', fill: '#dcebfb', stroke: '#1c5d99' },
  { name: 'Green', fill: '#dbf2e3', stroke: '#1d6b41' },
  { name: 'Yellow', fill: '#fdf0c8', stroke: '#7a5a00' },
  { name: 'Orange', fill: '#fde3cf', stroke: '#9a4a12' },
  { name: 'Red', fill: '#fbdcda', stroke: '#a3261d' },
  { name: 'Purple', fill: '#eae0fa', stroke: '#5f3aa3' },
]

/** What the panel shows of an element. */
export interface Facts {
  readonly id: string
  /** `undefined`: it can have none. */
  readonly name: string | undefined
  readonly type: string
  readonly documentation: string
  /** Of {@link COLORS}; `null`: none, `other`: one that is not offered. */
  readonly color: string | null
  readonly canColor: boolean
  readonly canReplace: boolean
}

export function factsOf(element: CanvasElement): Facts {
  const { businessObject: model, di } = element
  const [first] = (model.get('documentation') as readonly ModdleElement[] | undefined) ?? []
  const isRoot = element.parent === null || element.parent === undefined
  return {
    id: model.id ?? '',
    name: hasName(model) ? String(nameOf(model) ?? '') : undefined,
    type: typeName(model),
    documentation: String(first?.get('text') ?? ''),
    color: colorOf(di),
    canColor: !isRoot,
    canReplace: model.$instanceOf('bpmn:FlowNode') || model.$instanceOf('bpmn:Participant'),
  }
}

export function rename(bpmnJs: BpmnJs, element: CanvasElement, name: string): void {
  const isRoot = element.parent === null || element.parent === undefined
  // A process has no label on the canvas.
  if (isRoot) bpmnJs.get('modeling').updateProperties(element, { name: name === '' ? undefined : name })
  else bpmnJs.get('modeling').updateLabel(element, name)
}

/** Why this can't be the id of the element; `null` if it can, or is already. */
export function objection(element: CanvasElement, id: string): string | null {
  const { businessObject: model } = element
  if (id === model.id) return null
  if (id === '') return 'An element needs an id.'
  if (!/^[\p{L}_][\p{L}\p{N}_.-]*$/u.test(id))
    return 'Begin with a letter; then letters, digits, “_”, “-” and “.”.'
  return model.$model.ids?.assigned(id) ? 'Another element has this id.' : null
}

export function changeId(bpmnJs: BpmnJs, element: CanvasElement, id: string): void {
  bpmnJs.get('modeling').updateProperties(element, { id })
}

export function describe(bpmnJs: BpmnJs, element: CanvasElement, text: string): void {
  const { businessObject: model } = element
  // Others than the first stay: tools keep what they want in them.
  const [, ...more] = (model.get('documentation') as readonly ModdleElement[] | undefined) ?? []
  const first = text === '' ? [] : [bpmnJs.get('bpmnFactory').create('bpmn:Documentation', { text })]
  bpmnJs.get('modeling').updateProperties(element, { documentation: [...first, ...more] })
}

/** Colours elements; `null` takes their colours away. */
export function paint(bpmnJs: BpmnJs, elements: readonly CanvasElement[], name: string | null): void {
  const color = COLORS.find((known) => known.name === name)
  bpmnJs.get('modeling').setColor(elements, color ? { fill: color.fill, stroke: color.stroke } : null)
}

/** `bpmn:UserTask` → "User task". */
export function typeName(model: ModdleElement): string {
  const words = model.$type.replace(/^\w+:/, '').replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
  const definitions = model.get('eventDefinitions') as readonly ModdleElement[] | undefined
  const [definition] = definitions ?? []
  const trigger = definition ? `${typeName(definition).replace(/ event definition$/, '')} ` : ''
  const [first = '', ...rest] = [...`${trigger}${words.toLowerCase()}`]
  return first.toUpperCase() + rest.join('')
}

function hasName(model: ModdleElement): boolean {
  return NAMED.some((type) => model.$instanceOf(type)) || model.$instanceOf('bpmn:TextAnnotation')
}

/** Kinds with a `name` that a reader sees. */
const NAMED = [
  'bpmn:FlowElement',
  'bpmn:Participant',
  'bpmn:Lane',
  'bpmn:MessageFlow',
  'bpmn:Process',
  'bpmn:Group',
]

function nameOf(model: ModdleElement): unknown {
  return model.$instanceOf('bpmn:TextAnnotation') ? model.get('text') : model.name
}

function colorOf(di: ModdleElement | undefined): string | null {
  const fill = di?.get('color:background-color') ?? di?.get('bioc:fill')
  const stroke = di?.get('color:border-color') ?? di?.get('bioc:stroke')
  if (fill === undefined && stroke === undefined) return null
  const known = COLORS.find((color) => color.fill === fill || color.stroke === stroke)
  return known?.name ?? 'other'
}
