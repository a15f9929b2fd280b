// A bare modeler on a live diagram, for tests of what lies between the two. No user interface of its own.
import './page.css'
import Modeler from 'bpmn-js/lib/Modeler'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

/** What the tests see as `window.live`. */
export interface Live {
  readonly modeler: Modeler
  readonly doc: Y.Doc
  readonly provider: WebsocketProvider
}

/** Joins the room that `#server=…&diagram=…&token=…` names, with an access token. */
async function join(): Promise<Live> {
  const place = new URLSearchParams(location.hash.slice(1))
  const path = `${place.get('server')}/api/diagrams/${place.get('diagram')}`
  const headers = { authorization: `Bearer ${place.get('token')}` }
  const invitation = await fetch(`${path}/collaborate`, { method: 'POST', headers })
  const { url, token } = (await invitation.json()) as { url: string; token: string }
  const cut = url.lastIndexOf('/')
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(url.slice(0, cut), url.slice(cut + 1), doc, {
    params: { token },
    disableBc: true,
  })
  await new Promise((resolve) => provider.once('sync', resolve))
  const modeler = new Modeler({ container: '#canvas' })
  const text = await fetch(`${path}/xml`, { headers })
  await modeler.importXML(await text.text())
  return { modeler, doc, provider }
}

Object.assign(window, { live: await join() })
