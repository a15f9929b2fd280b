// Whether everything is saved, at a glance; and the clock that such words need.
import { useEffect, useState } from 'preact/hooks'
import type { IconName } from '../ui/icons.tsx'
import { Icon } from '../ui/icons.tsx'
import type { Room } from './room.ts'
import { indicator, type Tone } from './status.ts'

const ICONS: Readonly<Record<Tone, IconName>> = {
  good: 'check',
  busy: 'cloud',
  warn: 'offline',
  bad: 'alert',
}

export function SavedIndicator({ room }: { readonly room: Room }) {
  const state = { connection: room.connection.value, saved: room.saved.value, rights: room.rights.value }
  const now = useClock(state.saved.unsaved > 0)
  const { tone, text } = indicator(state, now)
  return (
    <span class={`saved ${tone}`} role="status">
      <Icon name={ICONS[tone]} />
      {text}
    </span>
  )
}

/** The time, told every second while it matters. */
export function useClock(running: boolean): number {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    if (!running) return
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [running])
  return now
}
