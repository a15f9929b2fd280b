// Where a new diagram starts: from a template, under a title.
import { useState } from 'preact/hooks'
import { TITLE_CHARS } from '../limits.ts'
import { Button } from '../ui/controls.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Sketch } from './sketch.tsx'
import { TEMPLATES } from './templates/index.ts'

export function NewDialog({
  onClose,
  onCreate,
}: {
  readonly onClose: () => void
  /** Settles when it was created, or was not. */
  readonly onCreate: (bpmn: string, title: string) => Promise<void>
}) {
  const [chosen, choose] = useState(0)
  const [title, setTitle] = useState('')
  const [busy, setBusy] = useState(false)
  const template = TEMPLATES[chosen]
  if (template === undefined) return null
  const create = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    await onCreate(template.bpmn, title.trim() || template.title)
    setBusy(false)
  }
  return (
    <Dialog title="New diagram" wide onClose={onClose}>
      <form onSubmit={create}>
        <fieldset class="templates">
          <legend class="hidden">Start from</legend>
          {TEMPLATES.map(({ name, about, shape }, i) => (
            <label key={name} class="template">
              <input type="radio" name="template" checked={i === chosen} onChange={() => choose(i)} />
              <span class="card-picture">
                <Sketch
                  content={{ activities: shape.steps, gateways: shape.decisions, pools: shape.pools }}
                />
              </span>
              <strong>{name}</strong>
              <span class="quiet-text">{about}</span>
            </label>
          ))}
        </fieldset>
        <label class="field">
          Title
          <input
            type="text"
            value={title}
            placeholder={template.title}
            maxLength={TITLE_CHARS}
            onInput={(event) => setTitle(event.currentTarget.value)}
          />
        </label>
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={busy}>
            {busy ? 'Creating …' : 'Create diagram'}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
