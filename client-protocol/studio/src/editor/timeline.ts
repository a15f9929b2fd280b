// The history of a diagram as one reads it: what people did on purpose stands out, and what was kept by itself in
// between is folded away. Pure.
import type { Version } from '../api.ts'

export type Stretch =
  | { readonly kind: 'version'; readonly version: Version }
  /** Automatic versions in a row, the newest first. */
  | { readonly kind: 'automatic'; readonly versions: readonly Version[] }

/** @param versions the newest first */
export function timeline(versions: readonly Version[]): readonly Stretch[] {
  const stretches: Stretch[] = []
  for (const version of versions) {
    const last = stretches.at(-1)
    if (version.kind !== 'automatic' || version.name !== null) stretches.push({ kind: 'version', version })
    else if (last?.kind === 'automatic') {
      stretches[stretches.length - 1] = { kind: 'automatic', versions: [...last.versions, version] }
    } else stretches.push({ kind: 'automatic', versions: [version] })
  }
  // The newest is what one looks for; one alone is not worth a fold.
  return stretches.flatMap((stretch, i): readonly Stretch[] => {
    if (stretch.kind === 'version') return [stretch]
    const [first, ...rest] = stretch.versions
    if (first === undefined) return []
    if (rest.length === 0) return [{ kind: 'version', version: first }]
    if (i > 0) return [stretch]
    return [
      { kind: 'version', version: first },
      { kind: 'automatic', versions: rest },
    ]
  })
}

/** The listed version before one. */
export function before(versions: readonly Version[], version: number): Version | undefined {
  return versions.find((other) => other.version < version)
}

/** What the changes of a milestone are told since: the listed milestone before it, or else the oldest listed version. */
export function milestoneBefore(versions: readonly Version[], version: number): number {
  const older = versions.filter((other) => other.version < version)
  return (older.find(({ name }) => name !== null) ?? older.at(-1))?.version ?? version
}
