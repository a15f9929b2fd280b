// Which project a diagram belongs to.
import { useState } from 'preact/hooks'
import type { Project, Summary } from '../api.ts'
import { TITLE_CHARS } from '../limits.ts'
import { Button } from '../ui/controls.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { complain } from '../ui/toasts.tsx'

/** Stands for a project that is yet to be made. */
const NEW = 'new'

export function MoveDialog({
  diagram,
  projects,
  onCreate,
  onMove,
  onClose,
}: {
  readonly diagram: Summary
  readonly projects: readonly Project[]
  readonly onCreate: (name: string) => Promise<Project>
  readonly onMove: (project: string | null) => Promise<void>
  readonly onClose: () => void
}) {
  const [chosen, choose] = useState(diagram.projectId ?? (projects.length === 0 ? NEW : ''))
  const [name, setName] = useState('')
  const move = async (event: Event) => {
    event.preventDefault()
    onClose()
    try {
      await onMove(chosen === NEW ? (await onCreate(name.trim())).id : chosen === '' ? null : chosen)
    } catch (error) {
      complain(error)
    }
  }
  return (
    <Dialog title={`Move “${diagram.title}”`} onClose={onClose}>
      <form class="move" onSubmit={move}>
        <label class="field">
          Project
          <select value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
            <option value="">No project</option>
            {projects.map((project) => (
              <option key={project.id} value={project.id}>
                {project.name}
              </option>
            ))}
            <option value={NEW}>New project …</option>
          </select>
        </label>
        {chosen === NEW && (
          <label class="field">
            Its name
            <input
              type="text"
              value={name}
              required
              maxLength={TITLE_CHARS}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </label>
        )}
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit">
            Move
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
