// Where nodes go: orders for runs of neighbours in the lists of the current document.
import { compare } from '../chars.ts'
import { DOCUMENT, place, text } from '../model.ts'
import { fieldName } from './conflict.ts'
import type { Arrange, List, Op, Placed, Write } from './op.ts'
import type { Resolver } from './resolve.ts'
import { spread } from './spread.ts'
import { FLOW_LISTS, lanesOf, referenced } from './tree.ts'

/** The places that operations give. */
export class Places {
  readonly #resolver: Resolver
  /** By list, then by final key. */
  readonly #orders = new Map<string, Map<string, string>>()
  /** Parents of nodes to create, by final key. */
  readonly #parents = new Map<string, string>()

  constructor(resolver: Resolver, ops: readonly Op[]) {
    this.#resolver = resolver
    for (const op of ops) if (op.kind === 'arrange') this.#place(op)
  }

  /** The parent of a node to create. */
  parentOf(key: string): string | undefined {
    return this.#parents.get(key)
  }

  /** The order that a node is given in a list, both by final key. */
  orderOf(list: List, key: string): string | undefined {
    return this.#orders.get(nameOf(list))?.get(key)
  }

  /** The new places of nodes that exist already. */
  moves(ops: readonly Op[]): Write[] {
    const writes: Write[] = []
    for (const op of ops) {
      if (op.kind !== 'arrange' || op.list.of === 'members') continue
      const list = this.#final(op.list)
      for (const placed of op.run) {
        const key = this.#resolver.key(placed.key)
        const order = this.orderOf(list, key)
        // A node that somebody else created meanwhile stands in its lists already.
        const isOld = !this.#resolver.created.has(key) && this.#resolver.node(key) !== undefined
        if (order === undefined || !isOld || order === this.#orderNow(list, key)) continue
        const field = FLOW_LISTS.find(({ of }) => of === list.of)?.field
        const value = field === undefined ? `${order} ${list.owner}` : order
        writes.push({ kind: 'set', key, field: field ?? '#p', value })
      }
    }
    return writes
  }

  #final(list: List): List {
    return { of: list.of, owner: this.#resolver.key(list.owner) }
  }

  #place(op: Arrange): void {
    const list = this.#final(op.list)
    const run = op.run
      .filter((placed) => this.#mayPlace(list, placed))
      .map(({ key }) => this.#resolver.key(key))
    const order = (key: string) => this.#orderIn(list, this.#resolver.key(key))
    const low = op.after.map(order).find((found) => found !== undefined)
    const above = op.before.map(order).filter((found) => found !== undefined)
    const high = above.find((found) => low === undefined || compare(low, found) < 0)
    const orders =
      this.#standing(list, run, low, high) ?? spread(low, high, run.length, this.#resolver.random)
    const given = this.#orders.get(nameOf(list)) ?? new Map<string, string>()
    this.#orders.set(nameOf(list), given)
    for (const [i, key] of run.entries()) {
      given.set(key, orders[i] ?? '')
      if (list.of === 'children' && this.#resolver.created.has(key)) this.#parents.set(key, list.owner)
    }
  }

  /** The orders that the run has, if it stands there already: what is applied twice changes nothing twice. */
  #standing(
    list: List,
    run: readonly string[],
    low: string | undefined,
    high: string | undefined,
  ): string[] | undefined {
    const orders = run.map((key) => this.#orderNow(list, key))
    const bounded = [low, ...orders, high].filter((order) => order !== undefined)
    const whole = orders.every((order) => order !== undefined)
    const ascending = bounded.every((order, i) => i === 0 || compare(bounded[i - 1] ?? '', order) < 0)
    return whole && ascending ? orders : undefined
  }

  /** The order of a node in a list: the one it is given, else the one it has. */
  #orderIn(list: List, key: string): string | undefined {
    return this.orderOf(list, key) ?? this.#orderNow(list, key)
  }

  /** The order of a node that stands in this list now. */
  #orderNow({ of, owner }: List, key: string): string | undefined {
    const fields = this.#resolver.node(key)
    if (fields === undefined) return undefined
    if (of === 'children') {
      const now = place(fields)
      return now?.parent === owner ? now.order : undefined
    }
    if (of === 'members') return lanesOf(fields).find(({ lane }) => lane === owner)?.order
    const { field, end } = FLOW_LISTS.find((flowList) => flowList.of === of) ?? FLOW_LISTS[0]
    return referenced(fields, end) === owner ? text(fields, field) : undefined
  }

  /** Whether a node may be put into a list; reports why not. */
  #mayPlace({ of, owner: parent }: List, placed: Placed): boolean {
    const resolver = this.#resolver
    const key = resolver.key(placed.key)
    if (of !== 'children') return resolver.isThere(key)
    if (placed.baseParent === undefined && resolver.created.has(key)) return true
    const reordered = placed.baseParent === parent
    const fields = resolver.node(key)
    if (fields === undefined) {
      if (!reordered) resolver.reportDeleted(key)
      return false
    }
    const now = place(fields)?.parent
    // Order alone never undoes somebody's change of the parent.
    if (reordered) return now === placed.baseParent
    if (parent !== DOCUMENT && !resolver.isThere(parent)) {
      resolver.report(key, { kind: 'parent-deleted', parent })
      return false
    }
    if (now === placed.baseParent || now === parent) return true
    const values = { base: placed.baseParent, current: now, ours: parent }
    resolver.report(key, { kind: 'field', field: fieldName('#p'), ...values, kept: resolver.prefer })
    return resolver.prefer === 'ours'
  }
}

function nameOf({ of, owner }: List): string {
  return `${of} ${owner}`
}
