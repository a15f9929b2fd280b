// The stored versions of a diagram, page by page.
import { useEffect, useState } from 'preact/hooks'
import type { Version } from '../api.ts'
import { api } from '../session.ts'
import { complain } from '../ui/toasts.tsx'

export type Listed =
  | { readonly state: 'loading' }
  | { readonly state: 'shown'; readonly versions: readonly Version[]; readonly next: string | null }
  | { readonly state: 'failed'; readonly error: unknown }

export interface History {
  readonly listed: Listed
  load(): Promise<void>
  more(): Promise<void>
}

/** @param fresh asks anew when it changes */
export function useHistory(id: string, fresh: number): History {
  const [listed, setListed] = useState<Listed>({ state: 'loading' })
  const load = async () => {
    try {
      const page = await api.versions(id, {})
      setListed({ state: 'shown', versions: page.versions, next: page.nextCursor })
    } catch (error) {
      setListed({ state: 'failed', error })
    }
  }
  const more = async () => {
    if (listed.state !== 'shown' || listed.next === null) return
    try {
      const page = await api.versions(id, { cursor: listed.next })
      setListed({ state: 'shown', versions: [...listed.versions, ...page.versions], next: page.nextCursor })
    } catch (error) {
      complain(error)
    }
  }
  useEffect(() => void load(), [id, fresh])
  return { listed, load, more }
}
