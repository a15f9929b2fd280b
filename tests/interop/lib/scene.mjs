// What one test sets up: its clients leave when it ends, whatever happened.
import { readFileSync } from 'node:fs'
import { join } from './client.mjs'
import { Gate } from './gate.mjs'

/** One of the project's BPMN fixtures. @param {string} name */
export const fixture = name => readFileSync(new URL(`../../fixtures/${name}.bpmn`, import.meta.url))

/** A start event, a task and an end event, with their shapes. */
export const SMALL = fixture('prefix-bpmn')

/** @typedef {{ after: (end: () => void) => void }} Context */

/**
 * A client that leaves when the test ends.
 * @param {Context} t
 * @param {import('./server.mjs').Server} server
 * @param {string} id
 * @param {import('./client.mjs').Options} [options]
 */
export async function guest (t, server, id, options) {
  const client = await join(server, id, options)
  t.after(() => client.leave())
  return client
}

/** A gate that closes when the test ends. @param {Context} t @param {import('./server.mjs').Server} server */
export async function gateway (t, server) {
  const gate = await Gate.before(server)
  t.after(() => gate.stop())
  return gate
}
