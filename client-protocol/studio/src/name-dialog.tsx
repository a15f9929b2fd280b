// What others see at one's cursor.
import { useState } from 'preact/hooks'
import { NAME_CHARS } from './limits.ts'
import { rename } from './session.ts'
import { Button } from './ui/controls.tsx'
import { Dialog } from './ui/dialog.tsx'
import { complain } from './ui/toasts.tsx'

export function NameDialog({ name, onClose }: { readonly name: string; readonly onClose: () => void }) {
  const [text, setText] = useState(name)
  const save = async (event: Event) => {
    event.preventDefault()
    onClose()
    await rename(text).catch(complain)
  }
  return (
    <Dialog title="Your name" onClose={onClose}>
      <form onSubmit={save}>
        <label class="field">
          Others see it at your cursor
          <input
            type="text"
            value={text}
            maxLength={NAME_CHARS}
            required
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
        <footer>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit">
            Save
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
