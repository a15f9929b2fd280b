// Tells who saved or restored the diagram while it is open, by REST or in another window. The server's edits say
// when to look; nothing is asked for by the clock.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Version } from '../api.ts'
import { SAVE_LOOKS_MS, UNSURE_LOOK_MS } from '../limits.ts'
import { go } from '../router.ts'
import { api } from '../session.ts'
import { say } from '../ui/toasts.tsx'
import type { Stage } from './stage.ts'
import { personName } from './version-lines.tsx'

/** @returns the newest version that somebody else made */
export function useSavesElsewhere(stage: Stage | null, id: string): number {
  const [newest, setNewest] = useState(0)
  const known = useRef<Promise<number | null>>(Promise.resolve(null))
  const outside = stage?.outside.value ?? null
  useEffect(() => {
    known.current = newestOf(id)
  }, [id])
  useEffect(() => {
    if (outside === null) return
    let left = false
    const look = async () => {
      const last = await known.current
      if (last === null) {
        known.current = newestOf(id)
        return
      }
      // The version is stored a moment after its edit was sent.
      for (const wait of outside.sure ? SAVE_LOOKS_MS : [UNSURE_LOOK_MS]) {
        await new Promise((resolve) => setTimeout(resolve, wait))
        if (left) return
        const { versions } = await api.versions(id, { limit: '3' })
        const found = versions.find((version) => version.version > last && isElsewhere(version))
        if (left || !found) continue
        known.current = Promise.resolve(found.version)
        setNewest(found.version)
        tell(id, found, versions)
        return
      }
    }
    // Without an answer there is nothing to tell.
    look().catch(() => {})
    return () => {
      left = true
    }
  }, [id, outside])
  return newest
}

/** null where it could not be asked. */
async function newestOf(id: string): Promise<number | null> {
  const page = await api.versions(id, { limit: '1' }).catch(() => null)
  return page && (page.versions[0]?.version ?? 0)
}

/** This page saves nothing, but restores. */
function isElsewhere({ kind, authors }: Version): boolean {
  return (
    kind === 'saved' || (kind === 'restored' && authors[0] !== undefined && personName(authors[0]) !== 'you')
  )
}

function tell(
  id: string,
  { version, kind, authors, restoredFrom }: Version,
  listed: readonly Version[],
): void {
  const name = authors[0] ? personName(authors[0]) : 'somebody'
  const who = name === 'you' ? 'You' : name === 'somebody' ? 'Somebody' : name
  const what = kind === 'restored' ? `restored version ${restoredFrom}` : `saved version ${version}`
  const before = listed.find((other) => other.version < version)
  const act = () => before && go({ page: 'diagram', id, versions: { from: before.version, to: version } })
  say(`${who} ${what}${name === 'you' ? ' elsewhere' : ''}.`, before && { label: 'See changes', act })
}
