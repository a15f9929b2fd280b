// Links that let people in, with a role.
import { useState } from 'preact/hooks'
import type { Summary } from '../api.ts'
import { api, mayWrite, type Who } from '../session.ts'
import { Button } from '../ui/controls.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { complain } from '../ui/toasts.tsx'
import { copyLink } from './clipboard.ts'

const FROM_FIELD = 'Copy the link from the field.'

type Role = 'editor' | 'viewer'

const ROLES: Readonly<Record<Role, { readonly name: string; readonly about: string }>> = {
  editor: { name: 'Can edit', about: 'Models along with you.' },
  viewer: { name: 'Can view', about: 'Sees everything live, changes nothing.' },
}

/** How long a link lets people in, as the server takes it. */
const LIVES = [
  { ttl: '1d', name: '1 day' },
  { ttl: '7d', name: '7 days' },
  { ttl: '30d', name: '30 days' },
] as const

export function ShareDialog({
  diagram,
  who,
  onClose,
}: {
  readonly diagram: Summary
  readonly who: Who
  readonly onClose: () => void
}) {
  const roles: readonly Role[] = mayWrite(who) ? ['editor', 'viewer'] : ['viewer']
  const [role, setRole] = useState<Role>(roles[0] ?? 'viewer')
  const [ttl, setTtl] = useState<string>('7d')
  const [link, setLink] = useState<{ readonly url: string; readonly expiresAt: string } | null>(null)
  const make = async () => {
    try {
      const made = await api.invite(diagram.id, role, ttl)
      setLink(made)
      await copyLink(made.url, FROM_FIELD)
    } catch (error) {
      complain(error)
    }
  }
  return (
    <Dialog title="Invite people" onClose={onClose}>
      <p class="quiet-text">Whoever opens the link joins this diagram, without an account.</p>
      <RoleChoice
        roles={roles}
        role={role}
        onRole={(chosen) => {
          setRole(chosen)
          setLink(null)
        }}
      />
      <label class="field">
        The link works for
        <select
          value={ttl}
          onChange={(event) => {
            setTtl(event.currentTarget.value)
            setLink(null)
          }}
        >
          {LIVES.map((life) => (
            <option key={life.ttl} value={life.ttl}>
              {life.name}
            </option>
          ))}
        </select>
      </label>
      {link && (
        <label class="field link-field">
          {`Link, valid until ${new Date(link.expiresAt).toLocaleDateString('en', { dateStyle: 'medium' })}`}
          <input type="text" readOnly value={link.url} onFocus={(event) => event.currentTarget.select()} />
        </label>
      )}
      <footer>
        <Button
          kind="primary"
          icon="copy"
          onClick={() => void (link ? copyLink(link.url, FROM_FIELD) : make())}
        >
          Copy link
        </Button>
      </footer>
    </Dialog>
  )
}

function RoleChoice({
  roles,
  role,
  onRole,
}: {
  readonly roles: readonly Role[]
  readonly role: Role
  readonly onRole: (role: Role) => void
}) {
  return (
    <fieldset class="choices">
      <legend class="hidden">Role</legend>
      {roles.map((name) => (
        <label key={name} class="choice">
          <input type="radio" name="role" checked={role === name} onChange={() => onRole(name)} />
          <span>
            <strong>{ROLES[name].name}</strong>
            <span class="quiet-text">{ROLES[name].about}</span>
          </span>
        </label>
      ))}
    </fieldset>
  )
}
