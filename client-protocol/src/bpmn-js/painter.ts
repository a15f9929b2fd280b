// Model tree to canvas: makes the elements on a canvas those that an import would draw, outside the command stack.
// Elements that stay keep their identity, and with it selection, open label editing and what others hold of them.
import type { ModdleObject } from './moddle.ts'
import { type Kind, kindOf, type Planned, type Rehearsal } from './rehearsal.ts'
import type { Element, Point, Services, Viewbox } from './services.ts'

/** Patches the canvas. `stale` are model elements that changed, also where the canvas has the same values. */
export function paint(services: Services, rehearsal: Rehearsal, stale: ReadonlySet<ModdleObject>): void {
  new Painter(services, rehearsal).paint(stale)
}

class Painter {
  readonly #services: Services
  readonly #rehearsal: Rehearsal
  /** The element on the canvas for each that is wanted. */
  readonly #actual = new Map<Planned, Element>()
  readonly #changed = new Set<Element>()
  /** Connections whose ends are to be fitted to their shapes. */
  readonly #loose = new Set<Element>()

  constructor(services: Services, rehearsal: Rehearsal) {
    this.#services = services
    this.#rehearsal = rehearsal
  }

  paint(stale: ReadonlySet<ModdleObject>): void {
    const { registry, selection } = this.#services
    const selected = [...(selection?.get() ?? [])]
    this.#match(registry.getAll())
    this.#addRoots()
    this.#removeRest(registry.getAll())
    this.#rename()
    for (const planned of this.#rehearsal.elements) this.#realise(planned)
    for (const element of registry.getAll()) {
      if (stale.has(element.businessObject) || stale.has(element.di)) this.#changed.add(element)
    }
    for (const connection of this.#loose)
      this.#services.bus.fire('bpmnElement.added', { element: connection })
    this.#repaint()
    this.#updateDrilldowns()
    // bpmn-js deselects everything with a new root.
    const kept = selected.filter((element) => registry.get(element.id) === element)
    if (kept.length > (selection?.get().length ?? 0)) selection?.select(kept)
  }

  /** By model element first: an id may have changed, and a type with the model element. */
  #match(all: readonly Element[]): void {
    const byObject = new Map<ModdleObject, Map<Kind, Element>>()
    for (const element of all) {
      const kinds = byObject.get(element.businessObject)
      if (kinds === undefined) byObject.set(element.businessObject, new Map([[kindOf(element), element]]))
      else kinds.set(kindOf(element), element)
    }
    const taken = new Set<Element>()
    const take = (planned: Planned, element: Element | undefined) => {
      if (element === undefined || taken.has(element) || kindOf(element) !== planned.kind) return
      taken.add(element)
      this.#actual.set(planned, element)
    }
    for (const planned of this.#rehearsal.elements) {
      take(planned, byObject.get(planned.businessObject)?.get(planned.kind))
    }
    for (const planned of this.#rehearsal.elements) {
      if (!this.#actual.has(planned)) take(planned, this.#services.registry.get(planned.id))
    }
  }

  /** New planes; where the shown one goes, its successor is shown at the same place. */
  #addRoots(): void {
    const { canvas, importer } = this.#services
    const current = canvas.getRootElement()
    const kept = new Set(this.#actual.values())
    let successor: Element | undefined
    for (const planned of this.#rehearsal.elements) {
      if (planned.kind !== 'root') continue
      let root = this.#actual.get(planned)
      if (root === undefined) {
        // Somebody who is about to go may have its id.
        const holder = this.#services.registry.get(planned.id)
        if (holder !== undefined && !kept.has(holder))
          this.#services.registry.updateId(holder, `${planned.id}~`)
        root = importer.add(planned.businessObject, planned.di)
        this.#actual.set(planned, root)
      }
      if (planned.di === current?.di || (successor === undefined && planned === this.#rehearsal.main))
        successor = root
    }
    if (current !== undefined && kept.has(current)) return
    if (successor === undefined) return
    const box = canvas.viewbox()
    canvas.setRootElement(successor)
    if (!sameBox(canvas.viewbox(), box)) canvas.viewbox(box)
  }

  #removeRest(all: readonly Element[]): void {
    const { canvas } = this.#services
    const kept = new Set(this.#actual.values())
    const gone = all.filter((element) => !kept.has(element))
    this.#rescue(gone, kept)
    for (const element of gone) if (kindOf(element) === 'connection') this.#removeConnection(element)
    for (const element of gone) if (kindOf(element) === 'label') this.#removeShape(element)
    for (const element of gone.toSorted((a, b) => depth(b) - depth(a))) {
      if (kindOf(element) === 'shape') this.#removeShape(element)
    }
    for (const element of gone)
      if (canvas.getRootElements().includes(element)) canvas.removeRootElement(element)
  }

  /** What stays does not go with a parent that goes. */
  #rescue(gone: readonly Element[], kept: ReadonlySet<Element>): void {
    const refuge = this.#actual.get(this.#rehearsal.main)
    for (const element of gone) {
      for (const child of [...(element.children ?? [])]) if (kept.has(child)) this.#setParent(child, refuge)
    }
  }

  #removeConnection(connection: Element): void {
    connection.source = null
    connection.target = null
    this.#services.canvas.removeConnection(connection)
  }

  #removeShape(shape: Element): void {
    shape.host = null
    if (shape.labelTarget) Object.assign(shape, { labelTarget: null })
    this.#services.canvas.removeShape(shape)
  }

  /** Ids may go round: one that another element still has is free only once that one has its own. */
  #rename(): void {
    const { registry } = this.#services
    const renamed = [...this.#actual].filter(([planned, element]) => element.id !== planned.id)
    const clash = renamed.some(([planned]) => registry.get(planned.id) !== undefined)
    if (clash) for (const [planned, element] of renamed) registry.updateId(element, `${planned.id}~`)
    for (const [planned, element] of renamed) registry.updateId(element, planned.id)
  }

  #realise(planned: Planned): void {
    const parent = planned.parent && this.#actual.get(planned.parent)
    const element = this.#actual.get(planned)
    if (planned.kind === 'root') {
      if (element !== undefined) this.#updateModel(element, planned)
      return
    }
    if (element !== undefined) this.#update(element, planned, parent)
    else this.#add(planned, parent)
  }

