// What a version is, in a few lines.
import type { Version } from '../api.ts'
import { session } from '../session.ts'
import { Icon } from '../ui/icons.tsx'
import { ago, exactly } from '../ui/time.ts'

export function VersionLines({ version }: { readonly version: Version }) {
  const { name, message, authors, createdAt } = version
  return (
    <>
      <span class="version-name">
        {name !== null && <Icon name="flag" />}
        {titleOf(version)}
      </span>
      {name !== null && message !== null && <span class="version-message">{message}</span>}
      <span class="quiet-text" title={exactly(createdAt)}>
        {[`Version ${version.version}`, ago(createdAt, Date.now()), people(authors)]
          .filter(Boolean)
          .join(' · ')}
      </span>
    </>
  )
}

/** What it is called. */
export function titleOf({ name, message, kind, restoredFrom }: Version): string {
  if (name !== null) return name
  if (message !== null) return message
  return kind === 'restored' && restoredFrom !== null
    ? `Restored version ${restoredFrom}`
    : (KINDS[kind] ?? kind)
}

/** Who somebody is. Ids that the server made up tell a reader nothing. */
export function personName({ id, name }: { readonly id: string; readonly name?: string | null }): string {
  const own = session.value.state === 'in' ? session.value.who.user : undefined
  if (id === own) return 'you'
  return name ?? (/^(local|guest)-/.test(id) ? 'somebody' : id)
}

/** Whose work it is. */
function people(authors: Version['authors']): string {
  const [first, second, ...rest] = [...new Set(authors.map(personName))]
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
