// Files dropped anywhere on the page.
import { useEffect, useRef, useState } from 'preact/hooks'

/** Whether files hang over the page. Without `take` they are refused, so that the browser does not open them. */
export function useDrop(take: ((files: readonly File[]) => void) | null): boolean {
  const [over, setOver] = useState(false)
  const latest = useRef(take)
  latest.current = take
  useEffect(() => {
    // Entering a child leaves its parent: only a count tells when the page is left.
    let depth = 0
    const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
    const show = (change: number) => {
      depth = Math.max(0, depth + change)
      setOver(depth > 0 && latest.current !== null)
    }
    const enter = (event: DragEvent) => holdsFiles(event) && show(1)
    const leave = (event: DragEvent) => holdsFiles(event) && show(-1)
    const hover = (event: DragEvent) => {
      if (!holdsFiles(event) || !event.dataTransfer) return
      event.preventDefault()
      event.dataTransfer.dropEffect = latest.current ? 'copy' : 'none'
    }
    const drop = (event: DragEvent) => {
      if (!holdsFiles(event)) return
      event.preventDefault()
      show(-depth)
      const files = [...(event.dataTransfer?.files ?? [])]
      if (files.length > 0) latest.current?.(files)
    }
    const all = { dragenter: enter, dragleave: leave, dragover: hover, drop } as const
    for (const [name, listen] of Object.entries(all)) window.addEventListener(name, listen as EventListener)
    return () => {
      for (const [name, listen] of Object.entries(all))
        window.removeEventListener(name, listen as EventListener)
    }
  }, [])
  return over
}
