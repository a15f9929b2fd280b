// The diagram as a file. The server writes the BPMN: it keeps what bpmn-js does not know of.
import { FLUSH_MS } from '../limits.ts'
import { api } from '../session.ts'
import { say } from '../ui/toasts.tsx'
import type { Room } from './room.ts'
import type { Stage } from './stage.ts'

export async function downloadBpmn(room: Room, id: string, title: string): Promise<void> {
  const complete = await room.flush(AbortSignal.timeout(FLUSH_MS)).then(
    () => true,
    () => false,
  )
  if (!complete) say('The file lacks your last edits: they are not saved yet.')
  save(await api.bpmn(id), `${fileName(title)}.bpmn`)
}

export async function downloadSvg(stage: Stage, title: string): Promise<void> {
  save(new Blob([await stage.svg()], { type: 'image/svg+xml' }), `${fileName(title)}.svg`)
}

/** A title as a name that every system takes. Pure. */
export function fileName(title: string): string {
  const plain = title
    .replaceAll(/[\p{Cc}/\\:*?"<>|]/gu, '_')
    .replaceAll(/^[.\s]+|[.\s]+$/g, '')
    .slice(0, 80)
  return plain || 'diagram'
}

/** Gives the browser a file to keep. */
export function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser has begun to read it; it may still be reading for a while.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
