// What the tests against the real binary share: people who have a diagram open, and what they do there.
import type { TestContext } from 'node:test'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import type { OrgRole, Server } from '../../../tests/interop/lib/server.mjs'
import { until } from '../../../tests/interop/lib/wait.mjs'
import {
  type Connection,
  type DiagramOptions,
  type LiveDiagram,
  openDiagram,
  pageCopies,
  type Readable,
  roomAccess,
} from '../../src/index.ts'

interface Visit extends Partial<Omit<DiagramOptions, 'user'>> {
  readonly user?: string
  readonly role?: OrgRole
}

/** Somebody who opens the diagram as a page does, and leaves when the test ends. */
export async function visit(
  t: TestContext,
  server: Server,
  id: string,
  how: Visit = {},
): Promise<LiveDiagram> {
  const { user = 'ana', role = 'member', ...options } = how
  const diagram = await openDiagram({
    id,
    user: { id: user, name: user, color: '#aa0044' },
    access: roomAccess(server.url, id, () => server.token({ user, role })),
    copies: pageCopies,
    WebSocket: WebSocket as unknown as typeof globalThis.WebSocket,
    ...options,
  })
  t.after(() => diagram.close())
  return diagram
}

/** Waits until a value is as expected, be it only for a moment, and gives it. */
export async function becomes<T, S extends T>(
  what: string,
  of: Readable<T>,
  test: (value: T) => value is S,
): Promise<S>
export async function becomes<T>(what: string, of: Readable<T>, test: (value: T) => boolean): Promise<T>
export async function becomes<T>(what: string, of: Readable<T>, test: (value: T) => boolean): Promise<T> {
  // Asked at each change, for what lasts only a moment, and in between, for what changes inside the value.
  let seen: { readonly value: T } | undefined
  const look = (value: T) => {
    if (test(value)) seen ??= { value }
    return seen
  }
  const end = of.subscribe(look)
  try {
    const found = (await until(what, () => look(of.value))) as { readonly value: T }
    return found.value
  } finally {
    end()
  }
}

/** Waits until the connection is in this state, and gives it. */
export function reaches<S extends Connection['state']>(
  diagram: LiveDiagram,
  state: S,
): Promise<Extract<Connection, { state: S }>> {
  return becomes(`it is ${state}`, diagram.connection, (now): now is Extract<Connection, { state: S }> => {
    return now.state === state
  })
}

/** One edit: a field of a node. */
export function write(doc: Y.Doc, key: string, field: string, value: string): void {
  const node = doc.getMap('nodes').get(key)
  if (!(node instanceof Y.Map)) throw new Error(`there is no node ${key}`)
  node.set(field, value)
}

/** What somebody sees in a field. */
export function read(doc: Y.Doc, key: string, field: string): unknown {
  const node = doc.getMap('nodes').get(key)
  return node instanceof Y.Map ? node.get(field) : undefined
}
