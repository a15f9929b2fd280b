// Canvas to document: what differs between two pictures becomes primitive edits of the document, and nothing else
// is touched. The caller opens the transaction. What the model tree of bpmn-js cannot hold (comments, instructions,
// foreign attributes of known prefixes) is in no picture and therefore stays as it is.
import type * as Y from 'yjs'
import { createNode, deleteNode, removeField, sameValue, setField } from '../document/crdt.ts'
import { type Fields, list, place, type Records, text, type Value } from '../document/model.ts'
import type { ShownNode, View } from '../document/view.ts'
import type { Moddle } from './moddle.ts'
import { Namer, treeName } from './names.ts'
import { type Drawn, listName, type Picture } from './picture.ts'
import { Placement } from './placement.ts'
import { moved } from './sequence.ts'
import { CHILDREN, type Touched } from './tree.ts'

/** What there is to know besides the pictures. */
export interface Ground {
  readonly doc: Y.Doc
  readonly moddle: Moddle
  /** What the document holds now. */
  readonly records: Records
  /** What the canvas was last told that the document shows. */
  readonly view: View
}

/** Fields that follow from the list entries of flows and lanes. */
const DERIVED = new Set(['#i', '#u', '#l'])

/** Writes what changed on the canvas, and tells which fields of which nodes. Must run inside a transaction. */
export function writeChanges(ground: Ground, before: Picture, after: Picture): Touched {
  return new Writer(ground, before, after).write()
}

/** Whether two pictures show the same. */
export function samePicture(before: Picture, after: Picture): boolean {
  if (before.size !== after.size) return false
  for (const [key, drawn] of after) {
    const old = before.get(key)
    if (old === undefined || !sameDrawn(old, drawn)) return false
  }
  return true
}

function sameDrawn(a: Drawn, b: Drawn): boolean {
  return (
    a.type === b.type &&
    a.parent === b.parent &&
    a.property?.name === b.property?.name &&
    a.fields.size === b.fields.size &&
    [...b.fields].every(([name, value]) => sameValue(a.fields.get(name), value)) &&
    a.lists.size === b.lists.size &&
    [...b.lists].every(([name, keys]) => sameValue(a.lists.get(name), keys))
  )
}

class Writer {
  readonly #ground: Ground
  readonly #before: Picture
  readonly #after: Picture
  readonly #namer: Namer
  readonly #placement: Placement
  /** Tags of what this transaction creates or retypes. */
  readonly #tags = new Map<string, string>()
  readonly #touched = new Map<string, Set<string>>()

  constructor(ground: Ground, before: Picture, after: Picture) {
    this.#ground = ground
    this.#before = before
    this.#after = after
    this.#namer = new Namer(ground.doc, ground.records, ground.moddle)
    this.#placement = new Placement(ground.records)
  }

