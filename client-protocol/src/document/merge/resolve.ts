// Operations against the document as it is now: writes and conflicts. Reads only the nodes that the operations name, so
// that applying costs what changed. The random numbers are an argument: the same state, operations and numbers give the
// same writes.
import { sameValue } from '../crdt.ts'
import { newKey } from '../keys.ts'
import { DOCUMENT, type Fields, type Namespace, text, type Value } from '../model.ts'
import type { Random } from '../order.ts'
import { Aliases, freeAlias } from './aliases.ts'
import { elementOf, elementRef, fieldName, isStyle, shown } from './conflict.ts'
import { doomed } from './deletes.ts'
import { ANONYMOUS } from './diff.ts'
import type { Clash, Conflict, Op, Side, Write } from './op.ts'
import { Places } from './places.ts'
import { FLOW_LISTS, lanesOf, referenced } from './tree.ts'

/** The current state, as far as it is asked for. */
export interface Current {
  node(key: string): Fields | undefined
  meta(name: string): string | undefined
  ns(alias: string): Namespace | undefined
  ao(tag: string): string | undefined
}

/** Operations resolved against a current document. */
export interface Resolved {
  /** In an order in which no key is deleted and created. */
  readonly writes: readonly Write[]
  readonly conflicts: readonly Conflict[]
}

/** Turns operations into writes; `prefer` says whose value stands where both sides changed the same. */
export function resolve(ops: readonly Op[], current: Current, prefer: Side, random: Random): Resolved {
  return new Resolver(current, prefer, random).run(ops)
}

/** What gets a random key. */
const KEYLESS = { name: undefined, id: undefined, parent: undefined }

/** What the parts of a resolution share: the current records, the keys that new nodes get, what is reported. */
export class Resolver {
  readonly prefer: Side
  readonly random: Random
  /** Final keys of nodes to create. */
  readonly created = new Set<string>()
  readonly #current: Current
  readonly #writes: Write[] = []
  readonly #conflicts: Conflict[] = []
  readonly #cache = new Map<string, Fields | undefined>()
  /** Provisional key to the key that the node got. */
  readonly #keys = new Map<string, string>()
  /** Aliases that somebody else gave to another URI meanwhile. */
  #aliases = new Aliases()
  /** Nodes whose deletion is already reported. */
  readonly #reported = new Set<string>()

  constructor(current: Current, prefer: Side, random: Random) {
    this.#current = current
    this.prefer = prefer
    this.random = random
  }

  run(ops: readonly Op[]): Resolved {
    this.#aliases = this.#clashingAliases(ops)
    this.#assignKeys(ops)
    for (const op of ops) this.#document(op)
    const places = new Places(this, ops)
    const lanes = new Map<string, readonly string[]>()
    for (const op of ops) if (op.kind === 'lanes') lanes.set(op.key, op.lanes)
    for (const op of ops) {
      if (op.kind === 'create') this.#create(op.key, op.fields, lanes.get(op.key) ?? [], places)
      else if (op.kind === 'set') this.#set(op)
      else if (op.kind === 'lanes') this.#lanes(op.key, op.base, op.lanes, places)
    }
    this.#writes.push(...places.moves(ops))
    for (const key of doomed(this, ops)) this.#writes.push({ kind: 'delete', key })
    return { writes: this.#writes, conflicts: this.#conflicts }
  }

  // ---- what the parts ask ----

  node(key: string): Fields | undefined {
    if (!this.#cache.has(key)) this.#cache.set(key, this.#current.node(key))
    return this.#cache.get(key)
  }

  /** Whether a node is there, or will be. */
  isThere(key: string): boolean {
    return this.created.has(key) || this.node(key) !== undefined
  }

  /** The final key. */
  key(key: string): string {
    return this.#keys.get(key) ?? key
  }

  report(key: string, clash: Clash): void {
    this.#conflicts.push({ element: elementOf(key, (key) => this.node(key)), ...clash })
  }

  reportDeleted(key: string): void {
    if (!this.#reported.has(key)) this.report(key, { kind: 'deleted-meanwhile' })
    this.#reported.add(key)
  }

  #reportCreated(key: string, fields: Fields, clash: Clash): void {
    this.#conflicts.push({ element: elementRef(key, fields), ...clash })
  }

  // ---- names and keys ----

  #clashingAliases(ops: readonly Op[]): Aliases {
    const clashing = new Map<string, string>()
    for (const op of ops) {
      if (op.kind !== 'ns') continue
      const isTaken = (alias: string) =>
        (this.#current.ns(alias)?.uri ?? op.namespace.uri) !== op.namespace.uri
      if (isTaken(op.alias)) clashing.set(op.alias, freeAlias(op.alias, isTaken))
    }
    return new Aliases(clashing)
  }

  /**
   * Gives every new node its key. A node of the same key and type that somebody else created meanwhile is the same node
   * (D6); any other owner of the key is not.
   */
  #assignKeys(ops: readonly Op[]): void {
    for (const op of ops) {
      if (op.kind !== 'create') continue
      const role = op.key.lastIndexOf('~')
      const parent = role > 0 ? this.#keys.get(op.key.slice(0, role)) : undefined
      const wish = parent === undefined ? op.key : `${parent}${op.key.slice(role)}`
      const now = this.node(wish)
      const tag = this.#aliases.value('#t', text(op.fields, '#t') ?? '')
      const foreign =
        wish.startsWith(ANONYMOUS) ||
        this.created.has(wish) ||
        (now !== undefined && (text(now, '#t') ?? '') !== tag)
      const key = foreign ? newKey(KEYLESS, (key) => this.isThere(key), this.random) : wish
      this.created.add(key)
      if (key !== op.key) this.#keys.set(op.key, key)
    }
  }

  /** A value in the aliases and keys of the current document. */
  #value(field: string, value: Value): Value {
    if (typeof value === 'string') return this.#aliases.value(field, value)
    return value.map((entry, i) => (i === 0 || (field === '#l' && i % 2 === 0) ? this.key(entry) : entry))
  }

