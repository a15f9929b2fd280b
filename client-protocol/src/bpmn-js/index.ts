// The binding of a live diagram to a bpmn-js modeler.
export { undoInDocument } from './command-stack.ts'
export type { CanvasElement, Elements } from './presence/canvas.ts'
export { Presence } from './presence/presence.ts'
export { UndoStack } from './undo.ts'
