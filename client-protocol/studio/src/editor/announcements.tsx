// What stands over the canvas: the one thing that matters most now, whom one follows, what happened to the diagram.
import { go } from '../router.ts'
import { signedOut } from '../session.ts'
import { Button, IconButton } from '../ui/controls.tsx'
import { Icon } from '../ui/icons.tsx'
import { complain, say } from '../ui/toasts.tsx'
import type { Incident, Room } from './room.ts'
import { useClock } from './saved.tsx'
import type { Stage } from './stage.ts'
import { type Banner, banner } from './status.ts'

export function Announcements({ room, stage }: { readonly room: Room; readonly stage: Stage | null }) {
  const state = { connection: room.connection.value, saved: room.saved.value, rights: room.rights.value }
  const now = useClock(state.saved.unsaved > 0 || state.connection.state === 'offline')
  const shown = banner(state, now)
  const followed = stage?.following.value
  const person = room.people.value.find((other) => other.client === followed)
  return (
    <div class="announcements">
      {shown && <BannerLine banner={shown} room={room} />}
      {room.incident && <IncidentLine incident={room.incident} room={room} />}
      {person && stage && (
        <div class="following" style={{ background: person.user.color }}>
          <Icon name="eye" />
          You follow {person.user.name}
          <IconButton label="Stop following" icon="close" onClick={() => stage.unfollow()} />
        </div>
      )}
    </div>
  )
}

function BannerLine({ banner, room }: { readonly banner: Banner; readonly room: Room }) {
  return (
    <div class={`banner ${banner.tone}`} role="alert">
      <Icon name={banner.tone === 'bad' ? 'alert' : 'offline'} />
      <p>
        <strong>{banner.text}</strong> {banner.advice}
      </p>
      {banner.action === 'reconnect' && <Button onClick={() => room.reconnect()}>Reconnect</Button>}
      {banner.action === 'reload' && <Button onClick={() => location.reload()}>Reload</Button>}
      {banner.action === 'list' && <Button onClick={() => go({ page: 'list' })}>All diagrams</Button>}
      {banner.action === 'sign in' && (
        <Button onClick={() => signedOut('Your session has ended.')}>Sign in</Button>
      )}
    </div>
  )
}

function IncidentLine({ incident, room }: { readonly incident: Incident; readonly room: Room }) {
  if (incident.kind === 'unshown') {
    return (
      <div class="banner bad" role="alert">
        <Icon name="alert" />
        <p>
          <strong>This diagram can’t be drawn.</strong> It holds no drawing that bpmn-js can show (
          {incident.reason}
          ). You can still download it.
        </p>
      </div>
    )
  }
  const { unsaved, carried, forget } = incident.change
  const edits = unsaved === 1 ? 'Your unsaved edit' : `Your ${unsaved} unsaved edits`
  const discard = async () => {
    try {
      await forget()
      say('The unsaved edits were thrown away.')
    } catch (error) {
      complain(error)
    }
    room.settle()
  }
  return (
    <div class="banner warn" role="alert">
      <Icon name="restore" />
      <p>
        <strong>This diagram was replaced by another state of it.</strong>{' '}
        {carried
          ? `${edits} went along.`
          : `${edits} could not be carried over; this browser still keeps them.`}
      </p>
      {!carried && <Button onClick={() => void discard()}>Throw them away</Button>}
      <IconButton label="Dismiss" icon="close" onClick={() => room.settle()} />
    </div>
  )
}
