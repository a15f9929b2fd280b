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
  const [link, setLink] = useState<{ readonly url: string; readonly expiresAt: string } | null>(null)
  const make = async () => {
    try {
      const made = await api.invite(diagram.id, role)
      setLink(made)
      await copyLink(made.url, FROM_FIELD)
    } catch (error) {
      complain(error)
    }
  }
  return (
    <Dialog title="Invite people" onClose={onClose}>
      <p class="quiet-text">Whoever opens the link joins this diagram, without an account.</p>
      <fieldset class="choices">
        <legend class="hidden">Role</legend>
        {roles.map((name) => (
          <label key={name} class="choice">
            <input
              type="radio"
              name="role"
              checked={role === name}
              onChange={() => {
                setRole(name)
                setLink(null)
              }}
            />
            <span>
              <strong>{ROLES[name].name}</strong>
              <span class="quiet-text">{ROLES[name].about}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {link && (
        <label class="field">
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
