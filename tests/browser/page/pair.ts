// Two people in one page: two modelers on two copies of one document, synchronised in memory. And a third modeler
// that imports the document's XML afresh, as somebody who comes later: all three must show the same.
import './page.css'
import Modeler from 'bpmn-js/lib/Modeler'
import * as Y from 'yjs'
import { type Binding, bind, type Fallback, UndoStack, undoInDocument } from '../../../client-protocol/src/bpmn-js/index.ts'
import { importXml, materialise, readRecords, writeRecords } from '../../../client-protocol/src/index.ts'
import { ACTIONS, Tools } from './actions.ts'
import { type Picture, pictureOf } from './canvas-picture.ts'
import { chain, DIAGRAMS } from './diagrams.ts'
import { Player, randomOf } from './players.ts'

/** One of the two. */
export interface Person {
  readonly modeler: Modeler
  readonly doc: Y.Doc
  readonly binding: Binding
}

/** What everybody sees. */
export interface Sight {
  readonly ana: Picture
  readonly ben: Picture
  /** A fresh import of the document's XML. */
  readonly fresh: Picture
  /** Of the fresh import. */
  readonly warnings: string[]
}

/** What came of an edit. */
export interface Outcome {
  /** Sizes of the updates, one per transaction. */
  readonly updates: number[]
  /** Once the edit arrived. */
  readonly arrived: Sight
  /** Once the other one edited something too. */
  readonly answered: Sight
  readonly fallbacks: string[]
  readonly xml: string
}

const modelers = {
  ana: new Modeler({ container: '#ana' }),
  ben: new Modeler({ container: '#ben' }),
  fresh: new Modeler({ container: '#fresh' }),
}

/** What the tests see as `window.pair`. */
export class Pair {
  readonly ana: Person
  readonly ben: Person
  readonly fallbacks: string[] = []
  readonly updates: number[] = []
  readonly #waiting: { to: Y.Doc; update: Uint8Array }[] = []

  constructor(xml: string) {
    const seed = new Y.Doc()
    seed.transact(() => writeRecords(seed, importXml(xml)))
    const state = Y.encodeStateAsUpdate(seed)
    this.ana = this.#join(modelers.ana, state)
    this.ben = this.#join(modelers.ben, state)
    this.#forward(this.ana.doc, this.ben.doc)
    this.#forward(this.ben.doc, this.ana.doc)
  }

  async ready(): Promise<this> {
    await Promise.all([this.ana.binding.ready, this.ben.binding.ready])
    return this
  }

  /** Everything that one did arrives at the other and is shown. */
  sync(): void {
    while (this.#waiting.length > 0) {
      for (const { to, update } of this.#waiting.splice(0)) Y.applyUpdate(to, update, 'network')
    }
    this.ana.binding.flush()
    this.ben.binding.flush()
  }

  get xml(): string {
    return materialise(readRecords(this.ben.doc))
  }

  async look(): Promise<Sight> {
    const { warnings } = await modelers.fresh.importXML(this.xml).catch((error) => ({ warnings: [`failed: ${error}`] }))
    return {
      ana: pictureOf(this.ana.modeler),
      ben: pictureOf(this.ben.modeler),
      fresh: pictureOf(modelers.fresh),
      warnings: warnings.map(String),
    }
  }

  /** From now on undo and redo of this person belong to the document; returns how to end that. */
  undoInDocument({ modeler, doc, binding }: Person): () => void {
    const steps = new UndoStack((origin) => origin === binding.origin)
    steps.follow(doc)
    return undoInDocument(modeler, steps)
  }

  leave(): void {
    this.ana.binding.destroy()
    this.ben.binding.destroy()
  }

  #join(modeler: Modeler, state: Uint8Array): Person {
    const doc = new Y.Doc()
    Y.applyUpdate(doc, state)
    const onFallback = ({ reason, cause }: Fallback) => {
      this.fallbacks.push(`${reason}: ${cause instanceof Error ? cause.stack : cause}`)
    }
    return { modeler, doc, binding: bind(modeler, doc, { onFallback }) }
  }

  #forward(from: Y.Doc, to: Y.Doc): void {
    from.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin === 'network') return
      this.updates.push(update.length)
      this.#waiting.push({ to, update })
    })
  }
}

/** Ana does one thing, then Ben another; what everybody then sees. */
async function perform(name: string): Promise<Outcome> {
  const action = ACTIONS.find((candidate) => candidate.name === name)
  if (action === undefined) throw new Error(`no action ${name}`)
  const pair = await new Pair(DIAGRAMS[action.diagram]).ready()
  try {
    action.run(new Tools(pair.ana.modeler))
    const updates = [...pair.updates]
    pair.sync()
    const arrived = await pair.look()
    // What bpmn-js draws itself differs a little from what it imports: the next remote edit makes it the same.
    const ben = new Tools(pair.ben.modeler)
    ben.modeling.updateProperties(ben.root, { documentation: [ben.element('bpmn:Documentation', { text: 'seen' })] })
    pair.sync()
    const answered = await pair.look()
    return { updates, arrived, answered, fallbacks: pair.fallbacks, xml: pair.xml }
  } finally {
    pair.leave()
  }
}

/** What came of a session in which both act at once, round by round. */
export interface Session {
  readonly log: string[]
  readonly sight: Sight
  readonly fallbacks: string[]
  readonly xml: string
}

/** Both act at the same time, without seeing each other, and then see what came of it; `rounds` times. */
async function playSession(diagram: string, seed: number, rounds: number): Promise<Session> {
  const random = randomOf(seed)
  const pair = await new Pair(diagram).ready()
  const log: string[] = []
  const people = [pair.ana, pair.ben]
  const players = people.map(({ modeler }) => new Player(new Tools(modeler), random))
  const ends = people.map((person) => pair.undoInDocument(person))
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [who, player] of players.entries()) {
        for (let edits = 1 + player.below(3); edits > 0; edits--) {
          log.push(`${round} ${'ab'[who]}: ${player.act()}`)
          // Nobody acts twice between two frames.
          people[who]?.binding.flush()
        }
      }
      pair.sync()
    }
    for (const { tools } of players) {
      tools.modeling.updateProperties(tools.root, { documentation: [tools.element('bpmn:Documentation', { text: 'seen' })] })
    }
    pair.sync()
    return { log, sight: await pair.look(), fallbacks: pair.fallbacks, xml: pair.xml }
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.stack : error}\nafter\n${log.join('\n')}`)
  } finally {
    for (const end of ends) end()
    pair.leave()
  }
}

Object.assign(window, {
  pair: { Pair, Tools, chain, actions: ACTIONS.map(({ name }) => name), perform, playSession, diagrams: DIAGRAMS },
})
