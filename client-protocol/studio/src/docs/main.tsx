// The beginning of /docs: the description of the REST API, as this server gives it, for people.
import '../styles/tokens.css'
import '../styles/base.css'
import './docs.css'
import { render } from 'preact'
import { request } from '../api.ts'
import { start } from '../session.ts'
import { followTheme } from '../theme.ts'
import type { Description } from './model.ts'
import { Page } from './page.tsx'

followTheme()
const root = document.getElementById('app')
if (root) void show(root)

async function show(root: HTMLElement): Promise<void> {
  try {
    const description: Description = await (await request('/openapi.json')).json()
    render(<Page description={description} />, root)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    render(<p class="docs-fault">The description could not be loaded: {why}</p>, root)
    return
  }
  // What was meant by the address exists only now.
  document.getElementById(location.hash.slice(1))?.scrollIntoView()
  await start()
}
