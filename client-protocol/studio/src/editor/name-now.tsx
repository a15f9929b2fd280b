// A name, and perhaps a message, for the diagram as it is now: a milestone, which is kept for ever.
import { useState } from 'preact/hooks'
import { FLUSH_MS, VERSION_MESSAGE_CHARS, VERSION_NAME_CHARS } from '../limits.ts'
import { api } from '../session.ts'
import { Button } from '../ui/controls.tsx'
import { complain } from '../ui/toasts.tsx'
import type { Room } from './room.ts'

export function NameNow({
  room,
  id,
  onNamed,
}: {
  readonly room: Room
  readonly id: string
  readonly onNamed: () => Promise<void>
}) {
  const [name, setName] = useState('')
  const [message, setMessage] = useState('')
  const [busy, setBusy] = useState(false)
  const keep = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    try {
      // What is named has to hold what one sees.
      await room.flush(AbortSignal.timeout(FLUSH_MS)).catch(() => {})
      await api.nameVersion(id, name.trim(), message.trim() || null)
      setName('')
      setMessage('')
      await onNamed()
    } catch (error) {
      complain(error)
    }
    setBusy(false)
  }
  return (
    <form class="name-now" onSubmit={keep}>
      <label class="field">
        Keep the present state
        <span class="in-line">
          <input
            type="text"
            value={name}
            required
            maxLength={VERSION_NAME_CHARS}
            placeholder="For example: approved"
            onInput={(event) => setName(event.currentTarget.value)}
          />
          <Button type="submit" disabled={busy || name.trim() === ''}>
            Keep
          </Button>
        </span>
      </label>
      {name.trim() !== '' && (
        <label class="field">
          <span class="hidden">Message</span>
          <textarea
            rows={2}
            value={message}
            maxLength={VERSION_MESSAGE_CHARS}
            placeholder="What is it about? (optional)"
            onInput={(event) => setMessage(event.currentTarget.value)}
          />
        </label>
      )}
    </form>
  )
}
