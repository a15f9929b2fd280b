// The diagrams of the list, or why there are none.
import { useEffect, useRef } from 'preact/hooks'
import type { Summary } from '../api.ts'
import { Button, Notice, Spinner } from '../ui/controls.tsx'
import type { Item } from '../ui/menu.tsx'
import { explain } from '../words.ts'
import { Card } from './card.tsx'
import type { Diagrams, Shelf } from './catalog.ts'

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
    return <Nothing searched={diagrams.words.value} shelf={diagrams.shelf.value} onNew={onNew} />
  }
  return (
    <>
      <ul class="cards">
        {shown.diagrams.map((diagram) => (
          <Card
            key={diagram.id}
            diagram={diagram}
            deleted={diagrams.shelf.value.deleted === true}
            actions={actions(diagram)}
          />
        ))}
      </ul>
      {shown.next !== null && (
        <More key={shown.next} busy={catalog.loadingMore} onMore={() => void diagrams.more()} />
      )}
    </>
  )
}

/** More comes when one gets near its end, or asks for it. */
function More({ busy, onMore }: { readonly busy: boolean; readonly onMore: () => void }) {
  const end = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && onMore(), {
      rootMargin: '600px',
    })
    if (end.current) observer.observe(end.current)
    return () => observer.disconnect()
  }, [])
  return (
    <div ref={end}>
      <Button class="more" disabled={busy} onClick={onMore}>
        {busy ? 'Loading …' : 'Show more'}
      </Button>
    </div>
  )
}

function Nothing({
  searched,
  shelf,
  onNew,
}: {
  readonly searched: string
  readonly shelf: Shelf
  readonly onNew: (() => void) | null
}) {
  if (searched.trim() !== '') {
    return (
      <Notice icon="search" title="Nothing found">
        <p>No title holds “{searched.trim()}”.</p>
      </Notice>
    )
  }
  if (shelf.deleted) return <Notice icon="trash" title="Nothing was deleted lately" />
  return (
    <Notice icon="flow" title={shelf.project === undefined ? 'No diagrams yet' : 'This project is empty'}>
      <p>{onNew ? 'Create one, or drop a .bpmn file here.' : 'Nobody in your organisation has made one.'}</p>
      {onNew && (
        <Button kind="primary" icon="plus" onClick={onNew}>
          New diagram
        </Button>
      )}
    </Notice>
  )
}
