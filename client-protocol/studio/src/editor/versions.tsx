// The stored versions of the diagram: look at one, see what changed since, name the present one, bring one back.
import { useEffect, useState } from 'preact/hooks'
import type { Summary, Version } from '../api.ts'
import { api } from '../session.ts'
import { Button, IconButton, Spinner } from '../ui/controls.tsx'
import { complain, say } from '../ui/toasts.tsx'
import { explain } from '../words.ts'
import { Comparison } from './comparison.tsx'
import type { Stage } from './stage.ts'
import { VersionLines } from './version-lines.tsx'

type Listed =
  | { readonly state: 'loading' }
  | { readonly state: 'shown'; readonly versions: readonly Version[]; readonly next: string | null }
  | { readonly state: 'failed'; readonly error: unknown }

export function Versions({
  stage,
  diagram,
  mayEdit,
  onClose,
}: {
  readonly stage: Stage
  readonly diagram: Summary
  readonly mayEdit: boolean
  readonly onClose: () => void
}) {
  const { listed, load, more } = useVersions(diagram.id)
  const [chosen, choose] = useState<Version | null>(null)
  const restore = async (version: Version) => {
    try {
      await api.restore(diagram.id, version.version)
      choose(null)
      say(`Version ${version.version} is back.`)
      await load()
    } catch (error) {
      complain(error)
    }
  }
  return (
    <aside class="panel-side" aria-label="Versions">
      <header>
        <h2>Versions</h2>
        <IconButton label="Close versions" icon="close" onClick={onClose} />
      </header>
      {chosen ? (
        <Comparison
          key={chosen.version}
          stage={stage}
          id={diagram.id}
          version={chosen}
          onRestore={mayEdit ? () => restore(chosen) : null}
          onClose={() => choose(null)}
        />
      ) : (
        <>
          {mayEdit && <NameNow id={diagram.id} onNamed={load} />}
          <List listed={listed} onChoose={choose} onMore={more} />
        </>
      )}
    </aside>
  )
}

/** The versions that are listed so far. */
function useVersions(id: string) {
  const [listed, setListed] = useState<Listed>({ state: 'loading' })
  const load = async () => {
    try {
      const page = await api.versions(id, null)
      setListed({ state: 'shown', versions: page.versions, next: page.nextCursor })
    } catch (error) {
      setListed({ state: 'failed', error })
    }
  }
  const more = async () => {
    if (listed.state !== 'shown' || listed.next === null) return
    try {
      const page = await api.versions(id, listed.next)
      setListed({ state: 'shown', versions: [...listed.versions, ...page.versions], next: page.nextCursor })
    } catch (error) {
      complain(error)
    }
  }
  useEffect(() => void load(), [id])
  return { listed, load, more }
}

function List({
  listed,
  onChoose,
  onMore,
}: {
  readonly listed: Listed
  readonly onChoose: (version: Version) => void
  readonly onMore: () => Promise<void>
}) {
  if (listed.state === 'loading') return <Spinner label="Loading versions …" />
  if (listed.state === 'failed') return <p class="fault">{explain(listed.error).text}</p>
  return (
    <>
      <ol class="versions">
        {listed.versions.map((version) => (
          <li key={version.version}>
            <button type="button" class="version" onClick={() => onChoose(version)}>
              <VersionLines version={version} />
            </button>
          </li>
        ))}
      </ol>
      {listed.next !== null && (
        <Button class="more" onClick={() => void onMore()}>
          Show more
        </Button>
      )}
    </>
  )
}

function NameNow({ id, onNamed }: { readonly id: string; readonly onNamed: () => Promise<void> }) {
  const [name, setName] = useState('')
  const [busy, setBusy] = useState(false)
  const keep = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    try {
      await api.nameVersion(id, name.trim())
      setName('')
      await onNamed()
    } catch (error) {
      complain(error)
    }
    setBusy(false)
  }
  return (
    <form class="name-now" onSubmit={keep}>
      <label class="field">
        Keep the present state
        <span class="in-line">
          <input
            type="text"
            value={name}
            required
            maxLength={100}
            placeholder="For example: approved"
            onInput={(event) => setName(event.currentTarget.value)}
          />
          <Button type="submit" disabled={busy || name.trim() === ''}>
            Keep
          </Button>
        </span>
      </label>
    </form>
  )
}
