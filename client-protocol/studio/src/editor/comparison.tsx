// One version against the diagram as it is now: either of them on the canvas, with what changed marked and listed.
import { createPortal } from 'preact/compat'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Version } from '../api.ts'
import { api } from '../session.ts'
import { Button, Spinner } from '../ui/controls.tsx'
import { complain } from '../ui/toasts.tsx'
import { explain } from '../words.ts'
import { type Change, changesOf } from './changes.ts'
import { mark, preview, reveal } from './preview.ts'
import type { BpmnJs } from './services.ts'
import type { Stage } from './stage.ts'
import { VersionLines } from './version-lines.tsx'

type Side = 'then' | 'now'

interface Compared {
  readonly xml: string
  readonly changes: readonly Change[]
}

export function Comparison({
  stage,
  id,
  version,
  onRestore,
  onClose,
}: {
  readonly stage: Stage
  readonly id: string
  readonly version: Version
  readonly onRestore: (() => Promise<void>) | null
  readonly onClose: () => void
}) {
  const compared = useCompared(id, version.version, onClose)
  const [side, setSide] = useState<Side>('then')
  const [busy, setBusy] = useState(false)
  const shown = useRef<BpmnJs | null>(null)
  useEffect(() => {
    if (!compared || side === 'then') return
    shown.current = stage.bpmnJs
    return mark(stage.bpmnJs, compared.changes)
  }, [compared, side, stage])
  const restore = async () => {
    setBusy(true)
    await onRestore?.()
    setBusy(false)
  }
  const show = (change: Change) => {
    if (change.mark === 'added' && side === 'then') setSide('now')
    else if (change.mark === 'removed' && side === 'now') setSide('then')
    else if (change.id !== undefined && shown.current) reveal(shown.current, change.id)
  }

  return (
    <div class="comparison">
      <Button kind="quiet" icon="back" onClick={onClose}>
        All versions
      </Button>
      <div class="version">
        <VersionLines version={version} />
      </div>
      <Sides version={version.version} side={side} onSide={setSide} />
      {compared === null ? (
        <Spinner label="Comparing …" />
      ) : (
        <>
          {onRestore && (
            <Button
              icon="restore"
              disabled={busy || compared.changes.length === 0}
              onClick={() => void restore()}
            >
              Restore this version
            </Button>
          )}
          <Changes changes={compared.changes} onShow={show} />
          {side === 'then' && (
            <Preview
              xml={compared.xml}
              changes={compared.changes}
              frame={stage.frame}
              onShown={(viewer) => {
                shown.current = viewer
              }}
            />
          )}
        </>
      )}
    </div>
  )
}

/** The version and what changed since, once both are there. */
function useCompared(id: string, version: number, onFailed: () => void): Compared | null {
  const [compared, setCompared] = useState<Compared | null>(null)
  useEffect(() => {
    let left = false
    const load = async () => {
      const [xml, report] = await Promise.all([api.versionText(id, version), api.changesSince(id, version)])
      if (!left) setCompared({ xml, changes: changesOf(report) })
    }
    load().catch((error) => {
      if (left) return
      complain(error)
      onFailed()
    })
    return () => {
      left = true
    }
  }, [id, version])
  return compared
}

function Sides({
  version,
  side,
  onSide,
}: {
  readonly version: number
  readonly side: Side
  readonly onSide: (side: Side) => void
}) {
  return (
    <fieldset class="sides">
      <legend class="hidden">Show</legend>
      {(['then', 'now'] as const).map((name) => (
        <label key={name}>
          <input type="radio" name="side" checked={side === name} onChange={() => onSide(name)} />
          <span class="side">{name === 'then' ? `Version ${version}` : 'Now'}</span>
        </label>
      ))}
    </fieldset>
  )
}

function Changes({
  changes,
  onShow,
}: {
  readonly changes: readonly Change[]
  readonly onShow: (change: Change) => void
}) {
  if (changes.length === 0) return <p class="quiet-text">Nothing has changed since.</p>
  return (
    <ul class="changes">
      {changes.map((change) => (
        <li key={`${change.mark} ${change.id} ${change.what}`}>
          <button type="button" class={`change ${change.mark}`} onClick={() => onShow(change)}>
            <strong>{change.what}</strong>
            <span>{change.how}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}

function Preview({
  xml,
  changes,
  frame,
  onShown,
}: {
  readonly xml: string
  readonly changes: readonly Change[]
  readonly frame: HTMLElement
  readonly onShown: (viewer: BpmnJs | null) => void
}) {
  const container = useRef<HTMLDivElement>(null)
  const [problem, setProblem] = useState<string | null>(null)
  useEffect(() => {
    let end = () => {}
    let left = false
    const show = async () => {
      if (!container.current) return
      const drawn = await preview(container.current, xml)
      if (left) return drawn.end()
      end = drawn.end
      mark(drawn.viewer, changes)
      onShown(drawn.viewer)
    }
    show().catch((error) => setProblem(explain(error).text))
    return () => {
      left = true
      onShown(null)
      end()
    }
  }, [xml, changes])
  return createPortal(
    <div class="preview">
      <div class="preview-canvas" ref={container} />
      <p class="preview-label">{problem ?? 'This is how it was. Live editing goes on below.'}</p>
    </div>,
    frame,
  )
}
