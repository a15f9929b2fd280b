// Document to model tree: makes the elements of bpmn-js (moddle) equal to what the document shows. It sets only
// what differs between two views, so that what bpmn-js itself derives on import stays. No canvas in here.
import type { Records } from '../document/model.ts'
import { WELL_KNOWN, XML_URI, XSI_URI } from '../document/tables.ts'
import type { Name, ShownAttribute, ShownNode, View } from '../document/view.ts'
import { boundsField, boundsOf, sameNumbers, waypointsField, waypointsOf } from './geometry.ts'
import type { Identity } from './identity.ts'
import { coerce, type Moddle, type ModdleObject, type Property, planOf } from './moddle.ts'
import { treeName } from './names.ts'
import type { Drawn, Picture } from './picture.ts'
import { type Role, roleOf } from './roles.ts'
import { setChildren, setForeign, setGeneric, setList, setProperty } from './setters.ts'
import { sameAttribute, sameList, sameNode } from './view-diff.ts'

/** What the binding wrote itself since the last view, by key: fields, and `CHILDREN`. */
export type Touched = ReadonlyMap<string, ReadonlySet<string>>

/** Stands among touched fields for the children of a node. */
export const CHILDREN = '#children'

/** A view of nothing. */
export const NO_VIEW: View = { root: undefined, top: [], nodes: new Map() }

const UNTOUCHED: ReadonlySet<string> = new Set()

/** The model tree of one modeler. */
export class Tree {
  readonly #moddle: Moddle
  readonly #identity: Identity
  /** How each shown node stands in its parent. */
  readonly #roles = new Map<string, Role>()

  constructor(moddle: Moddle, identity: Identity) {
    this.#moddle = moddle
    this.#identity = identity
  }

  /** Makes the tree show `after`, and gives the keys of the nodes for which it had to change something. */
  apply(before: View, after: View, ns: Records['ns'], touched: Touched): ReadonlySet<string> {
    const pass = new Pass(this.#moddle, this.#identity, this.#roles, before, after, ns, touched)
    return pass.run()
  }

  /** The nodes that the tree has as values, as a picture would have them. */
  leaves(view: View): Picture {
    const leaves = new Map<string, Drawn>()
    for (const [key, { property, leaf }] of this.#roles) {
      const node = view.nodes.get(key)
      if (!leaf || node === undefined) continue
      const value = node.textTarget === undefined ? (node.text ?? '') : [node.textTarget]
      const fields = new Map([['#x', value]])
      leaves.set(key, {
        object: undefined,
        parent: node.parent,
        property,
        type: '',
        fields,
        lists: new Map(),
      })
    }
    return leaves
  }
}

/** One step from a view to the next. */
class Pass {
  readonly #moddle: Moddle
  readonly #identity: Identity
  readonly #roles: Map<string, Role>
  readonly #before: View
  readonly #after: View
  readonly #ns: Records['ns']
  readonly #touched: Touched
  /** Nodes whose element changed. */
  readonly #dirty = new Set<string>()
  /** Nodes that have another element than before. */
  readonly #renewed = new Set<string>()
  /** Nodes whose children are to be linked anew. */
  readonly #relink = new Set<string>()

  constructor(
    moddle: Moddle,
    identity: Identity,
    roles: Map<string, Role>,
    before: View,
    after: View,
    ns: Records['ns'],
    touched: Touched,
  ) {
    this.#moddle = moddle
    this.#identity = identity
    this.#roles = roles
    this.#before = before
    this.#after = after
    this.#ns = ns
    this.#touched = touched
  }

