// The way into a room: what the application fetches, and how long it holds. Knows no socket.
import { closeReason } from './close.ts'

/** What a user may do in a diagram (R2). */
export type Role = 'editor' | 'viewer'

/** The answer of `POST /api/diagrams/{id}/collaborate`. The token is a secret: it never belongs into a log. */
export interface Access {
  readonly url: string
  readonly token: string
  readonly role: Role
  /** RFC 3339. */
  readonly expiresAt: string
}

/** Fetches a fresh token. Throws `AccessDenied` where asking again is useless. */
export type FetchAccess = (signal: AbortSignal) => Promise<Access>

/** There is no way in: 4401 (sign in again), 4403 or 4404. */
export class AccessDenied extends Error {
  override readonly name = 'AccessDenied'
  readonly code: 4401 | 4403 | 4404

  constructor(code: 4401 | 4403 | 4404, text: string = closeReason(code).text) {
    super(text)
    this.code = code
  }
}

/**
 * Fetches room tokens from a server's REST interface.
 * @param server its origin, `''` for the page's own
 * @param bearer gives the access token of the signed-in user
 */
export function roomAccess(
  server: string,
  diagramId: string,
  bearer: () => string | Promise<string>,
): FetchAccess {
  const address = `${server.replace(/\/$/, '')}/api/diagrams/${encodeURIComponent(diagramId)}/collaborate`
  return async (signal) => {
    const answer = await fetch(address, {
      method: 'POST',
      headers: { authorization: `Bearer ${await bearer()}` },
      signal,
    })
    if (answer.status === 401) throw new AccessDenied(4401, 'You are signed out. Please sign in again.')
    if (answer.status === 403) throw new AccessDenied(4403)
    if (answer.status === 404) throw new AccessDenied(4404)
    if (!answer.ok) throw new Error(`the server answered with ${answer.status}`)
    return checked(await answer.json())
  }
}

/** An application's answer, checked where the client relies on it. */
export function checked(answer: unknown): Access {
  const { url, token, role, expiresAt } = (answer ?? {}) as Record<string, unknown>
  if (typeof url !== 'string' || typeof token !== 'string' || typeof expiresAt !== 'string') {
    throw new TypeError('a room token comes as { url, token, role, expiresAt }')
  }
  // A role that this client does not know gives no right to write.
  return { url, token, expiresAt, role: role === 'editor' ? 'editor' : 'viewer' }
}
