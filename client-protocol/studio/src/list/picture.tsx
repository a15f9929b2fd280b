// The picture of a diagram, asked for when it comes into view; a sketch until then, and where there is none.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Summary } from '../api.ts'
import { PICTURE_AFTER_MS, PICTURE_WAITS_MS, PICTURES_AT_ONCE } from '../limits.ts'
import { api } from '../session.ts'
import { contentOf } from './content.ts'
import { Sketch } from './sketch.tsx'
import { Turns } from './turns.ts'

const turns = new Turns(PICTURES_AT_ONCE)

export function Picture({ diagram }: { readonly diagram: Summary }) {
  const frame = useRef<HTMLSpanElement>(null)
  const [url, setUrl] = useState<string | null>(null)
  const { id, version, updatedAt } = diagram
  useEffect(() => {
    const left = new AbortController()
    let made: string | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    const load = async () => {
      // An image element can't send the token.
      const picture = await turns.take(() => api.thumbnail(id, left.signal), left.signal)
      if (left.signal.aborted || !picture) return
      made = URL.createObjectURL(picture)
      setUrl(made)
    }
    // Without a picture the sketch stays.
    const attempt = (wait: number, [next, ...later]: readonly number[]) => {
      const failed = () => next !== undefined && !left.signal.aborted && attempt(next, later)
      timer = setTimeout(() => load().catch(failed), wait)
    }
    const observer = new IntersectionObserver(([entry]) => {
      if (!entry?.isIntersecting) return
      observer.disconnect()
      attempt(Math.max(0, Date.parse(updatedAt) + PICTURE_AFTER_MS - Date.now()), PICTURE_WAITS_MS)
    })
    if (frame.current) observer.observe(frame.current)
    return () => {
      left.abort()
      clearTimeout(timer)
      observer.disconnect()
      if (made !== undefined) URL.revokeObjectURL(made)
    }
  }, [id, version])
  return (
    <span class="card-picture" ref={frame}>
      {url === null ? <Sketch content={contentOf(diagram.summary)} /> : <img src={url} alt="" />}
    </span>
  )
}
