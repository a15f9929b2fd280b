// Which page the address names. The server sends the same files for all of them.
import { signal } from '@preact/signals'

export type Place = { readonly page: 'list' } | { readonly page: 'diagram'; readonly id: string }

const BASE = '/studio/'

/** Where the visitor is. */
export const place = signal<Place>({ page: 'list' })

/** The place of a path. Pure and total: what names nothing is the list. */
export function placeOf(path: string): Place {
  const id = /^\/studio\/d\/([^/]+)\/?$/.exec(path)?.[1]
  if (id === undefined) return { page: 'list' }
  try {
    return { page: 'diagram', id: decodeURIComponent(id) }
  } catch {
    return { page: 'list' }
  }
}

/** The path of a place. */
export function pathOf(place: Place): string {
  return place.page === 'list' ? BASE : `${BASE}d/${encodeURIComponent(place.id)}`
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
    place.value = placeOf(location.pathname)
  }
  window.addEventListener('popstate', read)
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    const asked = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    if (!link || !asked || link.target !== '' || link.hasAttribute('download')) return
    if (link.origin !== location.origin || !link.pathname.startsWith(BASE)) return
    event.preventDefault()
    go(placeOf(link.pathname))
  })
  read()
}
