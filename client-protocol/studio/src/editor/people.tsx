// Everybody else in the diagram. A click on a face follows that person.
import { FACES } from '../limits.ts'
import { Face } from '../ui/controls.tsx'
import { Menu } from '../ui/menu.tsx'
import type { Room } from './room.ts'
import type { Stage } from './stage.ts'

export function People({ room, stage }: { readonly room: Room; readonly stage: Stage | null }) {
  const others = room.people.value
  const followed = stage?.following.value
  if (others.length === 0) return null
  const shown = others.length > FACES ? others.slice(0, FACES - 1) : others
  const rest = others.slice(shown.length)
  return (
    <ul class="people" aria-label="Also here">
      {shown.map(({ client, user }) => (
        <li key={client}>
          <button
            type="button"
            class="face-button"
            aria-pressed={followed === client}
            aria-label={followed === client ? `Stop following ${user.name}` : `Follow ${user.name}`}
            title={followed === client ? `Stop following ${user.name}` : `Follow ${user.name}`}
            onClick={() => (followed === client ? stage?.unfollow() : stage?.follow(client))}
          >
            <Face name={user.name} color={user.color} />
          </button>
        </li>
      ))}
      {rest.length > 0 && (
        <li>
          <Menu
            label={`${rest.length} more`}
            class="face-button"
            items={rest.map(({ client, user }) => ({
              label: `Follow ${user.name}`,
              icon: 'eye',
              act: () => stage?.follow(client),
            }))}
          >
            <span class="face more-faces" aria-hidden="true">
              +{rest.length}
            </span>
          </Menu>
        </li>
      )}
    </ul>
  )
}
