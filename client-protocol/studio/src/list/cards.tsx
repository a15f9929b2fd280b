// The diagrams of the list, or why there are none.
import type { Summary } from '../api.ts'
import { Button, Notice, Spinner } from '../ui/controls.tsx'
import type { Item } from '../ui/menu.tsx'
import { explain } from '../words.ts'
import { Card } from './card.tsx'
import type { Diagrams } from './catalog.ts'

export function Cards({
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
  if (shown.diagrams.length === 0) {
    return <Nothing searched={diagrams.words.value} deleted={diagrams.deleted.value} onNew={onNew} />
  }
  return (
    <>
      <ul class="cards">
        {shown.diagrams.map((diagram) => (
          <Card
            key={diagram.id}
            diagram={diagram}
            deleted={diagrams.deleted.value}
            actions={actions(diagram)}
          />
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

function Nothing({
  searched,
  deleted,
  onNew,
}: {
  readonly searched: string
  readonly deleted: boolean
  readonly onNew: (() => void) | null
}) {
  if (searched.trim() !== '') {
    return (
      <Notice icon="search" title="Nothing found">
        <p>No title holds “{searched.trim()}”.</p>
      </Notice>
    )
  }
  if (deleted) return <Notice icon="trash" title="Nothing was deleted lately" />
  return (
    <Notice icon="flow" title="No diagrams yet">
      <p>{onNew ? 'Create one, or drop a .bpmn file here.' : 'Nobody in your organisation has made one.'}</p>
      {onNew && (
        <Button kind="primary" icon="plus" onClick={onNew}>
          New diagram
        </Button>
      )}
    </Notice>
  )
}
