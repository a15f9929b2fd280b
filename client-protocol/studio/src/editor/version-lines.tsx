// What a version is, in two lines.
import type { Version } from '../api.ts'
import { session } from '../session.ts'
import { Icon } from '../ui/icons.tsx'
import { ago } from '../ui/time.ts'

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
