// The document model: DOCUMENT.md in TypeScript. Pure but for crdt.ts, which reads and writes Yjs documents.
export * from './crdt.ts'
export { importXml } from './import/import.ts'
export * from './model.ts'
export { between, nth, type Random } from './order.ts'
export { type Finding, findings, project } from './repair/project.ts'
export * from './view.ts'
export { materialise, writeView } from './write/materialise.ts'
export { ReadError } from './xml/error.ts'
