// A value that changes and can be watched. Made to fit Svelte stores and React's useSyncExternalStore.
import { uncaught } from './uncaught.ts'

/** A value that others may read and watch. */
export interface Readable<T> {
  readonly value: T
  /** Calls the listener now and after each change; gives the function that ends it. */
  subscribe(listener: (value: T) => void): () => void
}

/** The writing side of a `Readable`. */
export class Cell<T> implements Readable<T> {
  #value: T
  readonly #listeners = new Set<(value: T) => void>()

  constructor(value: T) {
    this.#value = value
  }

  get value(): T {
    return this.#value
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return
    this.#value = value
    for (const listener of [...this.#listeners]) call(listener, value)
  }

  subscribe(listener: (value: T) => void): () => void {
    // A function of its own, so that one listener may subscribe twice.
    const entry = (value: T) => listener(value)
    this.#listeners.add(entry)
    call(entry, this.#value)
    return () => this.#listeners.delete(entry)
  }
}

function call<T>(listener: (value: T) => void, value: T): void {
  try {
    listener(value)
  } catch (error) {
    uncaught(error)
  }
}
