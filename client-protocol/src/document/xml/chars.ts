// Strings as the reader of XML sees them, beyond what ../chars.ts has: qualified names, offences, trimming.
import { isNcName, isSpace } from '../chars.ts'

/** Splits a `QName` into prefix (empty where there is none) and local name. */
export function splitQName(name: string): { prefix: string; local: string } | undefined {
  const colon = name.indexOf(':')
  if (colon < 0) return isNcName(name) ? { prefix: '', local: name } : undefined
  const prefix = name.slice(0, colon)
  const local = name.slice(colon + 1)
  return isNcName(prefix) && isNcName(local) ? { prefix, local } : undefined
}

/** Whether white space of XML stands at an offset. */
export function isSpaceAt(text: string, at: number): boolean {
  return at < text.length && isSpace(text.charCodeAt(at))
}

/** The text without the white space behind it. */
export function trimEnd(text: string): string {
  let end = text.length
  while (end > 0 && isSpaceAt(text, end - 1)) end--
  return text.slice(0, end)
}

/** The text without the white space before it. */
export function trimStart(text: string): string {
  let start = 0
  while (isSpaceAt(text, start)) start++
  return text.slice(start)
}

/** How many bytes the text has in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    // Each half of a surrogate pair stands for two of its four bytes.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3
  }
  return bytes
}
