// Bytes to text: which encoding, is it sound, and line ends as XML 1.0 §2.11 wants them. The encoding is found
// as XML 1.0 appendix F says: a byte order mark, else the first bytes, else the declaration, else UTF-8.
import { firstInvalid, fitsBytes } from '../chars.ts'
import { MAX_XML_BYTES } from '../limits.ts'
import { utf8Length } from './chars.ts'
import { quoted, ReadError, readError } from './error.ts'

/** A decoded text: valid XML characters only, every line end one LF. */
export interface Source {
  readonly text: string
  /** Whether the first line end was CR LF. */
  readonly crlf: boolean
}

/** Bytes 0x80 to 0x9F of windows-1252. Not by TextDecoder: Node 20 takes the name for ISO-8859-1. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8DŽ\x8F\x90‘’“”•–—˜™š›œ\x9DžŸ'
/** How far the end of a declaration is looked for, bytes: it is part of the first line. */
const DECLARATION_REACH = 1024
/** Arguments of one call of String.fromCharCode that every engine takes. */
const CHUNK = 8192

/** Decodes a whole text. A string is decoded already, whatever encoding it declares. */
export function decode(input: Uint8Array | string): Source {
  const tooLong = new ReadError(1, 1, `the text is longer than ${MAX_XML_BYTES} bytes`)
  if (typeof input !== 'string' && input.length > MAX_XML_BYTES) throw tooLong
  const raw = typeof input === 'string' ? input.replace(/^\uFEFF/, '') : decodeBytes(input)
  if (!fitsBytes(raw, typeof input === 'string' ? MAX_XML_BYTES : 2 * MAX_XML_BYTES)) throw tooLong
  const text = normaliseLineEnds(raw)
  const invalid = firstInvalid(text)
  if (invalid !== undefined) {
    const code = (text.codePointAt(invalid) ?? 0).toString(16).toUpperCase().padStart(4, '0')
    throw readError(text, invalid, `character U+${code} is not allowed in XML`)
  }
  return { text, crlf: /\r\n?|\n/.exec(raw)?.[0] === '\r\n' }
}

function decodeBytes(bytes: Uint8Array): string {
  const [first, second, third] = bytes
  if (first === 0xef && second === 0xbb && third === 0xbf) return utf8(bytes.subarray(3))
  if (first === 0xff && second === 0xfe) return utf16(bytes.subarray(2), 'UTF-16LE')
  if (first === 0xfe && second === 0xff) return utf16(bytes.subarray(2), 'UTF-16BE')
  if (first === 0x3c && second === 0) return utf16(bytes, 'UTF-16LE')
  if (first === 0 && second === 0x3c) return utf16(bytes, 'UTF-16BE')
  const label = declaredEncoding(bytes)
  switch (label?.toLowerCase()) {
    case undefined:
    case 'utf-8':
    case 'utf8':
      return utf8(bytes)
    case 'us-ascii':
    case 'ascii':
      return ascii(bytes)
    case 'iso-8859-1':
    case 'latin1':
    case 'iso_8859-1':
      return latin1(bytes)
    case 'windows-1252':
    case 'cp1252':
      return latin1(bytes).replace(/[\x80-\x9F]/g, (char) => WINDOWS_1252[char.charCodeAt(0) - 0x80] ?? char)
    default: {
      const known = 'UTF-8, UTF-16, ISO-8859-1, windows-1252 and US-ASCII are'
      throw new ReadError(1, 1, `encoding "${quoted(label ?? '', 40)}" is not supported (${known})`)
    }
  }
}

/** The encoding named in an ASCII-compatible declaration; its grammar is checked later. */
function declaredEncoding(bytes: Uint8Array): string | undefined {
  const end = latin1(bytes.subarray(0, DECLARATION_REACH)).indexOf('?>')
  if (end < 0) return undefined
  let head: string
  try {
    head = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end))
  } catch {
    return undefined
  }
  const name = head.indexOf('encoding')
  if (!/^<\?xml[ \t\r\n]/.test(head) || name < 0) return undefined
  return /^\s*=\s*(["'])(.*?)\1/s.exec(head.slice(name + 'encoding'.length))?.[2]
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw invalidBytes(validUtf8(bytes), 'UTF-8')
  }
}

/** What stands before the first bytes that are no UTF-8. */
function validUtf8(bytes: Uint8Array): string {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  let offset = 0
  let from = 0
  for (let at = text.indexOf('\uFFFD'); at >= 0; at = text.indexOf('\uFFFD', from)) {
    offset += utf8Length(text.slice(from, at))
    const written = bytes[offset] === 0xef && bytes[offset + 1] === 0xbf && bytes[offset + 2] === 0xbd
    if (!written) return text.slice(0, at)
    offset += 3
    from = at + 1
  }
  return text
}

function utf16(bytes: Uint8Array, name: 'UTF-16LE' | 'UTF-16BE'): string {
  try {
    return new TextDecoder(name, { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    // Only for the place: the replacement character marks the first bad one.
    const text = new TextDecoder(name, { ignoreBOM: true }).decode(bytes)
    throw invalidBytes(text.slice(0, text.indexOf('\uFFFD')), name)
  }
}

function ascii(bytes: Uint8Array): string {
  const bad = bytes.findIndex((byte) => byte > 0x7f)
  if (bad >= 0) throw invalidBytes(latin1(bytes.subarray(0, bad)), 'US-ASCII')
  return latin1(bytes)
}

function latin1(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  }
  return text
}

function invalidBytes(valid: string, encoding: string): ReadError {
  const before = normaliseLineEnds(valid)
  return readError(before, before.length, `invalid bytes for ${encoding}`)
}

function normaliseLineEnds(text: string): string {
  return text.replace(/\r\n?/g, '\n')
}
