// Work that is done a few at a time, in the order in which it came.

export class Turns {
  #free: number
  readonly #waiting: (() => void)[] = []

  /** @param places how many at the same time */
  constructor(places: number) {
    this.#free = places
  }

  /** Does the work when its turn has come; nothing, and gives undefined, if it was given up before. */
  async take<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return signal.aborted ? undefined : await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free += 1
    }
  }
}
