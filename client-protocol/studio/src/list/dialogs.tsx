// What the list asks or tells in a dialog.
import type { Summary } from '../api.ts'
import { TITLE_CHARS } from '../limits.ts'
import { TextDialog } from '../ui/text-dialog.tsx'
import type { Desk } from './desk.ts'
import { MoveDialog } from './move-dialog.tsx'
import { NewDialog } from './new-dialog.tsx'
import type { Organisation } from './organisation.ts'
import { RefusedDialog } from './refused-dialog.tsx'
import type { Refused } from './upload.ts'

export type Asked =
  | { readonly about: 'new' }
  | { readonly about: 'refused'; readonly refused: readonly Refused[] }
  | { readonly about: 'name' | 'project'; readonly diagram: Summary }

export function Dialogs({
  asked,
  desk,
  organisation,
  onClose,
}: {
  readonly asked: Asked | null
  readonly desk: Desk
  readonly organisation: Organisation
  readonly onClose: () => void
}) {
  if (asked === null) return null
  if (asked.about === 'new')
    return <NewDialog onClose={onClose} onCreate={(...what) => desk.create(...what)} />
  if (asked.about === 'refused') return <RefusedDialog refused={asked.refused} onClose={onClose} />
  const { diagram } = asked
  if (asked.about === 'project') {
    return (
      <MoveDialog
        diagram={diagram}
        projects={organisation.projects.value}
        onCreate={(name) => organisation.create(name)}
        onMove={(project) => desk.move(diagram.id, project)}
        onClose={onClose}
      />
    )
  }
  return (
    <TextDialog
      title="Rename the diagram"
      label="Title"
      text={diagram.title}
      most={TITLE_CHARS}
      action="Rename"
      onSave={(title) => desk.rename(diagram, title)}
      onClose={onClose}
    />
  )
}
