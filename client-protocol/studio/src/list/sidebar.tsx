// Where diagrams are kept: all of them, by project, the deleted ones; and how many more there may be.
import { useState } from 'preact/hooks'
import type { Org, Project } from '../api.ts'
import { TITLE_CHARS } from '../limits.ts'
import { go, pathOf } from '../router.ts'
import { IconButton } from '../ui/controls.tsx'
import { Icon, type IconName } from '../ui/icons.tsx'
import { TextDialog } from '../ui/text-dialog.tsx'
import type { Shelf } from './catalog.ts'
import { takesDiagram } from './drag.ts'
import { MembersDialog } from './members-dialog.tsx'
import type { Organisation } from './organisation.ts'

export function Sidebar({
  organisation,
  shelf,
  mayEdit,
  isAdmin,
  onMove,
}: {
  readonly organisation: Organisation
  readonly shelf: Shelf
  readonly mayEdit: boolean
  readonly isAdmin: boolean
  /** A diagram was dropped on a project. */
  readonly onMove: (diagram: string, project: Project) => void
}) {
  const [naming, setNaming] = useState(false)
  const [membersOpen, setMembersOpen] = useState(false)
  const projects = organisation.projects.value
  const create = async (name: string) => {
    const { id } = await organisation.create(name)
    go({ page: 'list', project: id })
  }
  return (
    <nav class="sidebar" aria-label="Diagrams by place">
      <ul>
        <Entry shelf={{}} shown={shelf} icon="flow" name="All diagrams" />
        {mayEdit && <Entry shelf={{ deleted: true }} shown={shelf} icon="trash" name="Recently deleted" />}
      </ul>
      {(mayEdit || projects.length > 0) && (
        <div class="sidebar-head">
          <h2>Projects</h2>
          {mayEdit && <IconButton label="New project" icon="plus" onClick={() => setNaming(true)} />}
        </div>
      )}
      <ul class="sidebar-projects" aria-label="Projects">
        {projects.map((project) => (
          <Entry
            key={project.id}
            shelf={{ project: project.id }}
            shown={shelf}
            icon="folder"
            name={project.name}
            {...(mayEdit && { onDrop: (diagram: string) => onMove(diagram, project) })}
          />
        ))}
      </ul>
      {isAdmin && (
        <button
          type="button"
          class="sidebar-entry members-button"
          aria-haspopup="dialog"
          onClick={() => setMembersOpen(true)}
        >
          <Icon name="people" />
          <span>Members</span>
        </button>
      )}
      {organisation.org.value && <Quota org={organisation.org.value} />}
      {membersOpen && <MembersDialog onClose={() => setMembersOpen(false)} />}
      {naming && (
        <TextDialog
          title="New project"
          label="Name"
          most={TITLE_CHARS}
          action="Create project"
          onSave={create}
          onClose={() => setNaming(false)}
        />
      )}
    </nav>
  )
}

function Entry({
  shelf,
  shown,
  icon,
  name,
  onDrop,
}: {
  readonly shelf: Shelf
  readonly shown: Shelf
  readonly icon: IconName
  readonly name: string
  readonly onDrop?: (diagram: string) => void
}) {
  const isShown = shelf.project === shown.project && shelf.deleted === shown.deleted
  return (
    <li>
      <a
        class="sidebar-entry"
        title={name}
        href={pathOf({ page: 'list', ...shelf })}
        aria-current={isShown ? 'page' : undefined}
        {...(onDrop && takesDiagram(onDrop))}
      >
        <Icon name={icon} />
        <span>{name}</span>
      </a>
    </li>
  )
}

function Quota({ org: { plan, diagrams } }: { readonly org: Org }) {
  const { used, limit } = diagrams
  if (limit === null) return null
  return (
    <p class={used >= limit ? 'quota full' : 'quota'}>
      <label>
        {`${used} of ${limit} diagrams`}
        <meter min={0} max={limit} high={limit - 1} value={Math.min(used, limit)} />
      </label>
      {used >= limit && <span>{`The plan “${plan}” allows no more.`}</span>}
    </p>
  )
}
