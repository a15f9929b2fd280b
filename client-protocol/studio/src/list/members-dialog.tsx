// Who belongs to the organisation, for its admins: add somebody, give another role, remove.
import { useEffect, useState } from 'preact/hooks'
import type { Member, OrgRole } from '../api.ts'
import { MEMBER_CHARS } from '../limits.ts'
import { ROLES } from '../roles.ts'
import { api } from '../session.ts'
import { Button, IconButton, Spinner } from '../ui/controls.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { complain } from '../ui/toasts.tsx'

interface Listed {
  readonly members: readonly Member[]
  readonly next: string | null
}

export function MembersDialog({ onClose }: { readonly onClose: () => void }) {
  const [listed, setListed] = useState<Listed | null>(null)
  const [gone, setGone] = useState<ReadonlySet<string>>(new Set())
  const load = async (cursor: string | null) => {
    const page = await api.members(cursor === null ? {} : { cursor })
    const known = cursor === null ? [] : (listed?.members ?? [])
    setListed({ members: [...known, ...page.members], next: page.nextCursor })
  }
  const attempt = (work: Promise<void>) => void work.catch(complain)
  useEffect(() => attempt(load(null)), [])
  const replace = (changed: Member) =>
    listed &&
    setListed({ ...listed, members: listed.members.map((one) => (one.id === changed.id ? changed : one)) })
  const giveRole = async (member: Member, role: OrgRole) => {
    try {
      replace(await api.giveRole(member.id, role))
    } catch (error) {
      complain(error)
      // The choice goes back to what it was.
      replace({ ...member })
    }
  }
  const remove = async (member: Member) => {
    await api.removeMember(member.id)
    // It stays in sight, so that a mistake is made good at once.
    setGone(new Set([...gone, member.id]))
  }
  const addAgain = async ({ id, role, joinedAt }: Member) => {
    await api.addMember(joinedAt === null && id.includes('@') ? { email: id } : { user: id }, role)
    setGone(new Set([...gone].filter((other) => other !== id)))
  }
  return (
    <Dialog title="Members" wide onClose={onClose}>
      {listed === null ? (
        <Spinner label="Loading members …" />
      ) : (
        <>
          <ul class="members" aria-label="Members">
            {listed.members.map((member) =>
              gone.has(member.id) ? (
                <GoneLine key={member.id} member={member} onAdd={() => attempt(addAgain(member))} />
              ) : (
                <Line
                  key={member.id}
                  member={member}
                  onRole={(role) => giveRole(member, role)}
                  onRemove={() => attempt(remove(member))}
                />
              ),
            )}
          </ul>
          {listed.next !== null && (
            <Button class="more" onClick={() => attempt(load(listed.next))}>
              Show more
            </Button>
          )}
          <AddForm
            onAdded={async () => {
              setGone(new Set())
              await load(null)
            }}
          />
        </>
      )}
    </Dialog>
  )
}

function Line({
  member,
  onRole,
  onRemove,
}: {
  readonly member: Member
  readonly onRole: (role: OrgRole) => Promise<void>
  readonly onRemove: () => void
}) {
  const name = nameOf(member)
  const about = [member.email ?? member.id].filter((text) => text !== name)
  if (member.joinedAt === null) about.push('has not come yet')
  return (
    <li class="member">
      <span class="member-who">
        <span>{name}</span>
        <span class="quiet-text">{about.join(' · ')}</span>
      </span>
      <RoleChoice label={`Role of ${name}`} role={member.role} onRole={(role) => void onRole(role)} />
      <IconButton label={`Remove ${name}`} icon="trash" onClick={onRemove} />
    </li>
  )
}

function GoneLine({ member, onAdd }: { readonly member: Member; readonly onAdd: () => void }) {
  return (
    <li class="member">
      <span class="member-who quiet-text" role="status">{`${nameOf(member)} was removed.`}</span>
      <Button onClick={onAdd}>Add again</Button>
    </li>
  )
}

function AddForm({ onAdded }: { readonly onAdded: () => Promise<void> }) {
  const [who, setWho] = useState('')
  const [role, setRole] = useState<OrgRole>('member')
  const add = async (event: Event) => {
    event.preventDefault()
    const text = who.trim()
    try {
      await api.addMember(text.includes('@') ? { email: text } : { user: text }, role)
      setWho('')
      await onAdded()
    } catch (error) {
      complain(error)
    }
  }
  return (
    <form class="add-member" onSubmit={add}>
      <label class="field">
        E-mail address or user id
        <input
          type="text"
          value={who}
          maxLength={MEMBER_CHARS}
          required
          autocomplete="off"
          onInput={(event) => setWho(event.currentTarget.value)}
        />
      </label>
      <span class="field">
        <RoleChoice label="Role" role={role} onRole={setRole} />
      </span>
      <Button type="submit" kind="primary" disabled={who.trim() === ''}>
        Add
      </Button>
    </form>
  )
}

function RoleChoice({
  label,
  role,
  onRole,
}: {
  readonly label: string
  readonly role: OrgRole
  readonly onRole: (role: OrgRole) => void
}) {
  return (
    <select
      aria-label={label}
      value={role}
      onChange={(event) => {
        const chosen = (Object.keys(ROLES) as OrgRole[]).find((one) => one === event.currentTarget.value)
        if (chosen) onRole(chosen)
      }}
    >
      {(Object.keys(ROLES) as OrgRole[]).map((one) => (
        <option key={one} value={one}>
          {ROLES[one]}
        </option>
      ))}
    </select>
  )
}

function nameOf({ name, email, id }: Member): string {
  return name ?? email ?? id
}
