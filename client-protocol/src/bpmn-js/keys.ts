// Keys for what is new on a canvas (DOCUMENT.md D6). What takes the place of something that is gone takes its key:
// a replaced element, a DI shape drawn anew, an expression set anew stay one node that others may be editing, and
// no key is ever deleted and created in one transaction (D8).

import { fitsBytes } from '../document/chars.ts'
import { type ElementName, newKey, roleKey } from '../document/keys.ts'
import { MAX_KEY_BYTES } from '../document/limits.ts'
import type { Value } from '../document/model.ts'
import type { Identity } from './identity.ts'
import { isObject, type ModdleObject } from './moddle.ts'
import type { Drawn, Entry, Picture } from './picture.ts'

/** Gives every entry its key, and every new element to its key. Parents stand before their children. */
export function chooseKeys(
  entries: readonly Entry[],
  identity: Identity,
  before: Picture,
  taken: (key: string) => boolean,
): void {
  const chooser = new Chooser(entries, identity, before, taken)
  for (const entry of entries) chooser.choose(entry)
}

class Chooser {
  readonly #identity: Identity
  readonly #before: Picture
  readonly #taken: (key: string) => boolean
  /** Keys that something on the canvas has. */
  readonly #used = new Set<string>()
  /** Text children as they were: parent and property to keys. */
  readonly #leaves = new Map<string, string[]>()
  #vacancies: Vacancies | undefined

  constructor(
    entries: readonly Entry[],
    identity: Identity,
    before: Picture,
    taken: (key: string) => boolean,
  ) {
    this.#identity = identity
    this.#before = before
    this.#taken = taken
    for (const entry of entries) {
      const key = entry.object && identity.key(entry.object)
      if (key === undefined) continue
      entry.key = key
      this.#used.add(key)
    }
    for (const [key, drawn] of before) {
      if (drawn.object === undefined) push(this.#leaves, slot(drawn.parent, drawn.property?.name), key)
    }
  }

  choose(entry: Entry): void {
    if (entry.object === undefined) entry.key = this.#leafKey(entry)
    else if (entry.key === '') entry.key = this.#vacancy(entry, entry.object) ?? this.#freshKey(entry)
    if (entry.object !== undefined) this.#identity.set(entry.key, entry.object)
    this.#used.add(entry.key)
  }

  /** Text children have no identity: an equal value first, then the place. */
  #leafKey(entry: Entry): string {
    const parent = entry.parent?.key ?? ''
    const left = (this.#leaves.get(slot(parent, entry.property?.name)) ?? []).filter(
      (key) => !this.#used.has(key),
    )
    const value = isObject(entry.value) ? this.#identity.key(entry.value) : String(entry.value)
    const same = left.find((key) => textOf(this.#before.get(key)?.fields.get('#x')) === value)
    return same ?? left[0] ?? this.#freshKey(entry)
  }

  #roleKey(entry: Entry): string | undefined {
    const [holder, name] = [entry.parent && nameOf(entry.parent), nameOf(entry)]
    return entry.parent && holder && name && roleKey(entry.parent.key, holder, name)
  }

  #vacancy(entry: Entry, object: ModdleObject): string | undefined {
    this.#vacancies ??= vacancies(this.#before, this.#used)
    const parent = entry.parent?.key ?? ''
    const element = this.#keyOf(object.bpmnElement)
    const { byId, byElement, byRole } = this.#vacancies
    const candidates = [
      element === undefined ? undefined : byElement.get(slot(parent, element)),
      typeof object.id === 'string' ? byId.get(object.id) : undefined,
      entry.property && !entry.property.isMany ? byRole.get(slot(parent, entry.property.name)) : undefined,
      this.#sharedKey(entry) ?? this.#roleKey(entry),
    ]
    return candidates.find(
      (key) => key !== undefined && !this.#used.has(key) && this.#before.get(key)?.object !== undefined,
    )
  }

