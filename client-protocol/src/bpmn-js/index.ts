// The binding of a live diagram to a bpmn-js modeler.
export { undoInDocument } from './command-stack.ts'
export { UndoStack } from './undo.ts'
