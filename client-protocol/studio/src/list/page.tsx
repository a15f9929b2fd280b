// The list of diagrams: find, create, upload, open, delete.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Summary } from '../api.ts'
import { SEARCH_PAUSE_MS, UPLOAD_FILES } from '../limits.ts'
import { go } from '../router.ts'
import { api, isGuest, mayWrite, type Who } from '../session.ts'
import { Button, Notice, Spinner } from '../ui/controls.tsx'
import { Icon } from '../ui/icons.tsx'
import type { Item } from '../ui/menu.tsx'
import { complain, say } from '../ui/toasts.tsx'
import { explain } from '../words.ts'
import { Card } from './card.tsx'
import { Diagrams, type Sort } from './catalog.ts'
import { useDrop } from './drop.ts'
import { NewDialog } from './new-dialog.tsx'
import { RefusedDialog } from './refused-dialog.tsx'
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
  const create = async (bpmn: string, title: string) => {
    try {
      go({ page: 'diagram', id: (await api.create(bpmn, title)).id })
    } catch (error) {
      complain(error)
    }
  }
  const remove = async (diagram: Summary) => {
    diagrams.forget(diagram.id)
    try {
      await api.remove(diagram.id)
      say(`“${diagram.title}” was deleted.`)
    } catch (error) {
      complain(error)
      void diagrams.load()
    }
  }
  const actions = (diagram: Summary): readonly Item[] =>
    canCreate ? [{ label: 'Delete', icon: 'trash', danger: true, act: () => void remove(diagram) }] : []
  const dropping = useDrop(canCreate ? take : null)

  return (
    <main class="list-page">
      <div class="list-head">
        <h1>Diagrams</h1>
        <Search diagrams={diagrams} />
        <Sorting diagrams={diagrams} />
        {canCreate && (
          <div class="list-make">
            <UploadButton busy={uploading} take={take} />
            <Button kind="primary" icon="plus" onClick={() => setDialog('new')}>
              New diagram
            </Button>
          </div>
        )}
      </div>
      <Cards diagrams={diagrams} actions={actions} onNew={canCreate ? () => setDialog('new') : null} />
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

function Search({ diagrams }: { readonly diagrams: Diagrams }) {
  const pause = useRef<ReturnType<typeof setTimeout>>()
  const type = (words: string) => {
    diagrams.words.value = words
    clearTimeout(pause.current)
    pause.current = setTimeout(() => void diagrams.load(), SEARCH_PAUSE_MS)
  }
  return (
    <label class="search">
      <Icon name="search" />
      <span class="hidden">Search titles</span>
      <input
        type="search"
        placeholder="Search titles"
        value={diagrams.words.value}
        onInput={(event) => type(event.currentTarget.value)}
      />
    </label>
  )
}

function Sorting({ diagrams }: { readonly diagrams: Diagrams }) {
  const choose = (sort: string) => {
    diagrams.sort.value = sort as Sort
    void diagrams.load()
  }
  return (
    <label class="sorting">
      <span class="hidden">Sort by</span>
      <select value={diagrams.sort.value} onChange={(event) => choose(event.currentTarget.value)}>
        <option value="updated">Last changed</option>
        <option value="created">Newest</option>
        <option value="title">Title</option>
      </select>
    </label>
  )
}

function UploadButton({
  busy,
  take,
}: {
  readonly busy: boolean
  readonly take: (files: readonly File[]) => Promise<void>
}) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <input
        ref={input}
        class="hidden"
        type="file"
        tabIndex={-1}
        aria-hidden="true"
        accept=".bpmn,.bpmn20,.xml"
        multiple
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])]
          // The same file again shall be a change again.
          event.currentTarget.value = ''
          void take(files)
        }}
      />
      <Button icon="upload" disabled={busy} onClick={() => input.current?.click()}>
        {busy ? 'Uploading …' : 'Upload'}
      </Button>
    </>
  )
}

function Cards({
  diagrams,
  actions,
  onNew,
}: {
  readonly diagrams: Diagrams
  readonly actions: (diagram: Summary) => readonly Item[]
  readonly onNew: (() => void) | null
}) {
  const catalog = diagrams.catalog.value
  if (catalog.state === 'loading') return <Spinner label="Loading diagrams …" />
  if (catalog.state === 'failed') {
    const { text, advice } = explain(catalog.error)
    return (
      <Notice icon="alert" title={text}>
        <p>{advice}</p>
        <Button onClick={() => void diagrams.load()}>Try again</Button>
      </Notice>
    )
  }
  const { shown } = catalog
  if (shown.diagrams.length === 0) return <Nothing searched={diagrams.words.value} onNew={onNew} />
  return (
    <>
      <ul class="cards">
        {shown.diagrams.map((diagram) => (
          <Card key={diagram.id} diagram={diagram} actions={actions(diagram)} />
        ))}
      </ul>
      {shown.next !== null && (
        <Button class="more" disabled={catalog.loadingMore} onClick={() => void diagrams.more()}>
          Show more
        </Button>
      )}
    </>
  )
}

function Nothing({ searched, onNew }: { readonly searched: string; readonly onNew: (() => void) | null }) {
  if (searched.trim() !== '') {
    return (
      <Notice icon="search" title="Nothing found">
        <p>No title holds “{searched.trim()}”.</p>
      </Notice>
    )
  }
  return (
    <Notice icon="cloud" title="No diagrams yet">
      <p>{onNew ? 'Create one, or drop a .bpmn file here.' : 'Nobody in your organisation has made one.'}</p>
      {onNew && (
        <Button kind="primary" icon="plus" onClick={onNew}>
          New diagram
        </Button>
      )}
    </Notice>
  )
}
