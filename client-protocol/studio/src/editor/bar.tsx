// The bar over an open diagram: its title, whether it is saved, who is here, what can be done with it.
import { useEffect, useState } from 'preact/hooks'
import type { Summary } from '../api.ts'
import { OwnFace, ThemeButton } from '../frame.tsx'
import { pathOf } from '../router.ts'
import { api, isGuest, type Who } from '../session.ts'
import { Button, IconButton } from '../ui/controls.tsx'
import { Icon } from '../ui/icons.tsx'
import { Menu } from '../ui/menu.tsx'
import { complain } from '../ui/toasts.tsx'
import { copyLink } from './clipboard.ts'
import { downloadBpmn, downloadSvg } from './downloads.ts'
import { People } from './people.tsx'
import type { Room } from './room.ts'
import { SavedIndicator } from './saved.tsx'
import { ShareDialog } from './share-dialog.tsx'
import type { Stage } from './stage.ts'
import { Title } from './title.tsx'

export type Panel = 'properties' | 'versions'

export function EditorBar({
  room,
  stage,
  diagram,
  who,
  panel,
  onPanel,
  onHelp,
}: {
  readonly room: Room
  readonly stage: Stage | null
  readonly diagram: Summary
  readonly who: Who
  readonly panel: Panel | null
  readonly onPanel: (panel: Panel) => void
  readonly onHelp: () => void
}) {
  const [sharing, setSharing] = useState(false)
  const [title, setTitle] = useTitle(diagram)
  const { role, readOnly } = room.rights.value
  return (
    <header class="bar editor-bar">
      <a class="icon-button" href={pathOf({ page: 'list' })} aria-label="All diagrams" title="All diagrams">
        <Icon name="back" />
      </a>
      <Title id={diagram.id} title={title} mayRename={readOnly === null} onRenamed={setTitle} />
      {role === 'viewer' ? <span class="chip">View only</span> : <SavedIndicator room={room} />}
      {isGuest(who) && <span class="chip">Guest</span>}
      <div class="bar-end">
        {stage && readOnly === null && <UndoRedo stage={stage} />}
        <People room={room} stage={stage} />
        {!isGuest(who) && (
          <Button kind="primary" icon="link" class="share" onClick={() => setSharing(true)}>
            Invite
          </Button>
        )}
        <IconButton
          label="Properties"
          icon="sliders"
          aria-pressed={panel === 'properties'}
          onClick={() => onPanel('properties')}
        />
        <IconButton
          label="Versions"
          icon="clock"
          aria-pressed={panel === 'versions'}
          onClick={() => onPanel('versions')}
        />
        <More room={room} stage={stage} id={diagram.id} title={title} onHelp={onHelp} />
        <ThemeButton />
        <OwnFace who={who} />
      </div>
      {sharing && <ShareDialog diagram={diagram} who={who} onClose={() => setSharing(false)} />}
    </header>
  )
}

/** The title, as oneself or somebody else set it last. */
function useTitle({ id, title: first }: Summary): [string, (title: string) => void] {
  const [title, setTitle] = useState(first)
  useEffect(() => {
    const look = async () => {
      if (document.visibilityState !== 'visible') return
      const fresh = await api.summary(id).catch(() => null)
      if (fresh) setTitle(fresh.title)
    }
    document.addEventListener('visibilitychange', look)
    return () => document.removeEventListener('visibilitychange', look)
  }, [id])
  return [title, setTitle]
}

function More({
  room,
  stage,
  id,
  title,
  onHelp,
}: {
  readonly room: Room
  readonly stage: Stage | null
  readonly id: string
  readonly title: string
  readonly onHelp: () => void
}) {
  return (
    <Menu
      label="Link, downloads and help"
      class="icon-button"
      items={[
        {
          label: 'Copy link for members',
          icon: 'link',
          act: () => void copyLink(location.origin + pathOf({ page: 'diagram', id })),
        },
        {
          label: 'Download .bpmn',
          icon: 'download',
          act: () => void downloadBpmn(room, id, title).catch(complain),
        },
        {
          label: 'Download .svg',
          icon: 'download',
          act: () => stage && void downloadSvg(stage, title).catch(complain),
        },
        { label: 'Keyboard shortcuts', icon: 'help', act: onHelp },
      ]}
    >
      <Icon name="more" />
    </Menu>
  )
}

function UndoRedo({ stage }: { readonly stage: Stage }) {
  const { undo, redo } = stage.undoable.value
  return (
    <span class="undo-redo">
      <IconButton label="Undo your last edit" icon="undo" disabled={!undo} onClick={() => stage.undo()} />
      <IconButton label="Redo" icon="redo" disabled={!redo} onClick={() => stage.redo()} />
    </span>
  )
}
