// The core entry: connection, saved state, awareness, and the document model. No bpmn-js here.
export * from './client/index.ts'
export * from './document/index.ts'
