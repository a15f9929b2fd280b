// The history of the diagram: its stored versions and who did what; two versions against each other; one brought
// back.
import { useEffect, useState } from 'preact/hooks'
import type { Summary, Version } from '../api.ts'
import { go, place } from '../router.ts'
import { IconButton } from '../ui/controls.tsx'
import { Activity } from './activity.tsx'
import { Comparison, type Pair } from './comparison.tsx'
import { useHistory } from './history.ts'
import { NameNow } from './name-now.tsx'
import { RestoreDialog } from './restore-dialog.tsx'
import type { Room } from './room.ts'
import type { Stage } from './stage.ts'
import { VersionList } from './version-list.tsx'

export function Versions({
  room,
  stage,
  diagram,
  mayEdit,
  fresh,
  onClose,
}: {
  readonly room: Room
  readonly stage: Stage
  readonly diagram: Summary
  readonly mayEdit: boolean
  /** Changes when there are versions that somebody else made. */
  readonly fresh: number
  readonly onClose: () => void
}) {
  const { id, title } = diagram
  const history = useHistory(id, fresh)
  const [shown, show] = useState<'versions' | 'activity'>('versions')
  const [restoring, setRestoring] = useState<Version | null>(null)
  const pair = place.value.page === 'diagram' ? place.value.versions : undefined
  const compare = (pair: Pair | null) => go({ page: 'diagram', id, ...(pair && { versions: pair }) })
  const isListed = pair === undefined
  // More may have come while one looked at others.
  useEffect(() => {
    if (isListed) void history.load()
  }, [isListed])
  const onRestore = mayEdit ? setRestoring : null
  const { listed } = history
  return (
    <aside class="panel-side" aria-label="Versions">
      <header>
        <h2>Versions</h2>
        <IconButton label="Close versions" icon="close" onClick={onClose} />
      </header>
      {pair ? (
        <Comparison
          stage={stage}
          id={id}
          title={title}
          pair={pair}
          versions={listed.state === 'shown' ? listed.versions : []}
          onRestore={onRestore}
          onPair={compare}
        />
      ) : (
        <>
          <Choice shown={shown} onShow={show} />
          {shown === 'activity' ? (
            <Activity id={id} />
          ) : (
            <>
              {mayEdit && <NameNow room={room} id={id} onNamed={history.load} />}
              <VersionList history={history} id={id} title={title} onPair={compare} onRestore={onRestore} />
            </>
          )}
        </>
      )}
      {restoring && (
        <RestoreDialog
          room={room}
          stage={stage}
          id={id}
          version={restoring}
          onRestored={() => {
            if (pair) compare(null)
            void history.load()
          }}
          onClose={() => setRestoring(null)}
        />
      )}
    </aside>
  )
}

function Choice({
  shown,
  onShow,
}: {
  readonly shown: 'versions' | 'activity'
  readonly onShow: (shown: 'versions' | 'activity') => void
}) {
  return (
    <fieldset class="sides">
      <legend class="hidden">Show</legend>
      {(['versions', 'activity'] as const).map((name) => (
        <label key={name}>
          <input type="radio" name="history" checked={shown === name} onChange={() => onShow(name)} />
          <span class="side">{name === 'versions' ? 'Versions' : 'Activity'}</span>
        </label>
      ))}
    </fieldset>
  )
}
