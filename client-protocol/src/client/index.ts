// The client: a live diagram with its connection, saved state, awareness and rights. No bpmn-js, no document model.
export { type Access, AccessDenied, type FetchAccess, type Role, roomAccess } from './access.ts'
export type { Awareness } from './awareness.ts'
export { browserCopies } from './browser-copies.ts'
export { type CloseReason, closeReason, type Retry } from './close.ts'
export { type Copies, type Copy, type Kept, pageCopies } from './copies.ts'
export {
  type CarryOver,
  type DiagramOptions,
  type HistoryChange,
  LiveDiagram,
  openDiagram,
  type Rights,
} from './diagram.ts'
export type { Connection } from './link.ts'
export type { Box, Person, Point, User, Whereabouts } from './person.ts'
export type { Readable } from './readable.ts'
export { NotSaved, type Problem, type Saved } from './saves.ts'
export { ServerEdits } from './server-edits.ts'
