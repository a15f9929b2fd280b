// The beginning: theme, address, session, page.
import './styles/tokens.css'
import './styles/base.css'
import './styles/layers.css'
import './styles/editor.css'
import './styles/panels.css'
import './styles/history.css'
import './styles/list.css'
import './styles/sidebar.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { follow } from './router.ts'
import { start } from './session.ts'
import { followTheme } from './theme.ts'

followTheme()
follow()
void start()
const root = document.getElementById('app')
if (root) render(<App />, root)
