// Where new children stand among their siblings in the document: at the place that the schema gives them, behind
// what is there already. Only order keys; what is written stands in write.ts.
import { compare } from '../document/chars.ts'
import { list, place, type Records, text } from '../document/model.ts'
import { between } from '../document/order.ts'
import { schemaPlace } from '../document/tables.ts'

interface Sibling {
  readonly key: string
  readonly order: string
  /** The local name of its tag. */
  readonly local: string
}

/** Order keys for one transaction: it knows what is there and what it gave out. */
export class Placement {
  readonly #records: Records
  readonly #children: Map<string, Sibling[]>
  /** Local names of what this transaction creates. */
  readonly #created = new Map<string, string>()
  /** The last order of a list that follows from references (`#i`, `#u`, `#l`), by list. */
  readonly #ends = new Map<string, string | undefined>()

  constructor(records: Records) {
    this.#records = records
    this.#children = childrenOf(records)
  }

  /**
   * An order key for a child behind all that stands no later by the schema. `after` is the sibling before it, where
   * the order of its list carries a meaning; `null` puts it at the start of that list.
   */
  order(parent: string, key: string, tag: string, after?: string | null): string {
    const siblings = (this.#children.get(parent) ?? []).filter((sibling) => sibling.key !== key)
    const local = localOf(tag)
    const at = this.#index(siblings, this.#localOf(parent), local, after)
    const order = between(siblings[at - 1]?.order, siblings[at]?.order)
    siblings.splice(at, 0, { key, order, local })
    this.#children.set(parent, siblings)
    this.#created.set(key, local)
    return order
  }

  /** An order key behind the entries of a flow's end: `#i` of those into a node, `#u` of those out of it. */
  flowOrder(field: '#i' | '#u', node: string): string {
    const end = field === '#i' ? 'targetRef' : 'sourceRef'
    return this.#append(`${field} ${node}`, (each) => {
      for (const fields of this.#records.nodes.values()) {
        if (list(fields, end)?.[0] === node) each(text(fields, field))
      }
    })
  }

  /** An order key behind the members of a lane. */
  memberOrder(lane: string): string {
    return this.#append(`#l ${lane}`, (each) => {
      for (const fields of this.#records.nodes.values()) {
        const lanes = list(fields, '#l')
        const at = lanes?.findIndex((item, index) => index % 2 === 0 && item === lane) ?? -1
        if (at >= 0) each(lanes?.[at + 1])
      }
    })
  }

  #append(name: string, visit: (each: (order: string | undefined) => void) => void): string {
    let last = this.#ends.get(name)
    if (!this.#ends.has(name)) {
      visit((order) => {
        if (order !== undefined && (last === undefined || compare(order, last) > 0)) last = order
      })
    }
    const order = between(last, undefined)
    this.#ends.set(name, order)
    return order
  }

  #index(
    siblings: readonly Sibling[],
    parent: string,
    local: string,
    after: string | null | undefined,
  ): number {
    const previous = siblings.findIndex((sibling) => sibling.key === after)
    if (previous >= 0) return previous + 1
    const rank = schemaPlace(parent, local)
    if (rank === undefined) return after === null ? 0 : siblings.length
    let at = 0
    for (const [index, sibling] of siblings.entries()) {
      const other = schemaPlace(parent, sibling.local)
      if (other !== undefined && (after === null ? other < rank : other <= rank)) at = index + 1
    }
    return at
  }

  #localOf(key: string): string {
    const fields = this.#records.nodes.get(key)
    return this.#created.get(key) ?? localOf((fields && text(fields, '#t')) ?? '')
  }
}

function childrenOf(records: Records): Map<string, Sibling[]> {
  const children = new Map<string, Sibling[]>()
  for (const [key, fields] of records.nodes) {
    const at = place(fields)
    if (at === undefined) continue
    const sibling = { key, order: at.order, local: localOf(text(fields, '#t') ?? '') }
    const siblings = children.get(at.parent)
    if (siblings === undefined) children.set(at.parent, [sibling])
    else siblings.push(sibling)
  }
  for (const siblings of children.values()) siblings.sort(byOrder)
  return children
}

function byOrder(a: Sibling, b: Sibling): number {
  return compare(a.order, b.order) || compare(a.key, b.key)
}

function localOf(tag: string): string {
  return tag.slice(tag.indexOf(':') + 1)
}
