// What moved between two orders of the same things: all but a longest increasing subsequence. Pure.

/** Those of `now` that must get a new place for `before` to become `now`, in the order of `now`. */
export function moved(before: readonly string[], now: readonly string[]): string[] {
  const rank = new Map(before.map((key, at) => [key, at]))
  const ranks = now.map((key) => rank.get(key) ?? -1)
  const stay = longestIncreasing(ranks)
  return now.filter((_, at) => !stay.has(at))
}

/** Positions of a longest increasing subsequence. */
function longestIncreasing(values: readonly number[]): ReadonlySet<number> {
  /** Position of the least last value of the subsequences of each length. */
  const tails: number[] = []
  const previous: (number | undefined)[] = []
  for (const [at, value] of values.entries()) {
    let low = 0
    let high = tails.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((values[tails[middle] ?? 0] ?? 0) < value) low = middle + 1
      else high = middle
    }
    previous[at] = tails[low - 1]
    tails[low] = at
  }
  const positions = new Set<number>()
  for (let at = tails.at(-1); at !== undefined; at = previous[at]) positions.add(at)
  return positions
}
