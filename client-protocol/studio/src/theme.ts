// Light or dark: as the system says, unless this browser profile was told otherwise.
import { effect, signal } from '@preact/signals'
import { profileStore } from './storage.ts'

export type Theme = 'light' | 'dark'

const KEY = 'atelier.theme'
const system = window.matchMedia('(prefers-color-scheme: dark)')

const chosen = signal<Theme | null>(read())
const systemTheme = signal<Theme>(system.matches ? 'dark' : 'light')

/** What is shown. */
export const theme = (): Theme => chosen.value ?? systemTheme.value

/** Changes to the other one. What the system shows anyway is no choice. */
export function toggleTheme(): void {
  const next = theme() === 'dark' ? 'light' : 'dark'
  chosen.value = next === systemTheme.value ? null : next
  if (chosen.value === null) profileStore.remove(KEY)
  else profileStore.set(KEY, chosen.value)
}

/** Keeps the document's theme what it should be. */
export function followTheme(): void {
  system.addEventListener('change', (event) => {
    systemTheme.value = event.matches ? 'dark' : 'light'
  })
  effect(() => {
    document.documentElement.dataset.theme = theme()
  })
}

function read(): Theme | null {
  const kept = profileStore.get(KEY)
  return kept === 'light' || kept === 'dark' ? kept : null
}
