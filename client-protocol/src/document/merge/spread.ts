// Orders for a run of nodes in one gap. Halving the gap again and again keeps the orders of a long run as short as its
// logarithm; one after the other they would grow with the run.
import { between, type Random } from '../order.ts'

/** `count` ascending orders between two neighbours (undefined: no neighbour on that side). */
export function spread(
  low: string | undefined,
  high: string | undefined,
  count: number,
  random: Random,
): string[] {
  if (low === undefined || high === undefined) return oneSided(low, high, count, random)
  const orders: string[] = new Array(count)
  const gaps: [number, number][] = [[0, count]]
  for (let gap = gaps.pop(); gap !== undefined; gap = gaps.pop()) {
    const [from, to] = gap
    if (from >= to) continue
    const middle = (from + to) >> 1
    orders[middle] = between(orders[from - 1] ?? low, orders[to] ?? high, random)
    gaps.push([from, middle], [middle + 1, to])
  }
  return orders
}

/** Appending or prepending: the integer part of an order grows by one each time. */
function oneSided(
  low: string | undefined,
  high: string | undefined,
  count: number,
  random: Random,
): string[] {
  const orders: string[] = []
  for (let i = 0; i < count; i++) {
    const last = orders.at(-1)
    orders.push(
      high === undefined ? between(last ?? low, undefined, random) : between(undefined, last ?? high, random),
    )
  }
  return high === undefined ? orders : orders.reverse()
}
