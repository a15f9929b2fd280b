// Asks for one line of text.
import { useEffect, useRef, useState } from 'preact/hooks'
import { Button } from './controls.tsx'
import { Dialog } from './dialog.tsx'
import { complain } from './toasts.tsx'

export function TextDialog({
  title,
  label,
  text: given = '',
  most,
  action,
  onSave,
  onClose,
}: {
  readonly title: string
  readonly label: string
  readonly text?: string
  /** UTF-16 units. */
  readonly most: number
  /** On the button. */
  readonly action: string
  readonly onSave: (text: string) => Promise<void>
  readonly onClose: () => void
}) {
  const [text, setText] = useState(given)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => field.current?.select(), [])
  const save = async (event: Event) => {
    event.preventDefault()
    onClose()
    if (text.trim() !== '' && text !== given) await onSave(text.trim()).catch(complain)
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={save}>
        <label class="field">
          {label}
          <input
            ref={field}
            type="text"
            value={text}
            maxLength={most}
            required
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={text.trim() === ''}>
            {action}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
