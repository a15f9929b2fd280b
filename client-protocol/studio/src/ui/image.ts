// Pictures that need the session's token, which an image element can't send: asked for when they come into view, a
// few at a time.
import { useEffect, useRef, useState } from 'preact/hooks'
import { PICTURES_AT_ONCE } from '../limits.ts'
import { Turns } from './turns.ts'

const turns = new Turns(PICTURES_AT_ONCE)

/**
 * @param load asks for it
 * @param key of the picture: another one is asked for anew
 * @param waits before each attempt, milliseconds
 * @returns where it has to be seen, and its URL once it is there
 */
export function useImage<Frame extends Element>(
  load: (signal: AbortSignal) => Promise<Blob>,
  key: string,
  waits: readonly number[],
) {
  const frame = useRef<Frame>(null)
  const [url, setUrl] = useState<string | null>(null)
  useEffect(() => {
    const left = new AbortController()
    let made: string | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    const show = async () => {
      const picture = await turns.take(() => load(left.signal), left.signal)
      if (left.signal.aborted || !picture) return
      made = URL.createObjectURL(picture)
      setUrl(made)
    }
    const attempt = ([wait, ...later]: readonly number[]) => {
      if (wait === undefined || left.signal.aborted) return
      timer = setTimeout(() => show().catch(() => attempt(later)), wait)
    }
    const observer = new IntersectionObserver(([entry]) => {
      if (!entry?.isIntersecting) return
      observer.disconnect()
      attempt(waits)
    })
    if (frame.current) observer.observe(frame.current)
    return () => {
      left.abort()
      clearTimeout(timer)
      observer.disconnect()
      if (made !== undefined) URL.revokeObjectURL(made)
    }
  }, [key])
  return { frame, url }
}
