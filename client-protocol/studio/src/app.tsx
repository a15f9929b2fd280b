// Which page is shown, and the frame around it.
import { useState } from 'preact/hooks'
import { ListPage } from './list/page.tsx'
import { NameDialog } from './name-dialog.tsx'
import { pathOf, place } from './router.ts'
import { type Session, session, start, type Who } from './session.ts'
import { SignIn } from './sign-in.tsx'
import { theme, toggleTheme } from './theme.ts'
import { Button, Face, IconButton, Notice, Spinner } from './ui/controls.tsx'
import { Menu } from './ui/menu.tsx'
import { Toasts } from './ui/toasts.tsx'
import { explain } from './words.ts'

export function App() {
  return (
    <>
      <Page session={session.value} />
      <Toasts />
    </>
  )
}

function Page({ session }: { readonly session: Session }) {
  if (session.state === 'starting') return <Spinner label="Signing in …" />
  if (session.state === 'out') return <SignIn why={session.why} />
  if (session.state === 'unreachable') {
    const { text, advice } = explain(session.why)
    return (
      <Notice icon="offline" title={text}>
        <p>{advice}</p>
        <Button onClick={() => void start()}>Try again</Button>
      </Notice>
    )
  }
  return (
    <>
      <Bar who={session.who} mayRename={session.how !== 'token'} />
      {place.value.page === 'list' && <ListPage who={session.who} />}
    </>
  )
}

function Bar({ who, mayRename }: { readonly who: Who; readonly mayRename: boolean }) {
  const [naming, setNaming] = useState(false)
  return (
    <header class="bar">
      <a class="brand" href={pathOf({ page: 'list' })}>
        <Logo />
        Atelier
      </a>
      <div class="bar-end">
        <ThemeButton />
        <Menu
          label={`You are ${who.name}`}
          class="face-button"
          items={mayRename ? [{ label: 'Change name', icon: 'pencil', act: () => setNaming(true) }] : []}
        >
          <Face name={who.name} color={who.color} />
        </Menu>
      </div>
      {naming && <NameDialog name={who.name} onClose={() => setNaming(false)} />}
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
