// Asks before a version is brought back: everybody in the diagram sees it at once.
import { useState } from 'preact/hooks'
import type { Version } from '../api.ts'
import { FLUSH_MS } from '../limits.ts'
import { api } from '../session.ts'
import { Button } from '../ui/controls.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { complain, say } from '../ui/toasts.tsx'
import type { Room } from './room.ts'
import type { Stage } from './stage.ts'
import { titleOf } from './version-lines.tsx'

export function RestoreDialog({
  room,
  stage,
  id,
  version,
  onRestored,
  onClose,
}: {
  readonly room: Room
  readonly stage: Stage
  readonly id: string
  readonly version: Version
  readonly onRestored: () => void
  readonly onClose: () => void
}) {
  const [busy, setBusy] = useState(false)
  const number = version.version
  const restore = async () => {
    setBusy(true)
    try {
      // Edits that arrive behind it would mix with what is brought back.
      await room.flush(AbortSignal.timeout(FLUSH_MS)).catch(() => {})
      const changed = await stage.restoring(() => api.restore(id, number))
      if (changed) say(`Version ${number} is back.`, { label: 'Undo', act: () => stage.undo() })
      else say(`The diagram is as it was in version ${number} already.`)
      onRestored()
    } catch (error) {
      complain(error)
    }
    onClose()
  }
  const others = room.people.value.length
  return (
    <Dialog title={`Restore version ${number}?`} onClose={onClose}>
      <p>
        The diagram becomes what it was in “{titleOf(version)}”
        {others === 0 ? '' : `, also for ${others === 1 ? 'the other person' : `the ${others} others`} in it`}
        .
      </p>
      <p class="quiet-text">What is there now is kept as a version, and undo takes this back.</p>
      <footer>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" icon="restore" disabled={busy} onClick={() => void restore()}>
          Restore
        </Button>
      </footer>
    </Dialog>
  )
}
