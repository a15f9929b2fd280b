// Diagrams dragged from the list onto a project.
const TYPE = 'application/x-atelier-diagram'

/** Of what can be dragged. */
export const gives = (diagram: string) => ({
  draggable: true,
  onDragStart: ({ dataTransfer }: DragEvent) => {
    dataTransfer?.setData(TYPE, diagram)
    if (dataTransfer) dataTransfer.effectAllowed = 'move'
  },
})

/** Of what a diagram can be dropped on. */
export const takesDiagram = (take: (diagram: string) => void) => {
  const mark = (event: DragEvent, over: boolean) => {
    if (!event.dataTransfer?.types.includes(TYPE)) return false
    if (event.currentTarget instanceof HTMLElement) event.currentTarget.classList.toggle('drop-target', over)
    return true
  }
  return {
    onDragOver: (event: DragEvent) => mark(event, true) && event.preventDefault(),
    onDragLeave: (event: DragEvent) => void mark(event, false),
    onDrop: (event: DragEvent) => {
      if (!mark(event, false)) return
      event.preventDefault()
      const diagram = event.dataTransfer?.getData(TYPE)
      if (diagram) take(diagram)
    },
  }
}
