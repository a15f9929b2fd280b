// The document model: DOCUMENT.md in TypeScript. Pure but for crdt.ts, which reads and writes Yjs documents.
export * from './model.ts'
export * from './view.ts'
