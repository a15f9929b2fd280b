// The document model: DOCUMENT.md in TypeScript. Pure but for crdt.ts, which reads and writes Yjs documents.
export * from './crdt.ts'
export { type Bounds, parseBounds, parseWaypoints, type Waypoints } from './geometry.ts'
export { importXml } from './import/import.ts'
export { type ElementName, type Keyless, newKey } from './keys.ts'
export { type ApplyOptions, applyOps, carryRecords } from './merge/apply.ts'
export { diff, diffRecords } from './merge/diff.ts'
export type {
  Applied,
  Arrange,
  Clash,
  Conflict,
  ElementRef,
  List,
  ListKind,
  Op,
  Placed,
  Side,
} from './merge/op.ts'
export * from './model.ts'
export { between, nth, type Random } from './order.ts'
export { type Finding, findings, project } from './repair/project.ts'
export { BPMN_URI, BPMNDI_URI, DC_URI, DI_URI } from './tables.ts'
export * from './view.ts'
export { materialise, writeView } from './write/materialise.ts'
export { ReadError } from './xml/error.ts'
