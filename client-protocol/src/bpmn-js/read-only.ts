// A modeler that shows and does not edit: for viewers. The server refuses their edits anyway; this keeps people from
// making any. It takes the tools away and lets no command through.
import type { Modeler } from './services.ts'

/** Methods that begin an edit, by service. */
const EDITING: readonly (readonly [service: string, method: string])[] = [
  ['commandStack', 'execute'],
  ['commandStack', 'undo'],
  ['commandStack', 'redo'],
  ['directEditing', 'activate'],
  ['contextPad', 'open'],
  ['popupMenu', 'open'],
]

/** Interactions that would show a change in the making. */
const GESTURES = [
  'shape.move.start',
  'create.start',
  'connect.start',
  'global-connect.start',
  'resize.start',
  'bendpoint.move.start',
  'connectionSegment.move.start',
  'spaceTool.selection.start',
]

/** Before every listener of bpmn-js. */
const FIRST = 10_000

const HIDDEN = 'none'

/** Stops editing until the returned function is called. */
export function forbidEditing(modeler: Modeler): () => void {
  const undo: (() => void)[] = []
  for (const [name, method] of EDITING) {
    const service = modeler.get(name, false) as Record<string, unknown> | null
    if (service === null || service === undefined) continue
    const own = Object.getOwnPropertyDescriptor(service, method)
    service[method] = () => undefined
    undo.push(() => {
      // Without one of its own the prototype's shines through again.
      if (own === undefined) delete service[method]
      else Object.defineProperty(service, method, own)
    })
  }
  const bus = modeler.get('eventBus') as {
    on(events: string[], priority: number, listener: () => false): void
    off(events: string[], listener: () => false): void
  }
  const refuse = () => false as const
  bus.on(GESTURES, FIRST, refuse)
  undo.push(() => bus.off(GESTURES, refuse))
  for (const element of tools(modeler)) {
    const { display } = element.style
    element.style.display = HIDDEN
    undo.push(() => {
      element.style.display = display
    })
  }
  closeOpen(modeler)
  return () => {
    for (const step of undo) step()
  }
}

function tools(modeler: Modeler): readonly HTMLElement[] {
  const canvas = modeler.get('canvas') as { getContainer(): HTMLElement }
  return [...canvas.getContainer().querySelectorAll<HTMLElement>('.djs-palette')]
}

function closeOpen(modeler: Modeler): void {
  for (const [name, method] of [
    ['contextPad', 'close'],
    ['popupMenu', 'close'],
    ['directEditing', 'cancel'],
  ] as const) {
    const service = modeler.get(name, false) as Record<string, (() => void) | undefined> | null
    service?.[method]?.()
  }
}
