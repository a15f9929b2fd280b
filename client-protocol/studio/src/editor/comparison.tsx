// Two versions, or a version and the diagram as it is now: either of them on the canvas, with what changed marked
// and listed.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { ApiError, type Version } from '../api.ts'
import { DIFF_PAUSE_MS } from '../limits.ts'
import { api } from '../session.ts'
import { Button, Spinner } from '../ui/controls.tsx'
import { complain, say } from '../ui/toasts.tsx'
import { ChangeList } from './change-list.tsx'
import { type Change, type Changes, changesOf, marksOf } from './changes.ts'
import { Ends } from './ends.tsx'
import { mark, pointOut } from './preview.ts'
import type { BpmnJs } from './services.ts'
import type { Stage } from './stage.ts'
import { VersionCanvas } from './version-canvas.tsx'
import { VersionLines } from './version-lines.tsx'
import { VersionMenu } from './version-menu.tsx'
import { lookAt, type View, viewOf } from './view.ts'

type Side = 'before' | 'after'

export interface Pair {
  readonly from: number
  /** null: the diagram as it is now. */
  readonly to: number | null
}

export function Comparison({
  stage,
  id,
  title,
  pair,
  versions,
  onRestore,
  onPair,
}: {
  readonly stage: Stage
  readonly id: string
  readonly title: string
  readonly pair: Pair
  /** Those that are listed, the newest first. */
  readonly versions: readonly Version[]
  readonly onRestore: ((version: Version) => void) | null
  /** Another comparison; null: none. */
  readonly onPair: (pair: Pair | null) => void
}) {
  const { from, to } = pair
  const known = useListed(id, pair, versions, () => onPair(null))
  const changes = useChanges(stage, id, pair, () => onPair(null))
  const { side, turn, stay, setViewer, pointed, show } = useSides(stage, pair, changes)
  const shownVersion = side === 'before' ? from : to
  const isNow = to === null && changes?.meaning.length === 0 && changes.layout.length === 0
  const entry = known.find(({ version }) => version === shownVersion)
  return (
    <div class="comparison">
      <Button kind="quiet" icon="back" onClick={() => onPair(null)}>
        All versions
      </Button>
      <Ends
        pair={pair}
        versions={known}
        onPair={(other) => {
          stay()
          onPair(other)
        }}
      />
      <Sides pair={pair} side={side} onSide={turn} />
      {entry && (
        <div class="version-line">
          <div class="version">
            <VersionLines version={entry} />
          </div>
          <VersionMenu id={id} title={title} version={entry} since={side === 'after' ? from : null} />
        </div>
      )}
      {entry && onRestore && (
        <Button icon="restore" disabled={isNow} onClick={() => onRestore(entry)}>
          {`Restore version ${entry.version}`}
        </Button>
      )}
      {changes ? (
        <ChangeList changes={changes} pointed={pointed} onShow={show} />
      ) : (
        <Spinner label="Comparing …" />
      )}
      {shownVersion !== null && (
        <VersionCanvas id={id} version={shownVersion} stage={stage} onShown={setViewer} />
      )}
    </div>
  )
}

/** Which side is on the canvas, at which place, and what is marked and pointed out on it. */
function useSides(stage: Stage, { to }: Pair, changes: Changes | null) {
  const [side, setSide] = useState<Side>(to === null ? 'before' : 'after')
  const [viewer, setViewer] = useState<BpmnJs | null>(null)
  const [pointed, point] = useState<Change | null>(null)
  const shown = side === 'after' && to === null ? stage.bpmnJs : viewer
  const marks = useMemo(() => changes && marksOf(changes), [changes])
  const view = useRef<View | null>(null)
  useEffect(() => {
    if (shown && view.current) lookAt(shown, view.current)
  }, [shown])
  useEffect(() => (shown && marks ? mark(shown, marks) : undefined), [shown, marks])
  useEffect(() => (shown && pointed?.id ? pointOut(shown, pointed.id) : undefined), [shown, pointed])

  /** What comes next shows the same place. */
  const stay = () => {
    if (shown) view.current = viewOf(shown)
  }
  const turn = (to: Side) => {
    if (to !== side) stay()
    setSide(to)
  }
  const show = (change: Change) => {
    if (change.mark === 'added') turn('after')
    if (change.mark === 'removed') turn('before')
    // The same one again is looked for again.
    point({ ...change })
  }
  return { side, turn, stay, setViewer, pointed, show }
}

function Sides({
  pair: { from, to },
  side,
  onSide,
}: {
  readonly pair: Pair
  readonly side: Side
  readonly onSide: (side: Side) => void
}) {
  const names: Readonly<Record<Side, string>> = {
    before: `Version ${from}`,
    after: to === null ? 'Now' : `Version ${to}`,
  }
  return (
    <fieldset class="sides">
      <legend class="hidden">Show</legend>
      {(['before', 'after'] as const).map((name) => (
        <label key={name}>
          <input type="radio" name="side" checked={side === name} onChange={() => onSide(name)} />
          <span class="side">{names[name]}</span>
        </label>
      ))}
    </fieldset>
  )
}

/** The listed versions and, where a link names older ones, those too; the newest first. */
function useListed(
  id: string,
  { from, to }: Pair,
  versions: readonly Version[],
  onGone: () => void,
): readonly Version[] {
  const [others, setOthers] = useState<readonly Version[]>([])
  const missing = [from, to].filter(
    (version): version is number =>
      version !== null && ![...versions, ...others].some((other) => other.version === version),
  )
  useEffect(() => {
    if (missing.length === 0) return
    Promise.all(missing.map((version) => api.version(id, version))).then(
      (found) => setOthers([...others, ...found]),
      (error) => {
        tell(error)
        onGone()
      },
    )
  }, [id, missing.join()])
  return [
    ...versions,
    ...others.filter((other) => !versions.some(({ version }) => version === other.version)),
  ]
    .slice()
    .sort((a, b) => b.version - a.version)
}

/** What changed, once it is known; anew when the live diagram has changed. */
function useChanges(stage: Stage, id: string, { from, to }: Pair, onFailed: () => void): Changes | null {
  const [changes, setChanges] = useState<Changes | null>(null)
  const drawn = to === null ? stage.drawn.value : 0
  useEffect(() => setChanges(null), [id, from, to])
  useEffect(() => {
    let left = false
    const load = async () => {
      const report = await api.diff(id, from, to)
      const registry = stage.bpmnJs.get('elementRegistry')
      if (!left) setChanges(changesOf(report, (other) => registry.get(other)?.businessObject.name))
    }
    const failed = (error: unknown) => {
      if (left) return
      tell(error)
      onFailed()
    }
    const timer = setTimeout(() => load().catch(failed), changes === null ? 0 : DIFF_PAUSE_MS)
    return () => {
      left = true
      clearTimeout(timer)
    }
  }, [id, from, to, drawn])
  return changes
}

function tell(error: unknown): void {
  if (error instanceof ApiError && error.status === 404) say('This version is not kept any more.')
  else complain(error)
}
