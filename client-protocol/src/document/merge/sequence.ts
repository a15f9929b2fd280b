// Which members of a list moved: all but a longest increasing subsequence.

/** For each entry of a new sequence, by its position in the old one: whether it may keep its place. As many as possible do. */
export function stable(oldPositions: readonly (number | undefined)[]): boolean[] {
  // `tails[l]` is the entry with the smallest position that ends an increasing run of length l + 1.
  const tails: { index: number; position: number }[] = []
  const previous: (number | undefined)[] = []
  for (const [index, position] of oldPositions.entries()) {
    if (position === undefined) continue
    const length = lowerBound(tails, position)
    previous[index] = tails[length - 1]?.index
    tails[length] = { index, position }
  }
  const keep = oldPositions.map(() => false)
  for (let walk = tails.at(-1)?.index; walk !== undefined; walk = previous[walk]) keep[walk] = true
  return keep
}

/** How many runs end before a position. */
function lowerBound(tails: readonly { position: number }[], position: number): number {
  let low = 0
  let high = tails.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((tails[middle]?.position ?? 0) < position) low = middle + 1
    else high = middle
  }
  return low
}
