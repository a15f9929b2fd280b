// What this window shows of itself: pointer, selection, view, what is being dragged or renamed. How often others
// hear of it is the business of `Awareness`.
import type { Box, Whereabouts } from '../../client/person.ts'
import { boxOf, type Canvas, type CanvasElement, type Elements } from './canvas.ts'

/** `Awareness.show`. */
export type Show = (change: { readonly [field in keyof Whereabouts]: Whereabouts[field] | undefined }) => void

interface DragEvent {
  readonly dx: number
  readonly dy: number
  readonly context: {
    readonly shapes?: readonly CanvasElement[]
    readonly shape?: CanvasElement
    readonly newBounds?: Box
  }
}

/** Shows from now on; returns how to stop. */
export function showWhereabouts(canvas: Canvas, elements: Elements, show: Show): () => void {
  const ended = new AbortController()
  const { signal } = ended
  const keys = (of: readonly CanvasElement[]) => [
    ...new Set(of.flatMap((element) => keyOf(elements, element) ?? [])),
  ]

  const plane = () =>
    show({ plane: elements.keyOf(canvas.root), viewport: canvas.viewport, cursor: undefined })
  const view = () => show({ viewport: canvas.viewport })
  const gone = () => show({ cursor: undefined })

  canvas.container.addEventListener('pointermove', (event) => show({ cursor: canvas.locate(event) }), {
    signal,
    passive: true,
  })
  canvas.container.addEventListener('pointerleave', gone, { signal })
  document.addEventListener('visibilitychange', gone, { signal })
  const stops = [
    canvas.on('root.set', plane),
    canvas.on('import.done', plane),
    canvas.on('canvas.viewbox.changed', view),
    canvas.on('canvas.resized', view),
    canvas.on<{ newSelection: CanvasElement[] }>('selection.changed', ({ newSelection }) =>
      show({ selection: newSelection.length > 0 ? keys(newSelection) : undefined }),
    ),
    canvas.on<DragEvent>('shape.move.move', (event) => show({ drag: moved(elements, event) })),
    canvas.on<DragEvent>('resize.move', (event) => show({ drag: resized(elements, event) })),
    canvas.on('shape.move.cleanup', () => show({ drag: undefined })),
    canvas.on('resize.cleanup', () => show({ drag: undefined })),
    canvas.on<{ active: { element: CanvasElement } }>('directEditing.activate', ({ active }) =>
      show({ editing: keyOf(elements, active.element) }),
    ),
    canvas.on('directEditing.deactivate', () => show({ editing: undefined })),
  ]
  plane()
  return () => {
    ended.abort()
    for (const stop of stops) stop()
    show({
      cursor: undefined,
      selection: undefined,
      viewport: undefined,
      drag: undefined,
      editing: undefined,
    })
  }
}

/** A label stands for what it names. */
function keyOf(elements: Elements, element: CanvasElement): string | undefined {
  return elements.keyOf(element.labelTarget ?? element)
}

function moved(elements: Elements, { dx, dy, context }: DragEvent): Record<string, Box> {
  const boxes: Record<string, Box> = {}
  for (const shape of context.shapes ?? []) {
    const box = boxOf(shape)
    const key = elements.keyOf(shape)
    // A label alone has no key of its own, and its element stays.
    if (box === undefined || key === undefined || shape.labelTarget !== undefined) continue
    boxes[key] = { ...box, x: box.x + dx, y: box.y + dy }
  }
  return boxes
}

function resized(elements: Elements, { context: { shape, newBounds } }: DragEvent): Record<string, Box> {
  const key = shape && elements.keyOf(shape)
  return key === undefined || newBounds === undefined ? {} : { [key]: newBounds }
}