  #freshKey(entry: Entry): string {
    const isTaken = (key: string) => this.#used.has(key) || this.#before.has(key) || this.#taken(key)
    const shared = this.#sharedKey(entry)
    if (shared !== undefined && !isTaken(shared)) return shared
    const { object, parent } = entry
    const holder = parent && nameOf(parent)
    return newKey(
      {
        name: nameOf(entry),
        id: typeof object?.id === 'string' ? object.id : undefined,
        parent: parent && holder && { key: parent.key, name: holder },
      },
      isTaken,
    )
  }

  /**
   * What bpmn-js makes with random ids, though two users who make one at once shall make one: the collaboration and
   * the pool around a process, the diagram of a sub-process and its plane.
   */
  #sharedKey({ object, parent }: Entry): string | undefined {
    switch (object?.$type) {
      case 'bpmn:Collaboration':
        return this.#derived(this.#planeOf(object), 'collaboration')
      case 'bpmn:Participant': {
        const process = this.#keyOf(object.processRef)
        const isNew = parent !== undefined && !this.#before.has(parent.key)
        return isNew && process !== undefined && this.#before.has(process)
          ? this.#derived(process, 'participant')
          : undefined
      }
      case 'bpmndi:BPMNDiagram': {
        const shown = isObject(object.plane) ? object.plane.bpmnElement : undefined
        const isInner = isObject(shown) && shown.$instanceOf('bpmn:SubProcess')
        return isInner ? this.#derived(this.#keyOf(shown), 'diagram') : undefined
      }
      case 'bpmndi:BPMNPlane':
        return parent?.key.endsWith('~diagram') ? this.#derived(parent.key, 'plane') : undefined
      default:
        return undefined
    }
  }

  #derived(key: string | undefined, role: string): string | undefined {
    const derived = `${key}~${role}`
    return key !== undefined && fitsBytes(derived, MAX_KEY_BYTES) ? derived : undefined
  }

  #keyOf(object: unknown): string | undefined {
    return isObject(object) ? this.#identity.key(object) : undefined
  }

  #planeOf(element: ModdleObject): string | undefined {
    for (const [key, { type, object }] of this.#before) {
      if (type === 'bpmndi:BPMNPlane' && object?.bpmnElement === element) return key
    }
    return undefined
  }
}

/** Nodes that nothing on the canvas stands for any more, by what could take their place. */
interface Vacancies {
  readonly byId: Map<string, string>
  readonly byElement: Map<string, string>
  readonly byRole: Map<string, string>
}

function vacancies(before: Picture, used: ReadonlySet<string>): Vacancies {
  const found: Vacancies = { byId: new Map(), byElement: new Map(), byRole: new Map() }
  for (const [key, drawn] of before) {
    if (used.has(key) || drawn.object === undefined) continue
    const id = idOf(drawn)
    if (id !== undefined) found.byId.set(id, key)
    const element = drawn.fields.get('bpmndi:bpmnElement')
    if (element !== undefined && typeof element !== 'string') {
      found.byElement.set(slot(drawn.parent, element[0]), key)
    }
    if (drawn.property && !drawn.property.isMany)
      found.byRole.set(slot(drawn.parent, drawn.property.name), key)
  }
  return found
}

function idOf(drawn: Drawn): string | undefined {
  const property = drawn.object?.$descriptor.idProperty
  const id = property && drawn.fields.get(property.ns.name)
  return typeof id === 'string' ? id : undefined
}

/** What XML calls it. */
function nameOf({ object, property, parent }: Entry): ElementName | undefined {
  const asProperty = property !== undefined && (object === undefined || property.xml?.serialize !== undefined)
  const ns = asProperty ? property.ns : object?.$descriptor.ns
  if (ns === undefined) return undefined
  if (object?.$descriptor.isGeneric) return { uri: object.$descriptor.ns.uri ?? '', local: ns.localName }
  const home = (object ?? parent?.object)?.$model.getPackage(ns.prefix)
  const lowered = !asProperty && home?.xml?.tagAlias === 'lowerCase'
  const local = lowered ? ns.localName.charAt(0).toLowerCase() + ns.localName.slice(1) : ns.localName
  return { uri: home?.uri ?? '', local }
}

function textOf(value: Value | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0]
}

function slot(parent: string, name: string | undefined): string {
  return `${parent} ${name ?? ''}`
}

function push(map: Map<string, string[]>, name: string, key: string): void {
  const keys = map.get(name)
  if (keys === undefined) map.set(name, [key])
  else keys.push(key)
}
