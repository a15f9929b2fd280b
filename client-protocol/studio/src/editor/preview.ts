// A version as it was, in a viewer over the live canvas, and the marks of what changed on both.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer'
import { RENDERER } from './canvas-theme.ts'
import type { Mark } from './changes.ts'
import type { BpmnJs } from './services.ts'
import { fit, reveal } from './view.ts'

/** Classes of marked elements: styles/canvas.css. */
const CLASSES: Readonly<Record<Mark, string>> = {
  added: 'diff-added',
  changed: 'diff-changed',
  removed: 'diff-removed',
  layout: 'diff-layout',
}
/** The one that is pointed out. */
const POINTED = 'diff-pointed'

/** Draws a version in an element. @returns how to end it */
export async function preview(
  container: HTMLElement,
  xml: string,
): Promise<{ readonly viewer: BpmnJs; end: () => void }> {
  const viewer = new NavigatedViewer({ container, bpmnRenderer: RENDERER })
  await viewer.importXML(xml)
  const bpmnJs = viewer as unknown as BpmnJs
  fit(bpmnJs)
  return { viewer: bpmnJs, end: () => viewer.destroy() }
}

/** Marks what changed, where it is shown. @returns how to take the marks away */
export function mark(bpmnJs: BpmnJs, marks: ReadonlyMap<string, Mark>): () => void {
  const registry = bpmnJs.get('elementRegistry')
  const looks = [...marks].flatMap(([id, mark]) => (registry.get(id) ? [{ id, look: CLASSES[mark] }] : []))
  return wear(bpmnJs, looks)
}

/** Brings an element into view, on whatever plane, and points it out. @returns how to stop pointing */
export function pointOut(bpmnJs: BpmnJs, id: string): () => void {
  const canvas = bpmnJs.get('canvas')
  const element = bpmnJs.get('elementRegistry').get(id)
  const root = element && canvas.findRoot(element)
  if (!element || !root) return () => {}
  if (root !== canvas.getRootElement()) canvas.setRootElement(root)
  if (element === root) return () => {}
  reveal(bpmnJs, element)
  return wear(bpmnJs, [{ id, look: POINTED }])
}

function wear(bpmnJs: BpmnJs, looks: readonly { readonly id: string; readonly look: string }[]): () => void {
  const canvas = bpmnJs.get('canvas')
  const registry = bpmnJs.get('elementRegistry')
  for (const { id, look } of looks) canvas.addMarker(id, look)
  return () => {
    for (const { id, look } of looks) if (registry.get(id)) canvas.removeMarker(id, look)
  }
}
