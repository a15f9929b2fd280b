// Attribute order profiles (D9): one order per tag, learnt from the text.
import { MAX_ATTRIBUTES } from '../limits.ts'
import type { Source } from './source.ts'

/** The orders of a text. */
export class Profiles {
  readonly #orders = new Map<string, string[]>()
  /** Elements whose order contradicts their tag's. */
  readonly #own = new Map<number, string>()

  constructor(source: Source) {
    for (const index of source.tree.nodes.keys()) {
      const element = source.element(index)
      if (element === undefined || element.attributes.length < 2) continue
      const fields = element.attributes.map(({ name }) => source.aliases.tag(name))
      const tag = source.aliases.tag(element.name)
      const known = this.#orders.get(tag)
      const order = known ?? []
      if (known === undefined) this.#orders.set(tag, order)
      if (!extend(order, fields)) this.#own.set(index, fields.join(' '))
    }
  }

  /** The order of an element that contradicts its tag's. */
  ownOrder(index: number): string | undefined {
    return this.#own.get(index)
  }

  /** The `ao` map. */
  attributeOrders(): Map<string, string> {
    const several = [...this.#orders].filter(([, order]) => order.length > 1)
    return new Map(several.map(([tag, order]) => [tag, order.join(' ')]))
  }
}

/**
 * Takes the fields into the order, each unknown one behind its predecessor. False, and nothing changes, if the
 * known ones stand otherwise or the order would grow too long.
 */
function extend(order: string[], fields: readonly string[]): boolean {
  const places = fields.map((field) => order.indexOf(field))
  const known = places.filter((place) => place >= 0)
  const sorted = known.every((place, i) => i === 0 || (known[i - 1] ?? 0) <= place)
  if (!sorted || order.length + fields.length - known.length > MAX_ATTRIBUTES) return false
  let at = 0
  let inserted = 0
  for (const [i, field] of fields.entries()) {
    const place = places[i] ?? -1
    if (place >= 0) {
      at = place + inserted + 1
    } else {
      order.splice(at, 0, field)
      at++
      inserted++
    }
  }
  return true
}
