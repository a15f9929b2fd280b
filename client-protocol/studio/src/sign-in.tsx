// Where nobody is signed in by itself: a token is asked for.
import { useState } from 'preact/hooks'
import { useToken } from './session.ts'
import { Button } from './ui/controls.tsx'

export function SignIn({ why }: { readonly why: string | null }) {
  const [token, setToken] = useState('')
  const [busy, setBusy] = useState(false)
  const enter = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    await useToken(token)
    setBusy(false)
  }
  return (
    <main class="sign-in">
      <form class="panel" onSubmit={enter}>
        <h1>Sign in to Atelier</h1>
        {why !== null && (
          <p class="fault" role="alert">
            {why}
          </p>
        )}
        <label class="field">
          Access token
          <textarea
            rows={4}
            value={token}
            required
            autocomplete="off"
            spellcheck={false}
            placeholder="eyJ…"
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        <p class="quiet-text">
          Your administrator gives you one, or <code>atelier token</code> prints one on the server. It stays
          in this tab only.
        </p>
        <Button kind="primary" type="submit" disabled={busy || token.trim() === ''}>
          {busy ? 'Signing in …' : 'Sign in'}
        </Button>
      </form>
    </main>
  )
}
