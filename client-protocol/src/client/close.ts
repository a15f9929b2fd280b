// Why a room closed a socket, in words, and what a client does then (PROTOCOL.md R1). Only data.

/** When to come back after a close. */
export type Retry = 'never' | 'at once' | 'soon' | 'later' | 'with another token' | 'with a new document'

export interface CloseReason {
  readonly code: number
  readonly name: string
  /** The same connection will never be taken again. */
  readonly permanent: boolean
  readonly retry: Retry
  /** A sentence for people. */
  readonly text: string
}

const REASONS: readonly CloseReason[] = [
  reason(1006, 'lost', 'soon', 'The connection was lost.'),
  reason(1009, 'too big', 'never', 'A change was too large for the server.'),
  reason(1012, 'restart', 'at once', 'The server restarts.'),
  reason(1013, 'try again', 'later', 'The server cannot reach its storage at the moment.'),
  reason(4400, 'malformed', 'never', 'The server did not understand this page. Please reload it.'),
  reason(4401, 'token', 'with another token', 'The permission to enter has ended.'),
  reason(4403, 'forbidden', 'never', 'You have no access to this diagram any more.'),
  reason(4404, 'gone', 'never', 'This diagram does not exist, or was deleted.'),
  reason(4409, 'other history', 'with a new document', 'This diagram was replaced by another state of it.'),
  reason(4500, 'room unavailable', 'soon', 'The diagram could not be loaded.'),
  reason(4503, 'full', 'later', 'Too many people are in this diagram.'),
]

const BY_CODE: ReadonlyMap<number, CloseReason> = new Map(REASONS.map((known) => [known.code, known]))

/** What a close code means. Total: codes that nobody defined have the meaning of their range. */
export function closeReason(code: number): CloseReason {
  const known = BY_CODE.get(code)
  if (known) return known
  if (code >= 4400 && code < 4500)
    return reason(code, 'refused', 'never', 'The server refused the connection.')
  return reason(code, 'lost', 'soon', 'The connection was lost.')
}

function reason(code: number, name: string, retry: Retry, text: string): CloseReason {
  return { code, name, permanent: code === 1009 || (code >= 4400 && code < 4500), retry, text }
}
