// The stored versions of the diagram: look at one, see what changed since, name the present one, bring one back.
import { useEffect, useState } from 'preact/hooks'
import type { Summary, Version } from '../api.ts'
import { api, session } from '../session.ts'
import { Button, IconButton, Spinner } from '../ui/controls.tsx'
import { Icon } from '../ui/icons.tsx'
import { ago } from '../ui/time.ts'
import { complain, say } from '../ui/toasts.tsx'
import { explain } from '../words.ts'
import { Comparison } from './comparison.tsx'
import type { Stage } from './stage.ts'

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
  const [listed, setListed] = useState<Listed>({ state: 'loading' })
  const [chosen, choose] = useState<Version | null>(null)
  const load = async () => {
    try {
      const page = await api.versions(diagram.id, null)
      setListed({ state: 'shown', versions: page.versions, next: page.nextCursor })
    } catch (error) {
      setListed({ state: 'failed', error })
    }
  }
  useEffect(() => void load(), [diagram.id])
  const more = async (versions: readonly Version[], cursor: string) => {
    try {
      const page = await api.versions(diagram.id, cursor)
      setListed({ state: 'shown', versions: [...versions, ...page.versions], next: page.nextCursor })
    } catch (error) {
      complain(error)
    }
  }
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
      {chosen && (
        <Comparison
          key={chosen.version}
          stage={stage}
          id={diagram.id}
          version={chosen}
          onRestore={mayEdit ? () => restore(chosen) : null}
          onClose={() => choose(null)}
        />
      )}
      {!chosen && mayEdit && <NameNow id={diagram.id} onNamed={load} />}
      {!chosen && listed.state === 'loading' && <Spinner label="Loading versions …" />}
      {!chosen && listed.state === 'failed' && <p class="fault">{explain(listed.error).text}</p>}
      {!chosen && listed.state === 'shown' && (
        <>
          <ol class="versions">
            {listed.versions.map((version) => (
              <li key={version.version}>
                <button type="button" class="version" onClick={() => choose(version)}>
                  <VersionLines version={version} />
                </button>
              </li>
            ))}
          </ol>
          {listed.next !== null && (
            <Button class="more" onClick={() => void more(listed.versions, listed.next ?? '')}>
              Show more
            </Button>
          )}
        </>
      )}
    </aside>
  )
}

export function VersionLines({ version }: { readonly version: Version }) {
  const { name, message, kind, authors, createdAt } = version
  return (
    <>
      <span class="version-name">
        {name !== null && <Icon name="flag" />}
        {name ?? message ?? KINDS[kind] ?? kind}
      </span>
      <span class="quiet-text">
        {[`Version ${version.version}`, ago(createdAt, Date.now()), people(authors)]
          .filter(Boolean)
          .join(' · ')}
      </span>
    </>
  )
}

/** Whose work it is. Ids that the server made up tell a reader nothing. */
function people(authors: Version['authors']): string {
  const own = session.value.state === 'in' ? session.value.who.user : undefined
  const names = authors.map(({ id, name }) => {
    if (id === own) return 'you'
    return name ?? (/^(local|guest)-/.test(id) ? 'somebody' : id)
  })
  const [first, second, ...rest] = [...new Set(names)]
  if (rest.length > 0) return `${first}, ${second} and ${rest.length} more`
  return second === undefined ? (first ?? '') : `${first} and ${second}`
}

const KINDS: Readonly<Record<string, string>> = {
  uploaded: 'Created',
  saved: 'Saved',
  restored: 'Restored',
  named: 'Named',
  automatic: 'Kept automatically',
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