  // ---- meta, ns, ao ----

  #document(op: Op): void {
    if (op.kind === 'meta') {
      const value = op.value === undefined ? undefined : this.#aliases.meta(op.name, op.value)
      if (this.#current.meta(op.name) !== value) this.#writes.push({ kind: 'meta', name: op.name, value })
    } else if (op.kind === 'ns') {
      const [alias, namespace] = this.#aliases.namespace(op.alias, op.namespace)
      this.#writes.push({ kind: 'ns', alias, namespace })
    } else if (op.kind === 'ao') {
      const [tag, order] = [this.#aliases.name(op.tag), this.#aliases.names(op.order)]
      if (this.#current.ao(tag) !== order) this.#writes.push({ kind: 'ao', tag, order })
    }
  }

  // ---- nodes ----

  #create(written: string, given: Fields, lanes: readonly string[], places: Places): void {
    const key = this.key(written)
    const fields: Fields = new Map()
    for (const [field, value] of given) fields.set(this.#aliases.name(field), this.#value(field, value))
    const now = this.node(key)
    if (now !== undefined) {
      for (const [field, value] of fields) this.#writeField(key, now, field, undefined, value)
      return
    }
    const parent = places.parentOf(key)
    if (parent !== undefined && parent !== DOCUMENT && !this.isThere(parent)) {
      this.#reportCreated(key, fields, { kind: 'parent-deleted', parent })
    }
    for (const [field, value] of fields) this.#checkTarget(key, field, value, fields)
    const order = parent === undefined ? undefined : places.orderOf({ of: 'children', owner: parent }, key)
    if (order !== undefined) fields.set('#p', `${order} ${parent}`)
    for (const { of, field, end } of FLOW_LISTS) {
      const owner = referenced(fields, end)
      const entry = owner === undefined ? undefined : places.orderOf({ of, owner }, key)
      if (entry !== undefined) fields.set(field, entry)
    }
    const ours = lanes.map((lane) => this.key(lane))
    const members = this.#laneValue(key, ours, new Map(), places)
    if (members !== undefined) fields.set('#l', members)
    this.#writes.push({ kind: 'create', key, fields })
  }

  #set({ key, field: written, base, value: given }: Extract<Op, { kind: 'set' }>): void {
    const field = this.#aliases.name(written)
    const value = given === undefined ? undefined : this.#value(field, given)
    const now = this.node(key)
    if (now === undefined) {
      if (!isQuiet(field)) this.reportDeleted(key)
      return
    }
    if (value !== undefined) this.#checkTarget(key, field, value)
    this.#writeField(key, now, field, base, value)
  }

  #writeField(
    key: string,
    now: Fields,
    field: string,
    base: Value | undefined,
    value: Value | undefined,
  ): void {
    const current = now.get(field)
    if (sameValue(current, value)) return
    if (!sameValue(current, base) && !isQuiet(field)) {
      const view = (value: Value | undefined) => shown(value, (key) => this.node(key))
      const values = { base: view(base), current: view(current), ours: view(value) }
      this.report(key, { kind: 'field', field: fieldName(field), ...values, kept: this.prefer })
      if (this.prefer === 'current') return
    }
    this.#writes.push({ kind: 'set', key, field, value })
  }

  /**
   * Reports a reference to a node that is gone; the reference is written all the same, so that it works again when the
   * delete is undone.
   */
  #checkTarget(key: string, field: string, value: Value, created?: Fields): void {
    const target = typeof value === 'string' || field === '#l' ? undefined : value[0]
    if (target === undefined || this.isThere(target)) return
    const clash: Clash = { kind: 'target-deleted', field: fieldName(field), target }
    if (created === undefined) this.report(key, clash)
    else this.#reportCreated(key, created, clash)
  }

  #lanes(written: string, base: readonly string[], lanes: readonly string[], places: Places): void {
    const key = this.key(written)
    const now = this.node(key)
    if (now === undefined) return
    const current = lanesOf(now).map(({ lane }) => lane)
    const ours = lanes.map((lane) => this.key(lane))
    const differ = !sameValue(current, base)
    // Order alone never undoes somebody's change of the lanes, nor is it news for a node that somebody else created
    // meanwhile.
    if ((this.created.has(key) && sameValue(current, ours)) || (sameValue(base, lanes) && differ)) return
    if (differ && !sameValue(current, ours)) {
      const values = { base: base.join(' '), current: current.join(' '), ours: ours.join(' ') }
      this.report(key, { kind: 'field', field: fieldName('#l'), ...values, kept: this.prefer })
      if (this.prefer === 'current') return
    }
    const value = this.#laneValue(key, ours, now, places)
    if (!sameValue(now.get('#l'), value)) this.#writes.push({ kind: 'set', key, field: '#l', value })
  }

  /** `#l`: each lane with the order given there now, else the one that the node has in it. */
  #laneValue(key: string, lanes: readonly string[], now: Fields, places: Places): Value | undefined {
    const pairs: string[] = []
    for (const lane of lanes) {
      const kept = lanesOf(now).find((pair) => pair.lane === lane)?.order
      const order = places.orderOf({ of: 'members', owner: lane }, key) ?? kept
      if (order !== undefined) pairs.push(lane, order)
    }
    return pairs.length > 0 ? pairs : undefined
  }
}

/** Fields of style and place, whose change nobody wants to hear of. */
function isQuiet(field: string): boolean {
  return isStyle(field) || field === '#i' || field === '#u' || field === '#p'
}
