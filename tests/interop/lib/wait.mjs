// Waiting for something observable: never for a guessed time.
import { setTimeout as delay } from 'node:timers/promises'

/** Longer than anything takes; only a bug makes a test wait for it. */
export const PATIENCE_MS = 20_000

/**
 * Waits until `condition` gives something truthy, and returns that.
 * @template T
 * @param {string} what for the message when it never does
 * @param {() => T | Promise<T>} condition
 * @param {number} [patience] milliseconds
 * @returns {Promise<T>}
 */
export async function until (what, condition, patience = PATIENCE_MS) {
  const deadline = performance.now() + patience
  for (;;) {
    const value = await condition()
    if (value) return value
    if (performance.now() > deadline) throw new Error(`waited ${patience} ms in vain until ${what}`)
    await delay(5)
  }
}

/**
 * Fails when a promise takes longer than anything may.
 * @template T
 * @param {string} what for the message
 * @param {Promise<T>} promise
 * @param {number} [patience] milliseconds
 * @returns {Promise<T>}
 */
export async function within (what, promise, patience = PATIENCE_MS) {
  const timeout = new AbortController()
  const late = delay(patience, undefined, { signal: timeout.signal }).then(
    () => { throw new Error(`waited ${patience} ms in vain for ${what}`) },
    () => /** @type {never} */ (undefined)
  )
  try {
    return await Promise.race([promise, late])
  } finally {
    timeout.abort()
  }
}
