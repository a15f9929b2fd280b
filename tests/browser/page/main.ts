// A bare modeler on a live diagram, for tests of what lies between the two. No user interface of its own.
import './page.css'
import '../../../client-protocol/src/bpmn-js/presence/presence.css'
import Modeler from 'bpmn-js/lib/Modeler'
import { type Binding, bind, Presence, UndoStack, undoInDocument } from '../../../client-protocol/src/bpmn-js/index.ts'
import {
  type DiagramOptions,
  type LiveDiagram,
  materialise,
  openDiagram,
  pageCopies,
  readRecords,
  roomAccess,
} from '../../../client-protocol/src/index.ts'
import { ACTIONS, Tools } from './actions.ts'
import { DIAGRAMS } from './diagrams.ts'
import { picture } from './picture.ts'

/** What the tests see as `window.live`. */
export interface Live {
  readonly diagram: LiveDiagram
  readonly modeler: Modeler
  /** Services of the modeler by name. */
  readonly services: Record<string, unknown>
  readonly binding: Binding
  readonly undo: UndoStack
  readonly presence: Presence
  /** Each time that the canvas could not be patched. */
  readonly fallbacks: string[]
  /** Does one of the sample actions, and tells how many steps that is for undo. */
  act(name: string): number
  /** The document as XML. */
  xml(): string
  /** The same of the document that somebody gets who comes now. */
  xmlOfNewcomer(): Promise<string>
  /** What the canvas and its model show, to compare with others. */
  picture(): Promise<string[]>
  /** What a fresh modeler shows of a text; throws if it warns. */
  pictureOf(xml: string): Promise<string[]>
  /** What a fresh modeler warns of. */
  warningsOf(xml: string): Promise<string[]>
}

const place = new URLSearchParams(location.hash.slice(1))
const given = (name: string) => place.get(name) ?? ''

/** The diagram that `#server=…&diagram=…&token=…&user=…&color=…` names, with an access token. */
const OPTIONS: DiagramOptions = {
  id: given('diagram'),
  user: { id: given('user'), name: given('user'), color: given('color') },
  access: roomAccess(given('server'), given('diagram'), () => given('token')),
  // A page that tests close must not ask whether it may.
  warnBeforeUnload: false,
}

async function join(): Promise<Live> {
  const diagram = await openDiagram(OPTIONS)
  await diagram.ready
  const modeler = new Modeler({ container: '#canvas' })
  const fallbacks: string[] = []
  const binding = bind(modeler, diagram.doc, {
    onFallback: ({ reason, cause }) => fallbacks.push(`${reason}: ${cause}`),
  })
  diagram.rights.subscribe(({ readOnly }) => {
    binding.readOnly = readOnly !== null
  })
  await binding.ready
  const undo = new UndoStack((origin) => origin === binding.origin)
  undo.follow(diagram.doc)
  undoInDocument(modeler, undo)
  return {
    diagram,
    modeler,
    services: new Proxy({}, { get: (_, name: string) => modeler.get(name) }),
    binding,
    undo,
    presence: new Presence(modeler, diagram.awareness, binding),
    fallbacks,
    act: (name) => {
      let steps = 0
      const stop = undo.onChange(() => steps++)
      ACTIONS.find((action) => action.name === name)?.run(new Tools(modeler))
      stop()
      return steps
    },
    xml: () => materialise(readRecords(diagram.doc)),
    xmlOfNewcomer,
    picture: () => {
      binding.flush()
      return picture(modeler)
    },
    pictureOf,
    warningsOf,
  }
}

async function xmlOfNewcomer(): Promise<string> {
  const diagram = await openDiagram({ ...OPTIONS, copies: pageCopies })
  try {
    await diagram.ready
    return materialise(readRecords(diagram.doc))
  } finally {
    await diagram.close()
  }
}

/** Opens texts that are only compared. */
let reader: Modeler | undefined

async function warningsOf(xml: string): Promise<string[]> {
  if (reader === undefined) {
    const container = document.createElement('div')
    container.className = 'fresh'
    document.body.append(container)
    reader = new Modeler({ container })
  }
  const { warnings } = await reader.importXML(xml).catch((error: unknown) => ({ warnings: [error] }))
  // Typed as texts; they are objects that have one.
  return (warnings as unknown[]).map((warning) => (warning as Error).message ?? String(warning))
}

async function pictureOf(xml: string): Promise<string[]> {
  const warnings = await warningsOf(xml)
  if (reader === undefined || warnings.length > 0) throw new Error(`opening it warns: ${warnings.join('; ')}`)
  return picture(reader)
}

Object.assign(window, { samples: { actions: ACTIONS.map(({ name, diagram }) => ({ name, diagram })), diagrams: DIAGRAMS } })
if (given('diagram') !== '') Object.assign(window, { live: await join() })
