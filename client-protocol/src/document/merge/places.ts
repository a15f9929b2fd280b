// Where nodes go: orders for runs of neighbours in the lists of the current document.
import { compare } from '../chars.ts'
import { DOCUMENT, place } from '../model.ts'
import { fieldName } from './conflict.ts'
import type { Arrange, List, Op, Placed, Write } from './op.ts'
import type { Resolver } from './resolve.ts'
import { spread } from './spread.ts'
import { FLOW_LISTS, orderIn } from './tree.ts'

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
    const run = op.run.filter((placed) => this.#mayPlace(list, placed))
    const keys = run.map(({ key }) => this.#resolver.key(key))
    const spot = (key: string): Spot => ({ key, order: this.#orderIn(list, key) })
    const spots = (keys: readonly string[]) =>
      keys.map((key) => spot(this.#resolver.key(key))).filter(isTaken)
    const [low] = spots(op.after)
    const above = spots(op.before)
    const high = above.find((found) => low === undefined || compare(low.order, found.order) < 0)
    const next = above.find((found) => low === undefined || inOrder(low, found) < 0)
    // What stands there already stays: what is applied twice changes nothing twice.
    const now = keys.map((key) => this.#orderNow(list, key))
    const own = run.map(({ order }) => order)
    const fits = [now, own].find((orders) => {
      const placed = keys.map((key, i) => ({ key, order: orders[i] }))
      return placed.every(isTaken) && ascend([low, ...placed, next].filter((spot) => spot !== undefined))
    })
    const orders = fits ?? spread(low?.order, high?.order, run.length, this.#resolver.random)
    const given = this.#orders.get(nameOf(list)) ?? new Map<string, string>()
    this.#orders.set(nameOf(list), given)
    for (const [i, key] of keys.entries()) {
      given.set(key, orders[i] ?? '')
      if (list.of === 'children' && this.#resolver.created.has(key)) this.#parents.set(key, list.owner)
    }
  }

  /** The order of a node in a list: the one it is given, else the one it has. */
  #orderIn(list: List, key: string): string | undefined {
    return this.orderOf(list, key) ?? this.#orderNow(list, key)
  }

  /** The order of a node that stands in this list now. */
  #orderNow({ of, owner }: List, key: string): string | undefined {
    const fields = this.#resolver.node(key)
    return fields && orderIn(of, owner, fields)
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

/** A node in a list; without an order it does not stand there. */
interface Spot {
  readonly key: string
  readonly order: string | undefined
}

interface TakenSpot extends Spot {
  readonly order: string
}

function isTaken(spot: Spot): spot is TakenSpot {
  return spot.order !== undefined
}

/** Siblings sort by order and key (D14). */
function inOrder(a: TakenSpot, b: TakenSpot): number {
  return compare(a.order, b.order) || compare(a.key, b.key)
}

function ascend(spots: readonly TakenSpot[]): boolean {
  return spots.every((spot, i) => {
    const before = spots[i - 1]
    return before === undefined || inOrder(before, spot) < 0
  })
}

function nameOf({ of, owner }: List): string {
  return `${of} ${owner}`
}
