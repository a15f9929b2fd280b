// The REST interface as the Studio uses it: requests with the session's token, answers with types, errors with
// their problem. Knows no page.
import { REQUEST_TIMEOUT_MS } from './limits.ts'

/** What is told of a diagram without its XML. */
export interface Summary {
  readonly id: string
  readonly title: string
  readonly version: number
  readonly createdBy: string
  readonly createdAt: string
  readonly updatedAt: string
  /** What it contains, such as `{ activities: 4, participants: […] }`. */
  readonly summary: unknown
  readonly projectId: string | null
  readonly deletedAt?: string
}

/** Diagrams that belong together. */
export interface Project {
  readonly id: string
  readonly name: string
}

/** The caller's organisation. */
export interface Org {
  readonly plan: string
  /** A limit of null is none. */
  readonly diagrams: { readonly used: number; readonly limit: number | null }
}

export type OrgRole = 'admin' | 'member' | 'viewer'

/** Somebody who belongs to the organisation. */
export interface Member {
  /** The user, or the address that is awaited. */
  readonly id: string
  readonly role: OrgRole
  readonly name: string | null
  /** Only admins are told. */
  readonly email?: string
  /** null: has not come yet. */
  readonly joinedAt: string | null
}

/** Something that somebody did to a diagram. */
export interface Deed {
  readonly at: string
  readonly user: string
  readonly name: string | null
  readonly action: string
  readonly detail: unknown
}

/** A stored version without its XML. */
export interface Version {
  readonly version: number
  readonly kind: string
  readonly name: string | null
  readonly message: string | null
  readonly authors: readonly { readonly id: string; readonly name?: string | null }[]
  readonly restoredFrom: number | null
  readonly createdAt: string
}

export interface Page {
  readonly diagrams: readonly Summary[]
  readonly nextCursor: string | null
}

/** A problem (RFC 9457), or that there was no answer. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** 0: no answer. */
  readonly status: number
  /** A code of docs/problems.md, `offline` or `timeout`. */
  readonly code: string
  readonly detail: string | undefined
  /** Where in the text that was sent. */
  readonly line: number | undefined
  readonly column: number | undefined
  /** Seconds. */
  readonly retryAfter: number | undefined

  constructor(
    status: number,
    code: string,
    problem: Readonly<Record<string, unknown>> = {},
    retryAfter?: number,
  ) {
    const { title, detail, line, column } = problem
    super(typeof title === 'string' ? title : code)
    this.status = status
    this.code = code
    this.detail = typeof detail === 'string' ? detail : undefined
    this.line = typeof line === 'number' ? line : undefined
    this.column = typeof column === 'number' ? column : undefined
    this.retryAfter = retryAfter
  }
}

/** One request without a token. @throws {ApiError} */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const limit = AbortSignal.timeout(REQUEST_TIMEOUT_MS)
  const signal = init.signal ? AbortSignal.any([init.signal, limit]) : limit
  let answer: Response
  try {
    answer = await fetch(path, { ...init, signal })
  } catch (error) {
    // Whoever gave the request up wants to see its own reason.
    if (init.signal?.aborted) throw error
    throw new ApiError(0, limit.aborted ? 'timeout' : 'offline')
  }
  if (answer.ok) return answer
  const problem = await answer.json().catch(() => ({}))
  const wait = Number(answer.headers.get('retry-after') ?? Number.NaN)
  const code = typeof problem?.code === 'string' ? problem.code : 'unknown'
  throw new ApiError(answer.status, code, problem, Number.isFinite(wait) ? wait : undefined)
}

/** Where access tokens come from. */
export interface Tokens {
  /** A token that should be valid. @throws {ApiError} if nobody is signed in */
  bearer(): Promise<string>
  /** The server refused the token: whether there is another one now. */
  renew(): Promise<boolean>
}

/** The interface of one session. */
export class Api {
  readonly #tokens: Tokens
  /** Changes that are on their way. */
  readonly #changes = new Set<Promise<Response>>()

  constructor(tokens: Tokens) {
    this.#tokens = tokens
  }

