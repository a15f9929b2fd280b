// The editor: bar, canvas, panels, and what has to be said over the canvas.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Summary } from '../api.ts'
import { go, place } from '../router.ts'
import type { Who } from '../session.ts'
import { IconButton, Spinner } from '../ui/controls.tsx'
import { useDrop } from '../ui/drop.ts'
import { complain } from '../ui/toasts.tsx'
import { Announcements } from './announcements.tsx'
import { EditorBar, type Panel } from './bar.tsx'
import { HelpDialog } from './help-dialog.tsx'
import { Properties } from './properties.tsx'
import type { Room } from './room.ts'
import { useSavesElsewhere } from './saves-elsewhere.ts'
import { useShortcuts } from './shortcuts.ts'
import type { Stage } from './stage.ts'
import { Versions } from './versions.tsx'

export function Editor({
  room,
  diagram,
  who,
}: {
  readonly room: Room
  readonly diagram: Summary
  readonly who: Who
}) {
  const canvas = useRef<HTMLDivElement>(null)
  const [stage, setStage] = useState<Stage | null>(null)
  const [help, setHelp] = useState(false)
  const mayEdit = room.rights.value.readOnly === null
  const fresh = useSavesElsewhere(stage, diagram.id)
  const [panel, choose] = usePanel(diagram.id)

  useEffect(() => room.rename(who), [room, who])
  useEffect(() => {
    let left = false
    const show = async () => {
      // A refusal is told over the empty canvas.
      await room.ready.catch(() => {})
      if (left || !canvas.current) return
      const shown = await room.show(canvas.current)
      if (!left) setStage(shown)
    }
    show().catch(complain)
    return () => {
      left = true
    }
  }, [room])
  // A file that is let go here would take the page away.
  useDrop(null)
  useShortcuts({ help: () => setHelp(true), stage })

  const toggle = (wanted: Panel) => choose(panel === wanted ? null : wanted)
  return (
    <main class="editor">
      <EditorBar
        room={room}
        stage={stage}
        diagram={diagram}
        who={who}
        panel={panel}
        onPanel={toggle}
        onHelp={() => setHelp(true)}
      />
      <div class="editor-body">
        <div class="canvas-frame">
          <Announcements room={room} stage={stage} />
          <section class="canvas" ref={canvas} aria-label="Diagram" />
          {stage === null && room.connection.value.state !== 'refused' && (
            <Spinner label="Drawing the diagram …" />
          )}
          {stage && <Zoom stage={stage} />}
        </div>
        {panel === 'properties' && stage && (
          <Properties stage={stage} mayEdit={mayEdit} onClose={() => choose(null)} />
        )}
        {panel === 'versions' && stage && (
          <Versions
            room={room}
            stage={stage}
            diagram={diagram}
            mayEdit={mayEdit}
            fresh={fresh}
            onClose={() => choose(null)}
          />
        )}
      </div>
      {help && <HelpDialog onClose={() => setHelp(false)} />}
    </main>
  )
}

/** The panel that is open: the chosen one, or the one that the address asks for. */
function usePanel(id: string): [Panel | null, (wanted: Panel | null) => void] {
  const [chosen, setChosen] = useState<Panel | null>(null)
  const isComparing = place.value.page === 'diagram' && place.value.versions !== undefined
  // Where one comes back to is the list of versions.
  useEffect(() => {
    if (isComparing) setChosen('versions')
  }, [isComparing])
  const choose = (wanted: Panel | null) => {
    if (isComparing) go({ page: 'diagram', id })
    setChosen(wanted)
  }
  return [isComparing ? 'versions' : chosen, choose]
}

function Zoom({ stage }: { readonly stage: Stage }) {
  return (
    <fieldset class="zoom">
      <legend class="hidden">Zoom</legend>
      <IconButton label="Zoom out" icon="minus" onClick={() => stage.zoom(-1)} />
      <IconButton label="Fit the diagram into the window" icon="fit" onClick={() => stage.fit()} />
      <IconButton label="Zoom in" icon="plus" onClick={() => stage.zoom(1)} />
    </fieldset>
  )
}
