// A version as it was, in a viewer over the live canvas, and the marks of what changed since on both.
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer'
import { RENDERER } from './canvas-theme.ts'
import type { Change, Mark } from './changes.ts'
import type { BpmnJs } from './services.ts'

/** Classes of marked elements: styles/canvas.css. */
const CLASSES: Readonly<Record<Mark, string>> = {
  added: 'diff-added',
  changed: 'diff-changed',
  removed: 'diff-removed',
}

/** Draws a version in an element. @returns how to end it */
export async function preview(
  container: HTMLElement,
  xml: string,
): Promise<{ readonly viewer: BpmnJs; end: () => void }> {
  const viewer = new NavigatedViewer({ container, bpmnRenderer: RENDERER })
  await viewer.importXML(xml)
  const bpmnJs = viewer as unknown as BpmnJs
  const canvas = bpmnJs.get('canvas')
  canvas.zoom('fit-viewport', 'auto')
  if (canvas.zoom() > 1) canvas.zoom(1, 'auto')
  return { viewer: bpmnJs, end: () => viewer.destroy() }
}

/** Marks what changed, where it is shown. @returns how to take the marks away */
export function mark(bpmnJs: BpmnJs, changes: readonly Change[]): () => void {
  const { canvas, elementRegistry } = {
    canvas: bpmnJs.get('canvas'),
    elementRegistry: bpmnJs.get('elementRegistry'),
  }
  const marked = changes.flatMap((change) =>
    change.id !== undefined && elementRegistry.get(change.id)
      ? [{ id: change.id, look: CLASSES[change.mark] }]
      : [],
  )
  for (const { id, look } of marked) canvas.addMarker(id, look)
  return () => {
    for (const { id, look } of marked) if (elementRegistry.get(id)) canvas.removeMarker(id, look)
  }
}

/** Brings an element into view, on whatever plane. Says whether it is there. */
export function reveal(bpmnJs: BpmnJs, id: string): boolean {
  const canvas = bpmnJs.get('canvas')
  const element = bpmnJs.get('elementRegistry').get(id)
  const root = element && canvas.findRoot(element)
  if (!element || !root) return false
  if (root !== canvas.getRootElement()) canvas.setRootElement(root)
  if (element !== root) canvas.scrollToElement(element)
  return true
}
