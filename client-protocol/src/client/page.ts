// The browser page around a diagram: network and visibility, leaving. Does nothing where there is no page.

export interface PageEvents {
  /** The network is back, or the page is seen again. */
  awake(): void
  /** The page may be gone in a moment. */
  leaving(): void
  /** Whether people should be asked before they leave. */
  warns(): boolean
}

/** @returns the function that ends it */
export function watchPage(events: PageEvents): () => void {
  if (typeof window === 'undefined' || typeof document === 'undefined') return () => {}
  const ended = new AbortController()
  const { signal } = ended
  const seen = () => {
    if (document.visibilityState === 'visible') events.awake()
    // The last event that phones send before they stop a page.
    else events.leaving()
  }
  window.addEventListener('online', () => events.awake(), { signal })
  window.addEventListener('pageshow', () => events.awake(), { signal })
  document.addEventListener('visibilitychange', seen, { signal })
  window.addEventListener('pagehide', () => events.leaving(), { signal })
  window.addEventListener('beforeunload', (event) => events.warns() && event.preventDefault(), { signal })
  return () => ended.abort()
}
