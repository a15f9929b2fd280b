// The document model: DOCUMENT.md in TypeScript. Pure but for crdt.ts, which reads and writes Yjs documents.
export * from './crdt.ts'
export * from './model.ts'
export { between, nth, type Random } from './order.ts'
export * from './view.ts'
export { ReadError } from './xml/error.ts'
