// The picture of a diagram; a sketch until it is there, and where there is none.
import type { Summary } from '../api.ts'
import { PICTURE_AFTER_MS, PICTURE_WAITS_MS } from '../limits.ts'
import { api } from '../session.ts'
import { useImage } from '../ui/image.ts'
import { contentOf } from './content.ts'
import { Sketch } from './sketch.tsx'

export function Picture({ diagram }: { readonly diagram: Summary }) {
  const { id, version, updatedAt } = diagram
  const first = Math.max(0, Date.parse(updatedAt) + PICTURE_AFTER_MS - Date.now())
  const { frame, url } = useImage<HTMLSpanElement>(
    (signal) => api.thumbnail(id, signal),
    `${id} ${version}`,
    [first, ...PICTURE_WAITS_MS],
  )
  return (
    <span class="card-picture" ref={frame}>
      {url === null ? <Sketch content={contentOf(diagram.summary)} /> : <img src={url} alt="" />}
    </span>
  )
}
