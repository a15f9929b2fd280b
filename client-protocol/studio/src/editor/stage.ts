// bpmn-js in the page, bound to a live diagram: what is drawn, selected and undone, and who else is seen on it.
import { type ReadonlySignal, signal } from '@preact/signals'
import { type LiveDiagram, ServerEdits } from 'atelier-client'
import {
  type Binding,
  bind,
  type Fallback,
  Presence,
  UndoStack,
  undoInDocument,
} from 'atelier-client/bpmn-js'
import Modeler from 'bpmn-js/lib/Modeler'
import { onPaper, RENDERER } from './canvas-theme.ts'
import type { BpmnJs, CanvasElement } from './services.ts'
import { fit, zoom } from './view.ts'

/** An edit that did not come from anybody's canvas; if not `sure`, it may have. */
export interface Outside {
  readonly sure: boolean
}

export class Stage {
  readonly bpmnJs: BpmnJs
  /** What one sees: the live diagram, or a version over it. */
  front: BpmnJs
  readonly #modeler: Modeler
  readonly #diagram: LiveDiagram
  readonly #onFallback: (fallback: Fallback) => void
  readonly #steps: UndoStack
  readonly #serverEdits = new ServerEdits((sure) => {
    this.#outside.value = { sure }
  })
  readonly #selected = signal<readonly CanvasElement[]>([])
  readonly #drawn = signal(0)
  readonly #outside = signal<Outside | null>(null)
  readonly #undoable = signal({ undo: false, redo: false })
  readonly #following = signal<number | undefined>(undefined)
  readonly #ends: (() => void)[] = []
  /** What belongs to the present document, which another history replaces. */
  #bound: { readonly binding: Binding; readonly presence: Presence; readonly end: () => void } | undefined

  /** What holds the canvas. */
  readonly frame: HTMLElement

  constructor(container: HTMLElement, diagram: LiveDiagram, onFallback: (fallback: Fallback) => void) {
    this.frame = container
    this.#diagram = diagram
    this.#onFallback = onFallback
    this.#modeler = new Modeler({ container, bpmnRenderer: RENDERER })
    this.bpmnJs = this.#modeler as unknown as BpmnJs
    this.front = this.bpmnJs
    this.#steps = new UndoStack(
      (origin, edit) => origin === this.#bound?.binding.origin || this.#serverEdits.isOwn(edit),
    )
    this.#watch()
    this.#ends.push(
      undoInDocument(this.#modeler, this.#steps),
      this.#steps.onChange(() => this.#judgeUndo()),
      diagram.document.subscribe(() => this.#bind()),
      diagram.rights.subscribe(() => this.#judgeRights()),
    )
  }

  /** The diagram is on the canvas. */
  get ready(): Promise<void> {
    return this.#bound?.binding.ready ?? Promise.resolve()
  }

  get selected(): ReadonlySignal<readonly CanvasElement[]> {
    return this.#selected
  }

  /** Grows whenever elements have changed: read it to be told. */
  get drawn(): ReadonlySignal<number> {
    return this.#drawn
  }

  /** Another one whenever somebody else may have saved or restored. */
  get outside(): ReadonlySignal<Outside | null> {
    return this.#outside
  }

  get undoable(): ReadonlySignal<{ readonly undo: boolean; readonly redo: boolean }> {
    return this.#undoable
  }

  /** The client that is followed. */
  get following(): ReadonlySignal<number | undefined> {
    return this.#following
  }

  follow(client: number): void {
    this.#bound?.presence.follow(client)
  }

  unfollow(): void {
    this.#bound?.presence.unfollow()
  }

  undo(): void {
    this.bpmnJs.get('commandStack').undo()
  }

  redo(): void {
    this.bpmnJs.get('commandStack').redo()
  }

  /** Carries out a restore, which undo then takes back. @param restore says whether it changed anything */
  async restoring(restore: () => Promise<boolean>): Promise<boolean> {
    this.#serverEdits.expect()
    let changed = false
    try {
      changed = await restore()
    } finally {
      if (!changed) this.#serverEdits.expectNone()
    }
    return changed
  }

  fit(): void {
    fit(this.front)
  }

  zoom(direction: 1 | -1): void {
    zoom(this.front, direction)
  }

  /** The drawing as a file. */
  async svg(): Promise<string> {
    return onPaper((await this.bpmnJs.saveSVG()).svg)
  }

  end(): void {
    for (const end of this.#ends) end()
    this.#bound?.end()
    this.#steps.stop()
    this.#serverEdits.stop()
    this.#modeler.destroy()
  }

  #watch(): void {
    const events = this.bpmnJs.get('eventBus')
    events.on('selection.changed', () => {
      this.#selected.value = this.bpmnJs.get('selection').get()
    })
    // Panels come and go beside it.
    const resize = new ResizeObserver(() => this.bpmnJs.get('canvas').resized())
    resize.observe(this.frame)
    this.#ends.push(() => resize.disconnect())
    events.on(['elements.changed', 'root.set', 'import.done'], () => {
      this.#drawn.value += 1
    })
  }

  /** Another history of the diagram is another document: the same canvas shows it. */
  #bind(): void {
    this.#bound?.end()
    const { doc, awareness, rights } = this.#diagram
    const binding = bind(this.#modeler, doc, {
      readOnly: rights.value.readOnly !== null,
      onFallback: this.#onFallback,
    })
    const presence = new Presence(this.#modeler, awareness, binding)
    const unsubscribe = presence.following.subscribe((client) => {
      this.#following.value = client
    })
    this.#steps.follow(doc)
    this.#serverEdits.follow(doc)
    const end = () => {
      unsubscribe()
      presence.end()
      binding.destroy()
    }
    this.#bound = { binding, presence, end }
  }

  #judgeRights(): void {
    if (this.#bound) this.#bound.binding.readOnly = this.#diagram.rights.value.readOnly !== null
    this.#judgeUndo()
  }

  #judgeUndo(): void {
    const mayEdit = this.#diagram.rights.value.readOnly === null
    const next = { undo: mayEdit && this.#steps.canUndo, redo: mayEdit && this.#steps.canRedo }
    const known = this.#undoable.value
    if (known.undo !== next.undo || known.redo !== next.redo) this.#undoable.value = next
  }
}
