// What the browser keeps for the Studio. A browser that keeps nothing (blocked storage) forgets with the page.

export interface Keeper {
  get(key: string): string | null
  set(key: string, value: string): void
  remove(key: string): void
}

/** Kept for this browser profile. */
export const profileStore: Keeper = keeper(() => localStorage)
/** Kept for this tab, until it is closed. */
export const tabStore: Keeper = keeper(() => sessionStorage)

function keeper(storage: () => Storage): Keeper {
  const memory = new Map<string, string>()
  const attempt = <T>(use: (storage: Storage) => T): T | undefined => {
    try {
      return use(storage())
    } catch {
      // Blocked or full.
      return undefined
    }
  }
  return {
    get: (key) => memory.get(key) ?? attempt((storage) => storage.getItem(key)) ?? null,
    set: (key, value) => {
      memory.set(key, value)
      attempt((storage) => storage.setItem(key, value))
    },
    remove: (key) => {
      memory.delete(key)
      attempt((storage) => storage.removeItem(key))
    },
  }
}