  write(): Touched {
    for (const [key, drawn] of this.#after) {
      const old = this.#before.get(key)
      if (old === undefined) this.#create(key, drawn)
      else if (!sameDrawn(old, drawn)) this.#update(key, old, drawn)
    }
    const children = childKeys(this.#ground.records)
    for (const key of this.#before.keys()) if (!this.#after.has(key)) this.#delete(key, children)
    return this.#touched
  }

  #create(key: string, drawn: Drawn): void {
    const fields: Fields = new Map()
    const tag = this.#tag(drawn)
    this.#tags.set(key, tag)
    fields.set('#t', tag)
    fields.set(
      '#p',
      `${this.#placement.order(drawn.parent, key, tag, this.#previous(key, drawn))} ${drawn.parent}`,
    )
    const type = this.#namer.type(drawn.object, drawn.property, tag)
    if (type !== undefined) this.#setInto(fields, drawn, 'xsi:type', type)
    for (const [name, value] of drawn.fields) this.#setInto(fields, drawn, name, value)
    // An undo brings a node back that the document may still, or again, have.
    if (createNode(this.#ground.doc, key, fields)) this.#touch(drawn.parent, CHILDREN)
    else for (const [name, value] of fields) this.#set(key, name, value)
  }

  #set(key: string, field: string, value: Value): void {
    const parent = field === '#p' ? this.#ground.records.nodes.get(key) : undefined
    if (!setField(this.#ground.doc, key, field, value)) return
    this.#touch(key, field)
    if (field !== '#p') return
    this.#touch((parent && place(parent)?.parent) ?? '', CHILDREN)
    this.#touch(this.#after.get(key)?.parent ?? '', CHILDREN)
  }

  #unset(key: string, field: string): void {
    if (removeField(this.#ground.doc, key, field)) this.#touch(key, field)
  }

  #touch(key: string, field: string): void {
    const fields = this.#touched.get(key)
    if (fields === undefined) this.#touched.set(key, new Set([field]))
    else fields.add(field)
  }

  #setInto(fields: Fields, drawn: Drawn, name: string, value: Value): void {
    const field = name.startsWith('#') ? name : this.#field(undefined, drawn, name)
    if (field !== undefined) fields.set(field, this.#entry(drawn, name, value, undefined))
  }

  #update(key: string, old: Drawn, drawn: Drawn): void {
    const { records } = this.#ground
    const fields = records.nodes.get(key)
    const tag = this.#retag(key, old, drawn)
    if (old.parent !== drawn.parent || old.property?.name !== drawn.property?.name) {
      const order = this.#placement.order(drawn.parent, key, tag, this.#previous(key, drawn))
      this.#set(key, '#p', `${order} ${drawn.parent}`)
    }
    for (const [name, value] of drawn.fields) {
      if (sameValue(old.fields.get(name), value)) continue
      const field = this.#field(key, drawn, name)
      if (field === undefined) continue
      if (name === '#x') this.#dropTexts(key)
      this.#set(key, field, this.#entry(drawn, name, value, fields))
    }
    for (const name of old.fields.keys()) {
      if (drawn.fields.has(name)) continue
      const field = this.#field(key, drawn, name) ?? this.#field(key, old, name)
      if (field !== undefined) this.#unset(key, field)
    }
    this.#listFlow(key, old, drawn)
    this.#reorder(old, drawn)
  }

  /** Writes another type, and gives the tag. */
  #retag(key: string, old: Drawn, drawn: Drawn): string {
    const { records } = this.#ground
    const fields = records.nodes.get(key)
    const known = (fields && text(fields, '#t')) ?? ''
    if (old.type === drawn.type && old.property?.name === drawn.property?.name) return known
    const tag = this.#tag(drawn)
    this.#tags.set(key, tag)
    // A tag that means the same under another alias stays as it is.
    if (this.#tag(old) !== tag) this.#set(key, '#t', tag)
    const type = this.#namer.type(drawn.object, drawn.property, tag)
    const field = drawn.object && this.#field(key, drawn, 'xsi:type')
    if (field !== undefined && type !== undefined) this.#set(key, field, type)
    else if (field !== undefined) this.#unset(key, field)
    return tag
  }

  /** A flow with another end is listed there too, also where the lists of the old end were child elements. */
  #listFlow(key: string, old: Drawn, drawn: Drawn): void {
    for (const [field, end] of [
      ['#i', 'targetRef'],
      ['#u', 'sourceRef'],
    ] as const) {
      const target = drawn.fields.get(`bpmn:${end}`)
      if (!drawn.fields.has(field) || sameValue(old.fields.get(`bpmn:${end}`), target)) continue
      const fields = this.#ground.records.nodes.get(key)
      if (fields !== undefined && !fields.has(field)) {
        this.#set(key, field, this.#entry(drawn, field, '', fields))
      }
    }
  }

  /** Lists whose order carries a meaning: only what moved gets a new place. */
  #reorder(old: Drawn, drawn: Drawn): void {
    for (const [name, keys] of drawn.lists) {
      const were = old.lists.get(name)
      if (were === undefined || sameValue(were, keys)) continue
      const kept = keys.filter(
        (key) => this.#before.get(key)?.parent === this.#after.get(key)?.parent && were.includes(key),
      )
      for (const key of moved(were, kept)) {
        const child = this.#after.get(key)
        if (child === undefined) continue
        const order = this.#placement.order(child.parent, key, this.#tagOf(key), previousIn(keys, key))
        this.#set(key, '#p', `${order} ${child.parent}`)
      }
    }
  }

  /** Deletes a node with everything below it that did not move elsewhere (D8). */
  #delete(key: string, children: ReadonlyMap<string, readonly string[]>): void {
    if (this.#after.has(key)) return
    const parent = this.#before.get(key)?.parent
    if (parent !== undefined) this.#touch(parent, CHILDREN)
    this.#touch(key, '#t')
    if (!deleteNode(this.#ground.doc, key)) return
    for (const child of children.get(key) ?? []) {
      this.#settle(child)
      this.#delete(child, children)
    }
  }

  /** What stays where it was shown, though its record hangs it on what goes (N2, N11), is written there. */
  #settle(key: string): void {
    const parent = this.#after.get(key)?.parent
    const at = place(this.#ground.records.nodes.get(key) ?? new Map())
    if (parent === undefined || at === undefined || this.#before.get(key)?.parent !== parent) return
    this.#set(key, '#p', `${at.order} ${parent}`)
  }

  /** Text in several pieces is one text from now on. */
  #dropTexts(key: string): void {
    const { doc, view } = this.#ground
    for (const child of view.nodes.get(key)?.children ?? []) {
      const kind = view.nodes.get(child)?.kind
      if (kind === 'text' || kind === 'cdata') deleteNode(doc, child)
    }
  }

  /** The sibling before it in its list, where order carries a meaning. */
  #previous(key: string, drawn: Drawn): string | null | undefined {
    const keys = this.#after.get(drawn.parent)?.lists.get(listName(drawn.property))
    return keys && previousIn(keys, key)
  }

  /** How a value is written: flows and members get an order key of the list that they enter. */
  #entry(drawn: Drawn, name: string, value: Value, fields: Fields | undefined): Value {
    if (!DERIVED.has(name)) {
      const marked = name === '#w' && fields !== undefined && text(fields, '#w')?.startsWith('+')
      return marked ? `+${value}` : value
    }
    if (name === '#l') return this.#lanes(value, fields)
    const end = drawn.fields.get(name === '#i' ? 'bpmn:targetRef' : 'bpmn:sourceRef')
    return this.#placement.flowOrder(name === '#i' ? '#i' : '#u', firstOf(end) ?? '')
  }

  #lanes(lanes: Value, fields: Fields | undefined): Value {
    const old = (fields && list(fields, '#l')) ?? []
    return (typeof lanes === 'string' ? [lanes] : lanes).flatMap((lane) => {
      const at = old.findIndex((item, index) => index % 2 === 0 && item === lane)
      return [
        lane,
        old[at + 1] !== undefined && at >= 0 ? (old[at + 1] ?? '') : this.#placement.memberOrder(lane),
      ]
    })
  }

