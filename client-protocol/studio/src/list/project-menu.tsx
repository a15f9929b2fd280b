// What can be done with the project that is shown.
import { useState } from 'preact/hooks'
import { ApiError, type Project } from '../api.ts'
import { TITLE_CHARS } from '../limits.ts'
import { go } from '../router.ts'
import { Icon } from '../ui/icons.tsx'
import { Menu } from '../ui/menu.tsx'
import { TextDialog } from '../ui/text-dialog.tsx'
import { complain, say } from '../ui/toasts.tsx'
import type { Organisation } from './organisation.ts'

export function ProjectMenu({
  project,
  organisation,
}: {
  readonly project: Project
  readonly organisation: Organisation
}) {
  const [naming, setNaming] = useState(false)
  const remove = async () => {
    try {
      await organisation.remove(project)
      say(`The project “${project.name}” was removed.`)
      go({ page: 'list' })
    } catch (error) {
      if (error instanceof ApiError && error.code === 'not-empty') {
        say('Only an empty project can be removed. Deleted diagrams count until they are gone.')
      } else complain(error)
    }
  }
  return (
    <>
      <Menu
        label={`More for the project ${project.name}`}
        class="icon-button"
        items={[
          { label: 'Rename project', icon: 'pencil', act: () => setNaming(true) },
          { label: 'Remove project', icon: 'trash', danger: true, act: () => void remove() },
        ]}
      >
        <Icon name="more" />
      </Menu>
      {naming && (
        <TextDialog
          title="Rename the project"
          label="Name"
          text={project.name}
          most={TITLE_CHARS}
          action="Rename"
          onSave={(name) => organisation.rename(project, name)}
          onClose={() => setNaming(false)}
        />
      )}
    </>
  )
}
