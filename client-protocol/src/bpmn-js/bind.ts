// The binding: a live document and a bpmn-js modeler show the same diagram. It owns the order of things (what was
// shown, what is written, what is patched when) and leaves each step to a file of its own.
import type * as Y from 'yjs'
import { project, type View } from '../document/index.ts'
import { affected } from './affected.ts'
import { isBusyWith } from './gestures.ts'
import { Identity } from './identity.ts'
import { LiveRecords } from './live-records.ts'
import type { ModdleObject } from './moddle.ts'
import { paint } from './painter.ts'
import { capture, type Picture } from './picture.ts'
import type { CanvasElement, Elements } from './presence/canvas.ts'
import { forbidEditing } from './read-only.ts'
import { rehearse } from './rehearsal.ts'
import { type Element, type Modeler, type Services, servicesOf } from './services.ts'
import { NO_VIEW, type Touched, Tree } from './tree.ts'
import { samePicture, writeChanges } from './write.ts'

/** How to bind. */
export interface BindOptions {
  /** Only show: nothing can be edited. */
  readonly readOnly?: boolean
  /** A remote change could not be patched in, and the diagram was imported anew; or cannot be shown at all. */
  readonly onFallback?: (fallback: Fallback) => void
}

/** Why the diagram was imported anew. */
export interface Fallback {
  readonly reason: string
  readonly cause?: unknown
  /** Whether the diagram is shown again. */
  readonly shown: boolean
}

/** A modeler bound to a document. */
export interface Binding extends Elements {
  /** The origin of the transactions that this binding writes: what an undo manager tracks. */
  readonly origin: object
  /** The diagram is shown, or the document holds nothing to show. */
  readonly ready: Promise<void>
  /** Whether nothing can be edited. */
  readOnly: boolean
  /** Shows now what would be shown in the next frame. */
  flush(): void
  /** Lets go of both. */
  destroy(): void
}

/** Behind bpmn-js's own listeners, which still touch the model tree. */
const LAST = 100

/** Binds a modeler to a document that holds, or will hold, a diagram. */
export function bind(modeler: Modeler, doc: Y.Doc, options: BindOptions = {}): Binding {
  return new BoundDiagram(modeler, doc, options)
}

class BoundDiagram implements Binding {
  readonly origin = { name: 'atelier-bpmn-js' }
  readonly ready: Promise<void>
  readonly #modeler: Modeler
  readonly #services: Services
  readonly #doc: Y.Doc
  readonly #records: LiveRecords
  readonly #identity = new Identity()
  readonly #onFallback: (fallback: Fallback) => void
  #tree: Tree
  /** What the canvas was last told that the document shows. */
  #view: View = NO_VIEW
  /** What the canvas shows. */
  #shown: Picture = new Map()
  #touched: Touched = new Map()
  #frame: number | undefined
  #patching = false
  #allow: (() => void) | undefined
  /** Whether a diagram is on the canvas. */
  #open = false

