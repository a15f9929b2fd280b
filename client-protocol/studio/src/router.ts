// Which page the address names. The server sends the same files for all of them.
import { signal } from '@preact/signals'

export type Place =
  | {
      readonly page: 'list'
      /** Only what belongs to it. */
      readonly project?: string
      /** What was deleted, in the place of the others. */
      readonly deleted?: true
    }
  | {
      readonly page: 'diagram'
      readonly id: string
      /** Versions that are compared; without `to`, with the diagram as it is now. */
      readonly versions?: { readonly from: number; readonly to: number | null }
    }

const BASE = '/studio/'

/** Where the visitor is. */
export const place = signal<Place>({ page: 'list' })

/** The place of a path with its query. Pure and total: what names nothing is the list. */
export function placeOf(path: string, query = ''): Place {
  const found = /^\/studio\/d\/([^/]+)(?:\/v\/(\d{1,9})(?:\.\.(\d{1,9}))?)?\/?$/.exec(path)
  if (found?.[1] === undefined) return listOf(new URLSearchParams(query))
  try {
    const id = decodeURIComponent(found[1])
    if (found[2] === undefined) return { page: 'diagram', id }
    return { page: 'diagram', id, versions: pairOf(Number(found[2]), Number(found[3] ?? 0)) }
  } catch {
    return { page: 'list' }
  }
}

/** Two versions in their order; one alone is compared with now. */
function pairOf(one: number, other: number): { readonly from: number; readonly to: number | null } {
  if (other === 0 || other === one) return { from: one, to: null }
  return { from: Math.min(one, other), to: Math.max(one, other) }
}

function listOf(query: URLSearchParams): Place {
  const project = query.get('project')
  if (query.has('deleted')) return { page: 'list', deleted: true }
  return project ? { page: 'list', project } : { page: 'list' }
}

/** The path of a place. */
export function pathOf(place: Place): string {
  if (place.page === 'list') {
    if (place.deleted) return `${BASE}?deleted`
    return place.project === undefined ? BASE : `${BASE}?${new URLSearchParams({ project: place.project })}`
  }
  const diagram = `${BASE}d/${encodeURIComponent(place.id)}`
  if (place.versions === undefined) return diagram
  const { from, to } = place.versions
  return to === null ? `${diagram}/v/${from}` : `${diagram}/v/${from}..${to}`
}

/** Goes there, as following a link would. */
export function go(to: Place): void {
  history.pushState(null, '', pathOf(to))
  place.value = to
  window.scrollTo(0, 0)
}

/** Follows the address from now on, and links to places of the Studio without loading the page again. */
export function follow(): void {
  const read = () => {
    place.value = placeOf(location.pathname, location.search)
  }
  window.addEventListener('popstate', read)
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    const asked = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    if (!link || !asked || link.target !== '' || link.hasAttribute('download')) return
    if (link.origin !== location.origin || !link.pathname.startsWith(BASE)) return
    event.preventDefault()
    go(placeOf(link.pathname, link.search))
  })
  read()
}
