// Which page is shown.
import { DiagramPage } from './editor/page.tsx'
import { Bar } from './frame.tsx'
import { ListPage } from './list/page.tsx'
import { place } from './router.ts'
import { type Session, session, start } from './session.ts'
import { SignIn } from './sign-in.tsx'
import { Button, Notice, Spinner } from './ui/controls.tsx'
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
  const { who } = session
  if (place.value.page === 'diagram') return <DiagramPage id={place.value.id} who={who} />
  return (
    <>
      <Bar who={who} />
      <ListPage who={who} place={place.value} />
    </>
  )
}
