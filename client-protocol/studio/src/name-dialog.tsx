// What others see at one's cursor.
import { NAME_CHARS } from './limits.ts'
import { rename } from './session.ts'
import { TextDialog } from './ui/text-dialog.tsx'

export function NameDialog({ name, onClose }: { readonly name: string; readonly onClose: () => void }) {
  return (
    <TextDialog
      title="Your name"
      label="Others see it at your cursor"
      text={name}
      most={NAME_CHARS}
      action="Save"
      onSave={rename}
      onClose={onClose}
    />
  )
}
