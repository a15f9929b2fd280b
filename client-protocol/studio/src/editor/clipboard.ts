// Links into the clipboard, which is there only on secure pages.
import { say } from '../ui/toasts.tsx'

/** @param otherwise what to do where there is no clipboard; the link itself is shown by default */
export async function copyLink(url: string, otherwise = url): Promise<void> {
  try {
    await navigator.clipboard.writeText(url)
    say('The link is copied.')
  } catch {
    say(otherwise)
  }
}
