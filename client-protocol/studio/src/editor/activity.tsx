// Who did what to the diagram, the newest first.
import { useEffect, useState } from 'preact/hooks'
import type { Deed } from '../api.ts'
import { pathOf } from '../router.ts'
import { api } from '../session.ts'
import { Button, Spinner } from '../ui/controls.tsx'
import { ago, exactly } from '../ui/time.ts'
import { complain } from '../ui/toasts.tsx'
import { explain } from '../words.ts'
import { inWords, versionOf } from './deeds.ts'
import { personName } from './version-lines.tsx'

type Listed =
  | { readonly state: 'loading' }
  | { readonly state: 'shown'; readonly deeds: readonly Deed[]; readonly next: string | null }
  | { readonly state: 'failed'; readonly error: unknown }

export function Activity({ id }: { readonly id: string }) {
  const [listed, setListed] = useState<Listed>({ state: 'loading' })
  const load = async (deeds: readonly Deed[], cursor: string | null) => {
    const page = await api.activity(id, cursor === null ? {} : { cursor })
    setListed({ state: 'shown', deeds: [...deeds, ...page.entries], next: page.nextCursor })
  }
  useEffect(() => {
    load([], null).catch((error) => setListed({ state: 'failed', error }))
  }, [id])

  if (listed.state === 'loading') return <Spinner label="Loading the activity …" />
  if (listed.state === 'failed') return <p class="fault">{explain(listed.error).text}</p>
  const { deeds, next } = listed
  return (
    <>
      <ol class="deeds" aria-label="Activity">
        {deeds.map((deed) => (
          <li key={`${deed.at} ${deed.action}`}>
            <span>
              <strong>{capital(personName({ id: deed.user, name: deed.name }))}</strong>{' '}
              <Told deed={deed} id={id} />
            </span>
            <time class="quiet-text" dateTime={deed.at} title={exactly(deed.at)}>
              {ago(deed.at, Date.now())}
            </time>
          </li>
        ))}
      </ol>
      {next !== null && (
        <Button class="more" onClick={() => void load(deeds, next).catch(complain)}>
          Show more
        </Button>
      )}
    </>
  )
}

function Told({ deed, id }: { readonly deed: Deed; readonly id: string }) {
  const version = versionOf(deed)
  if (version === undefined) return <>{inWords(deed)}</>
  return <a href={pathOf({ page: 'diagram', id, versions: { from: version, to: null } })}>{inWords(deed)}</a>
}

function capital(name: string): string {
  const [first = '', ...rest] = [...name]
  return first.toLocaleUpperCase() + rest.join('')
}
