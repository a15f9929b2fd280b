// The binding of a live diagram to a bpmn-js modeler.
export { type Binding, type BindOptions, bind, type Fallback } from './bind.ts'
export { undoInDocument } from './command-stack.ts'
export type { CanvasElement, Elements } from './presence/canvas.ts'
export { Presence } from './presence/presence.ts'
export { UndoStack } from './undo.ts'