  run(): ReadonlySet<string> {
    const changed = this.#changed()
    // Grows while it is walked: what hangs under a new element is placed anew.
    for (const key of changed) this.#place(key, changed)
    for (const key of this.#before.nodes.keys()) if (!this.#after.nodes.has(key)) this.#remove(key)
    for (const key of changed) this.#fill(key)
    if (this.#renewed.size > 0) this.#repoint()
    for (const key of this.#relink) this.#link(key)
    if (changed.size > 0) this.#deriveLists()
    this.#declare()
    return this.#dirty
  }

  /** Nodes that differ or that this client wrote to, in document order. */
  #changed(): Set<string> {
    const changed = new Set<string>()
    for (const [key, node] of this.#after.nodes) {
      const old = this.#before.nodes.get(key)
      if (old === undefined || this.#touched.has(key) || !sameNode(old, node)) changed.add(key)
    }
    for (const key of this.#touched.keys()) if (this.#touched.get(key)?.has(CHILDREN)) this.#relink.add(key)
    return changed
  }

  /** Gives a node an element of the right type, made if need be. */
  #place(key: string, changed: Set<string>): void {
    const node = this.#after.nodes.get(key)
    if (node === undefined) return
    const old = this.#before.nodes.get(key)
    if (old === undefined || old.parent !== node.parent) this.#relink.add(node.parent)
    if (old === undefined || !sameList(old.children, node.children)) this.#relink.add(key)
    if (node.kind !== 'element' || node.name === undefined) {
      if (old?.text !== node.text) this.#setText(node.parent)
      return
    }
    const parent = this.#identity.object(node.parent)
    const role = roleOf(node, parent, this.#moddle, this.#ns)
    if (role === undefined) {
      this.#forget(key)
      return
    }
    const former = this.#roles.get(key)
    this.#roles.set(key, role)
    if (former !== undefined && former.property !== role.property) this.#relink.add(node.parent)
    if (role.leaf) {
      this.#relink.add(node.parent)
      changed.add(node.parent)
      return
    }
    const isRight = this.#identity.object(key)?.$type === role.type
    // Its children stand in properties of another type.
    if (!isRight || former?.type !== role.type) for (const child of node.children) changed.add(child)
    if (isRight) return
    this.#identity.set(key, role.make())
    this.#renewed.add(key)
    this.#dirty.add(key)
    this.#relink.add(key)
    this.#relink.add(node.parent)
  }

  #remove(key: string): void {
    const parent = this.#before.nodes.get(key)?.parent
    if (parent !== undefined) this.#relink.add(parent)
    this.#forget(key)
  }

  #forget(key: string): void {
    const object = this.#identity.object(key)
    const id = object?.id
    if (typeof id === 'string') this.#moddle.ids?.unclaim(id)
    if (object !== undefined) this.#dirty.add(key)
    this.#identity.delete(key)
    this.#roles.delete(key)
  }

  /** Sets what differs on a node's own element. */
  #fill(key: string): void {
    const node = this.#after.nodes.get(key)
    const object = this.#identity.object(key)
    if (node === undefined || object === undefined) return
    const old = this.#renewed.has(key) ? undefined : this.#before.nodes.get(key)
    const touched = this.#touched.get(key) ?? UNTOUCHED
    let changed = false
    for (const [field, attribute] of node.attributes) {
      const was = old?.attributes.get(field)
      if (was !== undefined && sameAttribute(was, attribute) && !touched.has(field)) continue
      if (this.#setAttribute(object, attribute.name, attribute)) changed = true
    }
    for (const field of new Set([...(old?.attributes.keys() ?? []), ...touched])) {
      if (field.startsWith('#') || node.attributes.has(field)) continue
      const name = old?.attributes.get(field)?.name ?? this.#name(field)
      if (name !== undefined && this.#setAttribute(object, name, undefined)) changed = true
    }
    if ((old?.text !== node.text || touched.has('#x')) && this.#setText(key)) changed = true
    if (this.#setGeometry(object, node, old, touched)) changed = true
    if (changed) this.#dirty.add(key)
  }

  #setAttribute(object: ModdleObject, name: Name, attribute: ShownAttribute | undefined): boolean {
    const tree = treeName(name, this.#moddle, this.#ns)
    if (object.$descriptor.isGeneric) return setGeneric(object, tree, attribute?.value)
    const property = object.$descriptor.propertiesByName[tree]
    if (property === undefined) {
      // The type of the element says it.
      return name.uri === XSI_URI && name.local === 'type'
        ? false
        : setForeign(object, tree, attribute?.value)
    }
    if (property.isReference) {
      const target = attribute?.target === undefined ? undefined : this.#identity.object(attribute.target)
      return setProperty(object, property, target)
    }
    const isId = property === object.$descriptor.idProperty
    const former = object[property.name]
    const value = attribute && coerce(property.type, attribute.value)
    if (isId && typeof former === 'string' && former !== value) this.#moddle.ids?.unclaim(former)
    if (isId && typeof value === 'string') this.#moddle.ids?.claim(value, object)
    return setProperty(object, property, value)
  }

  /** The text of an element, also where the document has it in pieces. */
  #setText(key: string): boolean {
    const object = this.#identity.object(key)
    const node = this.#after.nodes.get(key)
    if (object === undefined || node === undefined) return false
    const whole = node.text ?? this.#pieces(node)
    // As moddle reads: white space alone is no text, an empty CDATA section is.
    const text = whole.trim() === '' && !node.cdata ? '' : whole
    if (object.$descriptor.isGeneric) {
      if ((object.$body ?? '') === text) return false
      if (text === '') delete object.$body
      else object.$body = text
      return true
    }
    const { body } = planOf(object.$descriptor)
    if (body === undefined) return false
    return setProperty(object, body, text === '' && !node.cdata ? undefined : coerce(body.type, text))
  }

  #pieces(node: ShownNode): string {
    return node.children
      .map((child) => this.#after.nodes.get(child))
      .filter((child) => child?.kind === 'text' || child?.kind === 'cdata')
      .map((child) => child?.text ?? '')
      .filter((piece) => piece.trim() !== '')
      .join('')
  }

  #setGeometry(
    object: ModdleObject,
    node: ShownNode,
    old: ShownNode | undefined,
    touched: ReadonlySet<string>,
  ): boolean {
    let changed = false
    if (old?.bounds !== node.bounds || touched.has('#b')) {
      const now = this.#foldedField(object, 'bounds', boundsField)
      if (!sameNumbers(now, node.bounds)) {
        this.#own(
          object,
          'bounds',
          node.bounds === undefined ? undefined : boundsOf(this.#moddle, node.bounds),
        )
        changed = true
      }
    }
    if (old?.waypoints !== node.waypoints || touched.has('#w')) {
      const points = (object.waypoint as ModdleObject[] | undefined) ?? []
      const now = points.every(this.#wasNode) ? undefined : waypointsField(points)
      if (node.waypoints !== undefined && !sameNumbers(now, node.waypoints.replace(/^\+/, ''))) {
        object.waypoint = waypointsOf(this.#moddle, node.waypoints)
        changed = true
      }
    }
    if (old?.label !== node.label || touched.has('#lb')) {
      if (this.#setLabel(object, node)) changed = true
    }
    return changed
  }

  #setLabel(object: ModdleObject, node: ShownNode): boolean {
    const now = object.label as ModdleObject | undefined
    if (now !== undefined && this.#identity.stands(now)) return false
    const is = now && (boundsField(now.bounds as ModdleObject | undefined) ?? '')
    if (is === node.label || (is !== undefined && node.label !== undefined && sameNumbers(is, node.label)))
      return false
    if (node.label === undefined) {
      delete object.label
      return true
    }
    // One that was a node has attributes that a field has not.
    const label = now && !this.#wasNode(now) ? now : this.#moddle.create('bpmndi:BPMNLabel')
    if (node.label === '') delete label.bounds
    else this.#own(label, 'bounds', boundsOf(this.#moddle, node.label))
    this.#own(object, 'label', label)
    return true
  }

  readonly #wasNode = (object: ModdleObject): boolean => this.#identity.key(object) !== undefined

  /** A drawing child as a field; none where it is a node of its own. */
  #foldedField(
    object: ModdleObject,
    name: string,
    field: (child: ModdleObject | undefined) => string | undefined,
  ): string | undefined {
    const child = object[name] as ModdleObject | undefined
    return child !== undefined && this.#wasNode(child) ? undefined : field(child)
  }

  #own(object: ModdleObject, name: string, child: ModdleObject | undefined): void {
    if (child !== undefined) child.$parent = object
    object.set(name, child)
  }

  /** `incoming` and `outgoing` of flow nodes, members of lanes: they follow from other nodes, so all are looked at. */
  #deriveLists(): void {
    for (const [key, node] of this.#after.nodes) {
      const object = this.#identity.object(key)
      if (object === undefined || object.$descriptor.isGeneric) continue
      const { propertiesByName } = object.$descriptor
      const lists = [
        [propertiesByName['bpmn:incoming'], node.incoming],
        [propertiesByName['bpmn:outgoing'], node.outgoing],
        [propertiesByName['bpmn:flowNodeRef'], node.members],
      ] as const
      for (const [property, derived] of lists) {
        if (property === undefined) continue
        const entries = [...this.#listed(node, property.name), ...(derived ?? [])]
        const targets = new Set(entries.map((entry) => this.#identity.object(entry)))
        targets.delete(undefined)
        if (setList(object, property, [...targets], false)) this.#dirty.add(key)
      }
    }
  }

  /** Entries of such a list that stand as child elements. */
  #listed(node: ShownNode, local: string): string[] {
    return node.children.flatMap((key) => {
      const child = this.#after.nodes.get(key)
      return child?.name?.local === local && child.textTarget !== undefined ? [child.textTarget] : []
    })
  }

  /** References to elements that were made anew. */
  #repoint(): void {
    const renewed = (key: string | undefined) => key !== undefined && this.#renewed.has(key)
    for (const [key, node] of this.#after.nodes) {
      if (renewed(node.textTarget)) this.#relink.add(node.parent)
      const object = this.#identity.object(key)
      if (object === undefined) continue
      for (const attribute of node.attributes.values()) {
        if (renewed(attribute.target) && this.#setAttribute(object, attribute.name, attribute))
          this.#dirty.add(key)
      }
    }
  }

  /** Hangs a node's children into its properties. */
  #link(key: string): void {
    const object = this.#identity.object(key)
    const node = this.#after.nodes.get(key)
    if (object === undefined || node === undefined) return
    const children = new Map<Property | undefined, unknown[]>()
    for (const child of node.children) {
      const role = this.#roles.get(child)
      const value = role && this.#valueOf(child, role)
      if (role === undefined || value === undefined) continue
      const values = children.get(role.property)
      if (values === undefined) children.set(role.property, [value])
      else values.push(value)
    }
    if (setChildren(object, children, this.#wasNode)) this.#dirty.add(key)
  }

  #valueOf(key: string, role: Role): unknown {
    if (!role.leaf) return this.#identity.object(key)
    const node = this.#after.nodes.get(key)
    if (role.property?.isReference) {
      return node?.textTarget === undefined ? undefined : this.#identity.object(node.textTarget)
    }
    return coerce(
      role.property?.type ?? 'String',
      node?.text ?? (node === undefined ? '' : this.#pieces(node)),
    )
  }

  /** Declarations of namespaces, for whoever writes XML from the tree. */
  #declare(): void {
    const root = this.#after.root === undefined ? undefined : this.#identity.object(this.#after.root)
    const attributes = root?.$attrs
    if (attributes === undefined) return
    for (const [alias, { uri, prefix = alias, atRoot }] of this.#ns) {
      if (atRoot) attributes[prefix === '' ? 'xmlns' : `xmlns:${prefix}`] = uri
    }
  }

  /** The name of a field that no view shows. */
  #name(field: string): Name | undefined {
    const colon = field.indexOf(':')
    if (colon < 0) return { alias: '', local: field, uri: '' }
    const alias = field.slice(0, colon)
    const uri = alias === 'xml' ? XML_URI : (this.#ns.get(alias)?.uri ?? WELL_KNOWN.get(alias))
    return uri === undefined ? undefined : { alias, local: field.slice(colon + 1), uri }
  }
}
