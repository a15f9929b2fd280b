// The stored versions, the newest first: milestones stand out, what was kept automatically is folded away.
import type { Version } from '../api.ts'
import { Button, Spinner } from '../ui/controls.tsx'
import type { Item } from '../ui/menu.tsx'
import { explain } from '../words.ts'
import type { Pair } from './comparison.tsx'
import type { History } from './history.ts'
import { before, milestoneBefore, timeline } from './timeline.ts'
import { VersionLines } from './version-lines.tsx'
import { VersionMenu } from './version-menu.tsx'
import { VersionPicture } from './version-picture.tsx'

interface Actions {
  readonly id: string
  readonly title: string
  readonly onPair: (pair: Pair) => void
  readonly onRestore: ((version: Version) => void) | null
}

export function VersionList({ history, ...actions }: { readonly history: History } & Actions) {
  const { listed, more } = history
  if (listed.state === 'loading') return <Spinner label="Loading versions …" />
  if (listed.state === 'failed') {
    return (
      <div class="fault" role="alert">
        <p>{explain(listed.error).text}</p>
        <Button onClick={() => void history.load()}>Try again</Button>
      </div>
    )
  }
  const row = (version: Version) => (
    <Row key={version.version} version={version} versions={listed.versions} {...actions} />
  )
  return (
    <>
      <ol class="versions" aria-label="Versions">
        {timeline(listed.versions).map((stretch) =>
          stretch.kind === 'version' ? (
            row(stretch.version)
          ) : (
            <li key={`automatic ${stretch.versions.at(-1)?.version}`}>
              <details class="fold">
                <summary>{`${stretch.versions.length} kept automatically`}</summary>
                <ol class="versions">{stretch.versions.map(row)}</ol>
              </details>
            </li>
          ),
        )}
      </ol>
      {listed.next !== null && (
        <Button class="more" onClick={() => void more()}>
          Show more
        </Button>
      )}
    </>
  )
}

function Row({
  version,
  versions,
  id,
  title,
  onPair,
  onRestore,
}: { readonly version: Version; readonly versions: readonly Version[] } & Actions) {
  const number = version.version
  const last = before(versions, number)
  const items: Item[] = [
    { label: 'Compare with now', icon: 'compare', act: () => onPair({ from: number, to: null }) },
  ]
  if (last) {
    const act = () => onPair({ from: last.version, to: number })
    items.push({ label: 'See what it changed', icon: 'eye', act })
  }
  if (onRestore) items.push({ label: 'Restore', icon: 'restore', act: () => onRestore(version) })
  return (
    <li class={version.name === null ? 'version-line' : 'version-line milestone'}>
      <button type="button" class="version" onClick={() => onPair({ from: number, to: null })}>
        <VersionLines version={version} />
        {version.name !== null && (
          <VersionPicture id={id} version={number} since={milestoneBefore(versions, number)} />
        )}
      </button>
      <VersionMenu id={id} title={title} version={version} since={last?.version ?? null} items={items} />
    </li>
  )
}
