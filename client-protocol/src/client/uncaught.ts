// Errors of the application's own listeners: they must not end the connection, and must not be swallowed.

/** Throws it where nobody catches: the console and `window.onerror` see it. */
export function uncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
