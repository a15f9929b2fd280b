// The list of diagrams: find, create, upload, open, delete, bring back.
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Summary } from '../api.ts'
import { UPLOAD_FILES } from '../limits.ts'
import { go } from '../router.ts'
import { api, isGuest, mayWrite, type Who } from '../session.ts'
import { Button } from '../ui/controls.tsx'
import { Icon } from '../ui/icons.tsx'
import type { Item } from '../ui/menu.tsx'
import { complain, say } from '../ui/toasts.tsx'
import { Cards } from './cards.tsx'
import { Diagrams } from './catalog.ts'
import { useDrop } from './drop.ts'
import { NewDialog } from './new-dialog.tsx'
import { RefusedDialog } from './refused-dialog.tsx'
import { DeletedToggle, Search, Sorting, UploadButton } from './tools.tsx'
import { type Refused, upload } from './upload.ts'

export function ListPage({ who }: { readonly who: Who }) {
  const diagrams = useMemo(() => new Diagrams(api), [])
  const [dialog, setDialog] = useState<'new' | readonly Refused[] | null>(null)
  const [uploading, setUploading] = useState(false)
  const canCreate = mayWrite(who) && !isGuest(who)
  useEffect(() => {
    document.title = 'Diagrams – Atelier'
    void diagrams.load()
    // Others create and rename as well.
    const seen = () => document.visibilityState === 'visible' && void diagrams.load()
    document.addEventListener('visibilitychange', seen)
    return () => document.removeEventListener('visibilitychange', seen)
  }, [diagrams])

  const take = async (files: readonly File[]) => {
    setUploading(true)
    const results = []
    for (const file of files.slice(0, UPLOAD_FILES)) results.push(await upload(api, file))
    setUploading(false)
    const refused = results.filter((result): result is Refused => 'file' in result)
    const made = results.filter((result): result is Summary => 'id' in result)
    if (refused.length > 0) setDialog(refused)
    const [only] = made
    if (only && results.length === 1) return go({ page: 'diagram', id: only.id })
    if (made.length > 0) say(`${made.length} diagrams uploaded.`)
    if (files.length > UPLOAD_FILES) say(`Only the first ${UPLOAD_FILES} files were taken.`)
    void diagrams.load()
  }
  const dropping = useDrop(canCreate ? take : null)

  return (
    <main class="list-page">
      <div class="list-head">
        <h1>{diagrams.deleted.value ? 'Deleted diagrams' : 'Diagrams'}</h1>
        <Search diagrams={diagrams} />
        <Sorting diagrams={diagrams} />
        {canCreate && <DeletedToggle diagrams={diagrams} />}
        {canCreate && (
          <div class="list-make">
            <UploadButton busy={uploading} take={take} />
            <Button kind="primary" icon="plus" onClick={() => setDialog('new')}>
              New diagram
            </Button>
          </div>
        )}
      </div>
      <Cards
        diagrams={diagrams}
        actions={(diagram) => (canCreate ? actionsOf(diagrams, diagram) : [])}
        onNew={canCreate ? () => setDialog('new') : null}
      />
      {dropping && (
        <div class="drop-here" aria-hidden="true">
          <Icon name="upload" />
          Drop BPMN files to upload them
        </div>
      )}
      {dialog === 'new' && <NewDialog onClose={() => setDialog(null)} onCreate={create} />}
      {dialog !== 'new' && dialog !== null && (
        <RefusedDialog refused={dialog} onClose={() => setDialog(null)} />
      )}
    </main>
  )
}

async function create(bpmn: string, title: string): Promise<void> {
  try {
    go({ page: 'diagram', id: (await api.create(bpmn, title)).id })
  } catch (error) {
    complain(error)
  }
}

function actionsOf(diagrams: Diagrams, diagram: Summary): readonly Item[] {
  return diagrams.deleted.value
    ? [{ label: 'Bring back', icon: 'restore', act: () => void bringBack(diagrams, diagram) }]
    : [{ label: 'Delete', icon: 'trash', danger: true, act: () => void remove(diagrams, diagram) }]
}

async function bringBack(diagrams: Diagrams, diagram: Summary): Promise<void> {
  await api.undelete(diagram.id).catch(complain)
  await diagrams.load()
}

async function remove(diagrams: Diagrams, diagram: Summary): Promise<void> {
  diagrams.forget(diagram.id)
  try {
    await api.remove(diagram.id)
    say(`“${diagram.title}” was deleted.`, { label: 'Undo', act: () => void bringBack(diagrams, diagram) })
  } catch (error) {
    complain(error)
    void diagrams.load()
  }
}
