// A bare modeler on a live diagram, for tests of what lies between the two. No user interface of its own.
import './page.css'
import '../../../client-protocol/src/bpmn-js/presence/presence.css'
import Modeler from 'bpmn-js/lib/Modeler'
import { type CanvasElement, Presence } from '../../../client-protocol/src/bpmn-js/index.ts'
import { type LiveDiagram, openDiagram, roomAccess } from '../../../client-protocol/src/index.ts'

/** What the tests see as `window.live`. */
export interface Live {
  readonly diagram: LiveDiagram
  readonly modeler: Modeler
  readonly presence: Presence
}

/** Joins the diagram that `#server=…&diagram=…&token=…&user=…&color=…` names, with an access token. */
async function join(): Promise<Live> {
  const place = new URLSearchParams(location.hash.slice(1))
  const given = (name: string) => place.get(name) ?? ''
  const [server, id, user] = [given('server'), given('diagram'), given('user')]
  const diagram = await openDiagram({
    id,
    user: { id: user, name: user, color: given('color') },
    access: roomAccess(server, id, () => given('token')),
    // A page that tests close must not ask whether it may.
    warnBeforeUnload: false,
  })
  await diagram.ready
  const modeler = new Modeler({ container: '#canvas' })
  const text = await fetch(`${server}/api/diagrams/${id}/xml`, { headers: { authorization: `Bearer ${given('token')}` } })
  await modeler.importXML(await text.text())
  return { diagram, modeler, presence: new Presence(modeler, diagram.awareness, elementsById(modeler)) }
}

function elementsById(modeler: Modeler) {
  const registry = modeler.get<{ get(id: string): CanvasElement | undefined }>('elementRegistry')
  const canvas = modeler.get<{ getRootElements(): CanvasElement[] }>('canvas')
  const keyOf = (element: CanvasElement) =>
    (element as { businessObject?: { id: string } }).businessObject?.id
  return {
    keyOf,
    elementOf: (key: string) => registry.get(key),
    rootOf: (key: string) => canvas.getRootElements().find((root) => keyOf(root) === key),
  }
}

Object.assign(window, { live: await join() })
