// The client's values as signals of the page.
import { type ReadonlySignal, signal } from '@preact/signals'
import type { Readable } from 'atelier-client'

/** A signal that has the value of a readable until `stop` is called. */
export function toSignal<T>(readable: Readable<T>): {
  readonly value: ReadonlySignal<T>
  readonly stop: () => void
} {
  const value = signal(readable.value)
  const stop = readable.subscribe((next) => {
    value.value = next
  })
  return { value, stop }
}
