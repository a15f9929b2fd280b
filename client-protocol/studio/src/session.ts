// Who uses the Studio, and the access token for it: signed in on this machine, by an invitation, or by a token that
// somebody pasted. Tokens never stand in an address that reaches a server, nor in storage that outlives the tab.
import { signal } from '@preact/signals'
import { Api, ApiError, type OrgRole, request } from './api.ts'
import { NAME_CHARS, TOKEN_SPARE_MS } from './limits.ts'
import { friendlyName } from './names.ts'
import { profileStore, tabStore } from './storage.ts'

export interface Who {
  readonly org: string
  readonly user: string
  readonly name: string
  readonly color: string
  readonly role: OrgRole
  /** The one diagram of a guest. */
  readonly diagramId?: string
}

export type Session =
  | { readonly state: 'starting' }
  /** A pasted token can't be renewed, and its name is its issuer's. */
  | { readonly state: 'in'; readonly who: Who; readonly how: 'local' | 'invite' | 'token' }
  /** Nobody is signed in; `why` after a failure. */
  | { readonly state: 'out'; readonly why: string | null }
  /** The server does not answer. */
  | { readonly state: 'unreachable'; readonly why: unknown }

const TOKEN = 'atelier.token'
const INVITE = 'atelier.invite'
const PROFILE = 'atelier.profile'
const NAME = 'atelier.name'

export const session = signal<Session>({ state: 'starting' })
/** The interface for whoever is signed in. */
export const api = new Api({ bearer, renew })

let token = ''
let expires = 0
let renewing: Promise<void> | undefined

/** Whether the caller may change diagrams at all. */
export const mayWrite = (who: Who): boolean => who.role !== 'viewer'
/** Whether the caller belongs to the organisation. */
export const isGuest = (who: Who): boolean => who.diagramId !== undefined

/** Takes a secret out of the address, then signs in. */
export async function start(): Promise<void> {
  takeFragment()
  session.value = { state: 'starting' }
  await signIn()
}

/** Signs in with a token that somebody pasted. */
export async function useToken(pasted: string): Promise<void> {
  tabStore.remove(INVITE)
  tabStore.set(TOKEN, pasted.trim())
  await signIn()
}

/** Another name at the cursor. */
export async function rename(name: string): Promise<void> {
  const short = [...name.trim()].slice(0, NAME_CHARS).join('')
  if (short !== '') profileStore.set(NAME, short)
  await signIn()
}

/** A token that is valid for a while. @throws {ApiError} when nobody is signed in any more */
export async function bearer(): Promise<string> {
  if (Date.now() > expires - TOKEN_SPARE_MS) await renew()
  if (session.value.state !== 'in') throw new ApiError(401, 'unauthorized')
  return token
}

/** Another token in the place of one that ends or was refused; whoever pasted theirs has to paste another one. */
async function renew(): Promise<boolean> {
  const { value } = session
  if (value.state !== 'in') return false
  if (value.how === 'token') {
    signedOut('The token is not accepted any more.')
    return false
  }
  renewing ??= signIn().finally(() => {
    renewing = undefined
  })
  await renewing
  return session.value.state === 'in'
}

/** The token is given up; `why` if the server does not take it any more. */
export function signedOut(why: string | null): void {
  tabStore.remove(TOKEN)
  tabStore.remove(INVITE)
  session.value = { state: 'out', why }
}

async function signIn(): Promise<void> {
  const pasted = tabStore.get(TOKEN)
  const invite = tabStore.get(INVITE)
  try {
    if (pasted !== null) await enterByToken(pasted)
    else await enter(invite)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    if (error.status === 401 || error.status === 403 || error.status === 404) {
      session.value = { state: 'out', why: refusal(error, pasted, invite) }
      tabStore.remove(TOKEN)
      tabStore.remove(INVITE)
      return
    }
    // Whoever is in stays in: an open diagram goes on without the server.
    if (session.value.state === 'in') throw error
    session.value = { state: 'unreachable', why: error }
  }
}

/** Why nobody is signed in; `null` where nothing was tried: then it is no failure. */
function refusal({ status, code }: ApiError, pasted: string | null, invite: string | null): string | null {
  if (code === 'removed') return 'You were removed from the organisation.'
  if (code === 'not-a-member')
    return 'You are no member of the organisation. Ask an administrator to add you.'
  if (pasted !== null) return 'The token is not accepted (any more).'
  if (invite === null) return null
  return status === 404
    ? 'The diagram of this invitation does not exist any more.'
    : 'This invitation is not valid (any more). Ask for a new one.'
}

async function enterByToken(pasted: string): Promise<void> {
  const answer = await request('/api/session', { headers: { authorization: `Bearer ${pasted}` } })
  token = pasted
  expires = Number.POSITIVE_INFINITY
  session.value = { state: 'in', who: await answer.json(), how: 'token' }
}

async function enter(invite: string | null): Promise<void> {
  const answer = await request('/api/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ profile: profile(), name: ownName(), ...(invite !== null && { invite }) }),
  })
  const { token: fresh, expiresAt, ...who } = await answer.json()
  token = fresh
  expires = Date.parse(expiresAt)
  session.value = { state: 'in', who, how: invite === null ? 'local' : 'invite' }
}

/** `#token=…` and `#invite=…` are for this page alone: the address forgets them at once. */
function takeFragment(): void {
  const given = new URLSearchParams(location.hash.slice(1))
  for (const [name, key, other] of [
    ['token', TOKEN, INVITE],
    ['invite', INVITE, TOKEN],
  ] as const) {
    const value = given.get(name)
    if (value === null) continue
    tabStore.set(key, value)
    tabStore.remove(other)
    history.replaceState(history.state, '', location.pathname + location.search)
  }
}

/** The random text by which this browser profile stays the same user. */
function profile(): string {
  const known = profileStore.get(PROFILE)
  if (known !== null) return known
  const made = [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join('')
  profileStore.set(PROFILE, made)
  return made
}

function ownName(): string {
  const known = profileStore.get(NAME)
  if (known !== null) return known
  const made = friendlyName(Math.random)
  profileStore.set(NAME, made)
  return made
}
