// One stored version on a canvas of its own, over the live one.
import { createPortal } from 'preact/compat'
import { useEffect, useRef, useState } from 'preact/hooks'
import { api } from '../session.ts'
import { Spinner } from '../ui/controls.tsx'
import { explain } from '../words.ts'
import { preview } from './preview.ts'
import type { BpmnJs } from './services.ts'
import type { Stage } from './stage.ts'

export function VersionCanvas({
  id,
  version,
  stage,
  onShown,
}: {
  readonly id: string
  readonly version: number
  readonly stage: Stage
  readonly onShown: (viewer: BpmnJs | null) => void
}) {
  const container = useRef<HTMLDivElement>(null)
  const [state, setState] = useState<'loading' | 'shown' | { readonly problem: string }>('loading')
  useEffect(() => {
    let end = () => {}
    let left = false
    const show = async () => {
      const xml = await (await api.versionBpmn(id, version)).text()
      if (left || !container.current) return
      const drawn = await preview(container.current, xml)
      if (left) return drawn.end()
      end = drawn.end
      setState('shown')
      stage.front = drawn.viewer
      onShown(drawn.viewer)
    }
    setState('loading')
    show().catch((error) => !left && setState({ problem: explain(error).text }))
    return () => {
      left = true
      stage.front = stage.bpmnJs
      onShown(null)
      end()
    }
  }, [id, version, stage])
  useEffect(() => withoutKeys(stage.frame), [stage])
  return createPortal(
    <section class="preview" aria-label={`Version ${version}`}>
      <div class="preview-canvas" ref={container} />
      {state === 'loading' && <Spinner label={`Loading version ${version} …`} />}
      <p class="preview-label">
        {typeof state === 'object' ? state.problem : `Version ${version}. Live editing goes on below.`}
      </p>
    </section>,
    stage.frame,
  )
}

/** Keys that are meant for what one sees don't reach the live canvas below. @returns how to let them again */
function withoutKeys(frame: HTMLElement): () => void {
  const live = frame.querySelector<HTMLElement>(':scope > .bjs-container')
  if (!live) return () => {}
  live.inert = true
  return () => {
    live.inert = false
  }
}
