// What the bars of all pages share: the brand, the theme, oneself.
import { useState } from 'preact/hooks'
import { NameDialog } from './name-dialog.tsx'
import { ROLES } from './roles.ts'
import { pathOf } from './router.ts'
import { isGuest, session, signedOut, type Who } from './session.ts'
import { theme, toggleTheme } from './theme.ts'
import { Face, IconButton } from './ui/controls.tsx'
import { Menu } from './ui/menu.tsx'

export function Bar({ who }: { readonly who: Who }) {
  return (
    <header class="bar">
      <a class="brand" href={pathOf({ page: 'list' })}>
        <Logo />
        Atelier
      </a>
      <div class="bar-end">
        <ThemeButton />
        <OwnFace who={who} />
      </div>
    </header>
  )
}

export function ThemeButton() {
  const dark = theme() === 'dark'
  return (
    <IconButton
      label={dark ? 'Light mode' : 'Dark mode'}
      icon={dark ? 'sun' : 'moon'}
      onClick={toggleTheme}
    />
  )
}

/** Oneself, and one's role; whose name is no token's may change it. */
export function OwnFace({ who }: { readonly who: Who }) {
  const [naming, setNaming] = useState(false)
  const byToken = session.value.state === 'in' && session.value.how === 'token'
  return (
    <>
      <Menu
        label={`You are ${who.name}`}
        class="face-button"
        about={`${who.name} · ${isGuest(who) ? 'Guest' : ROLES[who.role]}`}
        items={[
          byToken
            ? { label: 'Sign out', icon: 'close', act: () => signedOut(null) }
            : { label: 'Change your name', icon: 'pencil', act: () => setNaming(true) },
        ]}
      >
        <Face name={who.name} color={who.color} />
      </Menu>
      {naming && <NameDialog name={who.name} onClose={() => setNaming(false)} />}
    </>
  )
}

function Logo() {
  return (
    <span class="logo" aria-hidden="true">
      <svg viewBox="0 0 20 20" aria-hidden="true">
        <circle cx="5" cy="10" r="2.3" />
        <path d="M7.3 10h2.4M13.6 6.1l3.9 3.9-3.9 3.9L9.7 10Z" />
      </svg>
    </span>
  )
}
