// A place to try an operation on this server, with the session's own token and rights.
import { useState } from 'preact/hooks'
import { bearer, session } from '../session.ts'
import { Button } from '../ui/controls.tsx'
import { ANSWER_CHARS } from './limits.ts'
import { type Description, type Parameter, type Route, sample } from './model.ts'

interface Result {
  readonly status: number
  readonly ms: number
  readonly headers: string
  readonly text: string
}

interface Props {
  readonly description: Description
  readonly route: Route
  readonly parameters: readonly Parameter[]
}

export function Trial({ description, route, parameters }: Props) {
  const content = Object.entries(route.operation.requestBody?.content ?? {})
  const [type = '', first] = content[0] ?? []
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const [body, setBody] = useState(sample(description, first))
  const [result, setResult] = useState<Result | string | null>(null)
  const [busy, setBusy] = useState(false)
  const needsToken = route.operation.security !== undefined
  const out = needsToken && session.value.state !== 'in'
  const send = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    try {
      setResult(await attempt(route, parameters, values, type, body))
    } catch (error) {
      setResult(error instanceof Error ? error.message : String(error))
    }
    setBusy(false)
  }
  return (
    <details class="docs-box docs-trial">
      <summary>Try it</summary>
      <form onSubmit={send}>
        {parameters.map((one) => (
          <label key={`${one.in} ${one.name}`} class="field">
            {one.name}
            <input
              value={values[one.name] ?? ''}
              required={one.required ?? false}
              placeholder={one.example === undefined ? '' : String(one.example)}
              spellcheck={false}
              autocomplete="off"
              onInput={(event) => setValues({ ...values, [one.name]: event.currentTarget.value })}
            />
          </label>
        ))}
        {type !== '' && (
          <label class="field">
            Body ({type})
            <textarea
              rows={6}
              value={body}
              spellcheck={false}
              onInput={(event) => setBody(event.currentTarget.value)}
            />
          </label>
        )}
        {out && (
          <p class="quiet-text">
            You are not signed in: <a href="/studio/">sign in to the Studio</a> in this tab, then come back.
          </p>
        )}
        <Button kind="primary" type="submit" disabled={busy || out}>
          {busy ? 'Sending …' : `Send ${route.method}`}
        </Button>
      </form>
      <div aria-live="polite">
        {typeof result === 'string' && <p class="docs-fault">{result}</p>}
        {result !== null && typeof result === 'object' && (
          <div class="docs-result">
            <p>
              <strong>{result.status}</strong> in {result.ms} ms
            </p>
            <pre>{result.headers}</pre>
            <pre>{result.text}</pre>
          </div>
        )}
      </div>
    </details>
  )
}

async function attempt(
  { method, path, operation }: Route,
  parameters: readonly Parameter[],
  values: Readonly<Record<string, string>>,
  type: string,
  body: string,
): Promise<Result> {
  const headers = new Headers()
  const query = new URLSearchParams()
  let address = path
  for (const { name, in: place } of parameters) {
    const value = values[name] ?? ''
    if (value === '') continue
    if (place === 'path') address = address.replace(`{${name}}`, encodeURIComponent(value))
    else if (place === 'query') query.set(name, value)
    else headers.set(name, value)
  }
  if (operation.security !== undefined) headers.set('authorization', `Bearer ${await bearer()}`)
  if (type !== '') headers.set('content-type', type)
  const begun = performance.now()
  const search = query.size === 0 ? '' : `?${query}`
  const answer = await fetch(`${address}${search}`, { method, headers, ...(type !== '' && { body }) })
  const text = await shown(answer)
  const told = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join('\n')
  return { status: answer.status, ms: Math.round(performance.now() - begun), headers: told, text }
}

/** The answer as a text; what is none is told by its size. */
async function shown(answer: Response): Promise<string> {
  const type = answer.headers.get('content-type') ?? ''
  if (type.startsWith('image/png')) return `${(await answer.blob()).size} bytes of ${type}`
  const text = await answer.text()
  const pretty = type.includes('json') ? JSON.stringify(JSON.parse(text), null, 2) : text
  return pretty.length > ANSWER_CHARS ? `${pretty.slice(0, ANSWER_CHARS)}\n…` : pretty
}