  /** The field under which an attribute stands or would stand. */
  #field(key: string | undefined, drawn: Drawn, name: string): string | undefined {
    if (name.startsWith('#') || drawn.object === undefined) return name
    const node = key === undefined ? undefined : this.#ground.view.nodes.get(key)
    return (node && this.#standing(node, drawn, name)) ?? this.#namer.attribute(drawn.object, name)
  }

  #standing(node: ShownNode, drawn: Drawn, name: string): string | undefined {
    const { moddle, records } = this.#ground
    for (const [field, attribute] of node.attributes) {
      const tree = treeName(attribute.name, moddle, records.ns)
      const property = drawn.object?.$descriptor.propertiesByName?.[tree]
      if ((property?.isAttr ? property.ns.name : name === tree ? name : `@${tree}`) === name) return field
    }
    return undefined
  }

  #tag(drawn: Drawn): string {
    return this.#namer.tag(drawn.object, drawn.property, this.#tagOf(drawn.parent))
  }

  #tagOf(key: string): string {
    const fields = this.#ground.records.nodes.get(key)
    return this.#tags.get(key) ?? (fields && text(fields, '#t')) ?? ''
  }
}

function previousIn(keys: readonly string[], key: string): string | null {
  return keys[keys.indexOf(key) - 1] ?? null
}

function childKeys(records: Records): ReadonlyMap<string, readonly string[]> {
  const children = new Map<string, string[]>()
  for (const [key, fields] of records.nodes) {
    const parent = place(fields)?.parent
    if (parent === undefined) continue
    const keys = children.get(parent)
    if (keys === undefined) children.set(parent, [key])
    else keys.push(key)
  }
  return children
}

function firstOf(value: Value | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0]
}
