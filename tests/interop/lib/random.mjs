// Seeded randomness: a seed that failed fails again.

/** mulberry32 */
export class Random {
  /** @param {number} seed */
  constructor (seed) { this.state = seed | 0 }

  /** @returns {number} in [0, 1) */
  next () {
    this.state = (this.state + 0x6d2b79f5) | 0
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }

  /**
   * @param {number} low
   * @param {number} high inclusive
   */
  int (low, high) { return low + Math.floor(this.next() * (high - low + 1)) }

  /**
   * @template T
   * @param {readonly T[]} list not empty
   * @returns {T}
   */
  pick (list) { return /** @type {T} */ (list[this.int(0, list.length - 1)]) }

  /** @param {number} probability */
  chance (probability) { return this.next() < probability }
}