  constructor(modeler: Modeler, doc: Y.Doc, options: BindOptions) {
    this.#modeler = modeler
    this.#services = servicesOf(modeler)
    this.#doc = doc
    this.#onFallback = options.onFallback ?? (() => {})
    this.#tree = new Tree(this.#services.moddle, this.#identity)
    this.#records = new LiveRecords(doc, (origin) => {
      if (origin !== this.origin) this.#schedule()
    })
    this.#services.bus.on('commandStack.changed', LAST, this.#onCommand)
    this.#services.bus.on('drag.cleanup', LAST, this.#schedule)
    this.readOnly = options.readOnly ?? false
    this.ready = this.#import()
  }

  get readOnly(): boolean {
    return this.#allow !== undefined
  }

  set readOnly(wanted: boolean) {
    if (wanted === this.readOnly) return
    this.#allow?.()
    this.#allow = wanted ? forbidEditing(this.#modeler) : undefined
  }

  keyOf(element: CanvasElement): string | undefined {
    const { businessObject } = element as Element
    return businessObject && this.#identity.key(businessObject)
  }

  elementOf(key: string): CanvasElement | undefined {
    const object = this.#identity.object(key)
    return typeof object?.id === 'string' ? this.#services.registry.get(object.id) : undefined
  }

  rootOf(key: string): CanvasElement | undefined {
    const object = this.#identity.object(key)
    if (object === undefined) return undefined
    return this.#services.canvas.getRootElements().find((root) => root.businessObject === object)
  }

  flush(): void {
    if (this.#frame === undefined) return
    cancelAnimationFrame(this.#frame)
    this.#sync()
  }

  destroy(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame)
    this.#services.bus.off('commandStack.changed', this.#onCommand)
    this.#services.bus.off('drag.cleanup', this.#schedule)
    this.#records.destroy()
    this.#allow?.()
    this.#allow = undefined
  }

  // Canvas to document

  readonly #onCommand = (): void => {
    if (this.#patching || !this.#open) return
    const now = this.#capture(this.#shown)
    if (samePicture(this.#shown, now)) return
    const ground = {
      doc: this.#doc,
      moddle: this.#services.moddle,
      records: this.#records.current,
      view: this.#view,
    }
    const before = this.#shown
    this.#shown = now
    for (const key of before.keys()) if (!now.has(key)) this.#identity.delete(key)
    try {
      this.#doc.transact(() => {
        this.#touched = merge(this.#touched, writeChanges(ground, before, now))
      }, this.origin)
      this.#schedule()
    } catch (cause) {
      void this.#import({ reason: 'an edit could not be written', cause })
    }
  }

  #capture(before: Picture): Picture {
    const root = this.#view.root === undefined ? undefined : this.#identity.object(this.#view.root)
    if (root === undefined) return new Map()
    return capture(root, this.#identity, before, (key) => this.#records.current.nodes.has(key))
  }

  // Document to canvas

  readonly #schedule = (): void => {
    this.#frame ??= requestAnimationFrame(() => this.#sync())
  }

  #sync(): void {
    this.#frame = undefined
    const next = project(this.#records.current)
    if (!this.#open) {
      if (next.root !== undefined) void this.#import()
      return
    }
    // It is shown once the gesture ends.
    if (isBusyWith(this.#services, this.#identity, this.#view, next)) return
    try {
      this.#patching = true
      this.#patch(next)
    } catch (cause) {
      void this.#import({ reason: 'a change could not be patched in', cause })
    } finally {
      this.#patching = false
    }
  }

  #patch(next: View): void {
    const before = this.#view
    const dirty = this.#tree.apply(before, next, this.#records.current.ns, this.#touched)
    this.#view = next
    this.#touched = new Map()
    if (dirty.size === 0) return
    const root = next.root === undefined ? undefined : this.#identity.object(next.root)
    const rehearsal = root && rehearse(this.#modeler, this.#services, root)
    if (rehearsal === undefined) throw new Error('there is no diagram to display')
    const stale = new Set<ModdleObject>()
    for (const key of affected(dirty, before, next)) {
      const object = this.#identity.object(key)
      if (object !== undefined) stale.add(object)
    }
    paint(this.#services, rehearsal, stale)
    this.#settle()
  }

  /** What the canvas shows from now on; what bpmn-js moved on import and nobody edited yet counts as not moved. */
  #settle(): void {
    const leaves = this.#tree.leaves(this.#view)
    const before = new Map([...this.#shown].filter(([, drawn]) => drawn.object !== undefined))
    const now = new Map(this.#capture(new Map([...before, ...leaves])))
    const elsewhere = new Set<string>()
    for (const [key, drawn] of now) {
      const node = this.#view.nodes.get(key)
      const old = this.#shown.get(key)
      if (node === undefined) now.delete(key)
      else if (old !== undefined && (node.parent !== drawn.parent || elsewhere.has(drawn.parent))) {
        now.set(key, old)
        elsewhere.add(key)
      }
    }
    this.#shown = now
  }

  // Import

  async #import(why?: { reason: string; cause?: unknown }): Promise<void> {
    const wasOpen = this.#open
    const restore = wasOpen ? remember(this.#services, this.#identity) : () => {}
    this.#open = false
    this.#patching = true
    try {
      const root = this.#rebuild()
      if (root === undefined) {
        if (wasOpen) this.#modeler.clear()
        return
      }
      // The canvas is done when the call returns; the promise only carries warnings.
      const imported = this.#modeler.importDefinitions(root)
      this.#open = true
      restore()
      this.#settle()
      const { warnings } = await imported
      this.#services.bus.fire('import.done', { error: null, warnings })
      if (why !== undefined) this.#onFallback({ ...why, shown: true })
    } catch (cause) {
      this.#open = false
      this.#onFallback({ reason: why?.reason ?? 'there is no diagram to display', cause, shown: false })
    } finally {
      this.#patching = false
    }
  }

  /** The model tree anew, from the document alone; undefined where that has no root. */
  #rebuild(): ModdleObject | undefined {
    const { moddle } = this.#services
    const { current } = this.#records
    this.#identity.clear()
    moddle.ids?.clear()
    this.#tree = new Tree(moddle, this.#identity)
    this.#view = project(current)
    this.#touched = new Map()
    this.#tree.apply(NO_VIEW, this.#view, current.ns, this.#touched)
    this.#shown = this.#capture(this.#tree.leaves(this.#view))
    return this.#view.root === undefined ? undefined : this.#identity.object(this.#view.root)
  }
}

/** Keeps what a person looks at over an import: the plane, the part of it that is visible, the selection. */
function remember({ canvas, selection, registry }: Services, identity: Identity): () => void {
  const box = canvas.viewbox()
  const keyOf = (element: { businessObject: ModdleObject; id: string }) => ({
    key: identity.key(element.businessObject),
    suffix: element.id.slice(String(element.businessObject?.id ?? '').length),
  })
  const root = keyOf(canvas.getRootElement())
  const selected = selection?.get().map(keyOf) ?? []
  const find = ({ key, suffix }: { key: string | undefined; suffix: string }) => {
    const id = key === undefined ? undefined : identity.object(key)?.id
    return typeof id === 'string' ? registry.get(id + suffix) : undefined
  }
  return () => {
    const plane = find(root)
    if (plane !== undefined && canvas.getRootElements().includes(plane)) canvas.setRootElement(plane)
    canvas.viewbox(box)
    selection?.select(selected.map(find).filter((element) => element !== undefined))
  }
}

function merge(a: Touched, b: Touched): Touched {
  const merged = new Map(a)
  for (const [key, fields] of b) merged.set(key, new Set([...(a.get(key) ?? []), ...fields]))
  return merged
}