  #add(planned: Planned, parent: Element | undefined): void {
    const { importer, registry } = this.#services
    const target = planned.labelTarget && this.#actual.get(planned.labelTarget)
    // An element comes with its label.
    const drawn = planned.kind === 'label' ? registry.get(planned.id) : undefined
    const add = () =>
      target === undefined
        ? importer.add(planned.businessObject, planned.di, parent)
        : importer.addLabel(planned.businessObject, planned.di, target)
    this.#actual.set(planned, drawn ?? add())
  }

  #update(element: Element, planned: Planned, parent: Element | undefined): void {
    const before = this.#changed.size
    if (parent !== undefined && element.parent !== parent) {
      this.#setParent(element, parent)
      this.#changed.add(element)
    }
    this.#updateModel(element, planned)
    for (const name of ['hidden', 'collapsed', 'isFrame'] as const) {
      if (Boolean(element[name]) === Boolean(planned[name])) continue
      element[name] = Boolean(planned[name])
      this.#changed.add(element)
    }
    if (planned.kind === 'connection') this.#updateConnection(element, planned)
    else this.#updateShape(element, planned)
    if (this.#changed.size === before) return
    for (const connection of [...(element.incoming ?? []), ...(element.outgoing ?? [])])
      this.#loose.add(connection)
  }

  #updateModel(element: Element, planned: Planned): void {
    for (const name of ['businessObject', 'di', 'type'] as const) {
      if (element[name] === planned[name]) continue
      Object.assign(element, { [name]: planned[name] })
      this.#changed.add(element)
    }
  }

  #updateShape(shape: Element, planned: Planned): void {
    for (const name of ['x', 'y', 'width', 'height'] as const) {
      if (shape[name] === planned[name]) continue
      shape[name] = planned[name]
      this.#changed.add(shape)
    }
    const host = (planned.host && this.#actual.get(planned.host)) ?? null
    if ((shape.host ?? null) !== host) {
      shape.host = host
      this.#changed.add(shape)
    }
    const target = planned.labelTarget && this.#actual.get(planned.labelTarget)
    if (target !== undefined && shape.labelTarget !== target) shape.labelTarget = target
  }

  #updateConnection(connection: Element, planned: Planned): void {
    for (const end of ['source', 'target'] as const) {
      const shape = planned[end] && this.#actual.get(planned[end])
      if (shape === undefined || connection[end] === shape) continue
      connection[end] = shape
      this.#changed.add(connection)
      this.#loose.add(connection)
    }
    if (samePoints(connection.waypoints ?? [], planned.waypoints ?? [])) return
    connection.waypoints = (planned.waypoints ?? []).map(({ x, y }) => ({ x, y }))
    this.#changed.add(connection)
    this.#loose.add(connection)
  }

  #setParent(element: Element, parent: Element | undefined): void {
    element.parent = parent ?? null
    this.#services.graphics.updateContainments([element])
  }

  /** bpmn-js writes the place of a redrawn label into the model tree, where the document may have none. */
  #repaint(): void {
    if (this.#changed.size === 0) return
    const undo: (() => void)[] = []
    for (const { labelTarget, di } of this.#changed) if (labelTarget) undo.push(labelKeeper(di))
    this.#services.bus.fire('elements.changed', { elements: [...this.#changed] })
    for (const restore of undo) restore()
  }

  #updateDrilldowns(): void {
    const { canvas, drilldown, overlays } = this.#services
    if (drilldown === undefined || overlays === undefined) return
    for (const [{ kind, businessObject }, element] of this.#actual) {
      if (kind !== 'shape' || !businessObject.$instanceOf('bpmn:SubProcess')) continue
      const shown = overlays.get({ element, type: 'drilldown' }).length > 0
      const wanted = canvas.findRoot(`${element.id}_plane`) !== undefined
      if (wanted && !shown) drilldown._addOverlay(element)
      else if (!wanted && shown) drilldown._removeOverlay(element)
      else if (shown) drilldown._updateOverlayVisibility(element)
    }
  }
}

function labelKeeper(di: ModdleObject): () => void {
  const label = di.label as ModdleObject | undefined
  const bounds = label?.bounds as ModdleObject | undefined
  const numbers = bounds && { x: bounds.x, y: bounds.y, width: bounds.width, height: bounds.height }
  return () => {
    if (label === undefined) delete di.label
    else if (bounds === undefined) delete label.bounds
    else Object.assign(bounds, numbers)
  }
}

function depth(element: Element): number {
  let levels = 0
  for (let parent = element.parent; parent; parent = parent.parent) levels++
  return levels
}

function samePoints(a: readonly Point[], b: readonly Point[]): boolean {
  return a.length === b.length && a.every(({ x, y }, at) => x === b[at]?.x && y === b[at]?.y)
}

function sameBox(a: Viewbox, b: Viewbox): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height
}