  /** One request with the session's token. @throws {ApiError} */
  async send(path: string, init: RequestInit = {}): Promise<Response> {
    const attempt = async () => {
      const headers = new Headers(init.headers)
      headers.set('authorization', `Bearer ${await this.#tokens.bearer()}`)
      return request(path, { ...init, headers })
    }
    try {
      return await attempt()
    } catch (error) {
      const refused = error instanceof ApiError && error.status === 401
      if (refused && (await this.#tokens.renew())) return attempt()
      throw error
    }
  }

  async list(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Page> {
    // Whoever comes from an open diagram sees the title that was given there.
    await Promise.allSettled(this.#changes)
    return (await this.send(`/api/diagrams?${new URLSearchParams(query)}`, { signal })).json()
  }

  /** A diagram out of a text of BPMN, whatever its encoding. */
  async create(bpmn: BodyInit, title: string, projectId: string | null): Promise<Summary> {
    const query = new URLSearchParams({ title, ...(projectId !== null && { projectId }) })
    const answer = await this.send(`/api/diagrams?${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/xml' },
      body: bpmn,
    })
    return answer.json()
  }

  async summary(id: string): Promise<Summary> {
    return (await this.send(`${at(id)}/summary`)).json()
  }

  async rename(id: string, title: string): Promise<Summary> {
    return (await this.#json('PATCH', at(id), { title })).json()
  }

  /** Puts a diagram into a project; null takes it out. */
  async move(id: string, projectId: string | null): Promise<Summary> {
    return (await this.#json('PATCH', at(id), { projectId })).json()
  }

  /** The stored versions, the newest first. */
  async versions(
    id: string,
    query: Readonly<Record<string, string>>,
  ): Promise<{ versions: readonly Version[]; nextCursor: string | null }> {
    return (await this.send(`${at(id)}/versions?${new URLSearchParams(query)}`)).json()
  }

  async version(id: string, version: number): Promise<Version> {
    return (await this.send(`${at(id)}/versions/${version}`)).json()
  }

  /** Keeps the present state under a name. */
  async nameVersion(id: string, name: string, message: string | null): Promise<Version> {
    return (await this.#json('POST', `${at(id)}/versions`, { name, message })).json()
  }

  /** Its BPMN, as a file. */
  async versionBpmn(id: string, version: number): Promise<Blob> {
    return (await this.send(`${at(id)}/versions/${version}/xml`)).blob()
  }

  /** A version drawn, with what differs from another one marked. */
  async versionPicture(
    id: string,
    version: number,
    query: { readonly since: number; readonly theme: 'light' | 'dark' },
    signal?: AbortSignal,
  ): Promise<Blob> {
    const { since, theme } = query
    const path = `${at(id)}/versions/${version}/picture.svg?since=${since}&theme=${theme}`
    return (await this.send(path, signal && { signal })).blob()
  }

  /** What changed from a version to another one, or to now, as docs/rest.md tells it. */
  async diff(id: string, from: number, to: number | null): Promise<unknown> {
    const query = to === null ? `from=${from}` : `from=${from}&to=${to}`
    return (await this.send(`${at(id)}/diff?${query}`)).json()
  }

  /** Brings a version back by an edit that everybody sees. @returns whether that changed anything */
  async restore(id: string, version: number): Promise<boolean> {
    return (await (await this.#json('POST', `${at(id)}/versions/${version}/restore`, {})).json()).changed
  }

  /** Who did what to the diagram, the newest first. */
  async activity(
    id: string,
    query: Readonly<Record<string, string>>,
  ): Promise<{ entries: readonly Deed[]; nextCursor: string | null }> {
    return (await this.send(`${at(id)}/activity?${new URLSearchParams(query)}`)).json()
  }

  async remove(id: string): Promise<void> {
    await this.send(at(id), { method: 'DELETE' })
  }

  /** Brings a deleted diagram back. */
  async undelete(id: string): Promise<void> {
    await this.send(`${at(id)}/undelete`, { method: 'POST' })
  }

  /** The current BPMN, as a file. */
  async bpmn(id: string): Promise<Blob> {
    return (await this.send(`${at(id)}/xml`)).blob()
  }

  /** A picture of the newest version. */
  async thumbnail(id: string, signal: AbortSignal): Promise<Blob> {
    return (await this.send(`${at(id)}/thumbnail.svg`, { signal })).blob()
  }

  /** A link that lets somebody in. @param ttl such as `7d` */
  async invite(
    id: string,
    role: 'editor' | 'viewer',
    ttl: string,
  ): Promise<{ readonly url: string; readonly expiresAt: string }> {
    return (await this.#json('POST', `${at(id)}/invites`, { role, ttl })).json()
  }

  async org(): Promise<Org> {
    return (await this.send('/api/orgs/me')).json()
  }

  /** All of the organisation, by name. */
  async projects(): Promise<readonly Project[]> {
    return (await (await this.send('/api/projects')).json()).projects
  }

  async createProject(name: string): Promise<Project> {
    return (await this.#json('POST', '/api/projects', { name })).json()
  }

  async renameProject(id: string, name: string): Promise<void> {
    await this.#json('PATCH', project(id), { name })
  }

  async removeProject(id: string): Promise<void> {
    await this.send(project(id), { method: 'DELETE' })
  }

  /** Who belongs to the organisation. */
  async members(
    query: Readonly<Record<string, string>>,
  ): Promise<{ members: readonly Member[]; nextCursor: string | null }> {
    return (await this.send(`/api/orgs/me/members?${new URLSearchParams(query)}`)).json()
  }

  async addMember(
    who: { readonly user: string } | { readonly email: string },
    role: OrgRole,
  ): Promise<Member> {
    return (await this.#json('POST', '/api/orgs/me/members', { ...who, role })).json()
  }

  async giveRole(id: string, role: OrgRole): Promise<Member> {
    return (await this.#json('PATCH', member(id), { role })).json()
  }

  async removeMember(id: string): Promise<void> {
    await this.send(member(id), { method: 'DELETE' })
  }

  async #json(method: string, path: string, body: unknown): Promise<Response> {
    const headers = { 'content-type': 'application/json' }
    const change = this.send(path, { method, headers, body: JSON.stringify(body) })
    this.#changes.add(change)
    try {
      return await change
    } finally {
      this.#changes.delete(change)
    }
  }
}

/** The address of a diagram. */
export const at = (id: string): string => `/api/diagrams/${encodeURIComponent(id)}`

const project = (id: string): string => `/api/projects/${encodeURIComponent(id)}`
const member = (id: string): string => `/api/orgs/me/members/${encodeURIComponent(id)}`
