// Which two versions are compared.
import type { Version } from '../api.ts'
import type { Pair } from './comparison.tsx'
import { titleOf } from './version-lines.tsx'

export function Ends({
  pair: { from, to },
  versions,
  onPair,
}: {
  readonly pair: Pair
  readonly versions: readonly Version[]
  readonly onPair: (pair: Pair) => void
}) {
  const older = versions.filter(({ version }) => to === null || version < to)
  const newer = versions.filter(({ version }) => version > from)
  return (
    <div class="ends">
      <label class="field">
        From
        <select value={from} onChange={(event) => onPair({ from: Number(event.currentTarget.value), to })}>
          {older.map(option)}
        </select>
      </label>
      <label class="field">
        To
        <select
          value={to ?? ''}
          onChange={({ currentTarget: { value } }) =>
            onPair({ from, to: value === '' ? null : Number(value) })
          }
        >
          <option value="">Now</option>
          {newer.map(option)}
        </select>
      </label>
    </div>
  )
}

function option(version: Version) {
  return (
    <option key={version.version} value={version.version}>
      {`${version.version} · ${titleOf(version)}`}
    </option>
  )
}
