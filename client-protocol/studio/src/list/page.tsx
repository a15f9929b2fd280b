// The list of diagrams: find, create, upload, open, sort into projects, delete, bring back.
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Summary } from '../api.ts'
import { UPLOAD_FILES } from '../limits.ts'
import { go, type Place } from '../router.ts'
import { api, isGuest, mayWrite, type Who } from '../session.ts'
import { Button } from '../ui/controls.tsx'
import { useDrop } from '../ui/drop.ts'
import { Icon } from '../ui/icons.tsx'
import type { Item } from '../ui/menu.tsx'
import { complain, say } from '../ui/toasts.tsx'
import { Cards } from './cards.tsx'
import { Diagrams, type Shelf } from './catalog.ts'
import { Desk } from './desk.ts'
import { type Asked, Dialogs } from './dialogs.tsx'
import { Organisation } from './organisation.ts'
import { ProjectMenu } from './project-menu.tsx'
import { Sidebar } from './sidebar.tsx'
import { Search, Sorting, UploadButton } from './tools.tsx'

export function ListPage({
  who,
  place: { project, deleted },
}: {
  readonly who: Who
  readonly place: Extract<Place, { page: 'list' }>
}) {
  const diagrams = useMemo(() => new Diagrams(api, complain), [])
  const organisation = useMemo(() => new Organisation(api, !isGuest(who)), [])
  const desk = useMemo(() => new Desk(api, diagrams, organisation), [])
  const [asked, ask] = useState<Asked | null>(null)
  const [progress, setProgress] = useState<string | null>(null)
  const mayEdit = mayWrite(who) && !isGuest(who)
  const canCreate = mayEdit && !deleted
  useShelf(diagrams, { ...(project && { project }), ...(deleted && { deleted }) })
  useFresh(desk, organisation)

  const take = async (files: readonly File[]) => {
    const taken = files.slice(0, UPLOAD_FILES)
    const tell = (done: number) =>
      setProgress(taken.length === 1 ? 'Uploading …' : `Uploading ${done + 1} of ${taken.length} …`)
    const { made, refused } = await desk.upload(taken, tell)
    setProgress(null)
    if (refused.length > 0) ask({ about: 'refused', refused })
    const [only] = made
    if (only && taken.length === 1) return go({ page: 'diagram', id: only.id })
    if (made.length > 0)
      say(made.length === 1 ? 'One diagram uploaded.' : `${made.length} diagrams uploaded.`)
    if (files.length > UPLOAD_FILES) say(`Only the first ${UPLOAD_FILES} files were taken.`)
    void desk.refresh()
  }
  const dropping = useDrop(canCreate ? take : null)
  const shown = organisation.projects.value.find(({ id }) => id === project)
  const onNew = canCreate ? () => ask({ about: 'new' }) : null

  return (
    <main class={isGuest(who) ? 'list-page alone' : 'list-page'}>
      {!isGuest(who) && (
        <Sidebar
          organisation={organisation}
          shelf={diagrams.shelf.value}
          mayEdit={mayEdit}
          isAdmin={who.role === 'admin'}
          onMove={(diagram, { id }) => void desk.move(diagram, id).catch(complain)}
        />
      )}
      <div class="list-main">
        <div class="list-head">
          <h1>{deleted ? 'Recently deleted' : (shown?.name ?? 'Diagrams')}</h1>
          {shown && mayEdit && <ProjectMenu project={shown} organisation={organisation} />}
          <Search diagrams={diagrams} />
          <Sorting diagrams={diagrams} />
          {onNew && (
            <div class="list-make">
              <UploadButton progress={progress} take={take} />
              <Button kind="primary" icon="plus" onClick={onNew}>
                New diagram
              </Button>
            </div>
          )}
        </div>
        <Cards
          diagrams={diagrams}
          actions={(diagram) => (mayEdit ? actionsOf(desk, diagram, deleted === true, ask) : [])}
          onNew={onNew}
        />
      </div>
      {dropping && (
        <div class="drop-here">
          <Icon name="upload" /> Drop .bpmn files to upload them
        </div>
      )}
      <Dialogs asked={asked} desk={desk} organisation={organisation} onClose={() => ask(null)} />
    </main>
  )
}

/** Shows what the address names. */
function useShelf(diagrams: Diagrams, shelf: Shelf): void {
  useEffect(() => {
    document.title = `${shelf.deleted ? 'Recently deleted' : 'Diagrams'} – Atelier`
    void diagrams.turnTo(shelf)
  }, [diagrams, shelf.project, shelf.deleted])
}

/** Others create and rename as well. */
function useFresh(desk: Desk, organisation: Organisation): void {
  useEffect(() => {
    void organisation.load()
    const seen = () => document.visibilityState === 'visible' && void desk.refresh()
    document.addEventListener('visibilitychange', seen)
    return () => document.removeEventListener('visibilitychange', seen)
  }, [desk])
}

function actionsOf(
  desk: Desk,
  diagram: Summary,
  deleted: boolean,
  ask: (asked: Asked) => void,
): readonly Item[] {
  if (deleted) return [{ label: 'Bring back', icon: 'restore', act: () => void desk.bringBack(diagram) }]
  return [
    { label: 'Rename', icon: 'pencil', act: () => ask({ about: 'name', diagram }) },
    { label: 'Duplicate', icon: 'copy', act: () => void desk.duplicate(diagram) },
    { label: 'Move to project', icon: 'folder', act: () => ask({ about: 'project', diagram }) },
    { label: 'Delete', icon: 'trash', danger: true, act: () => void desk.remove(diagram) },
  ]
}
