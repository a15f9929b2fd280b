// The inside of a start tag, the XML declaration, and references. Works on one token, reports offences by
// their offset in the whole text.
import { firstInvalid, fitsBytes, onlySpace } from '../chars.ts'
import { MAX_ATTRIBUTES, MAX_VALUE_BYTES } from '../limits.ts'
import { isSpaceAt, splitQName, trimEnd, trimStart } from './chars.ts'
import { quoted } from './error.ts'
import type { Decl, Lexical } from './tree.ts'

/** Refuses the text at an offset. */
export type Fail = (at: number, reason: string) => never

/** One attribute as it stands in a tag. */
export interface RawAttribute {
  readonly offset: number
  readonly prefix: string
  readonly local: string
  readonly value: string
}

const SPECIAL = /[&<\n\t]/g
const PREDEFINED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Reads start tags of one text. */
export class TagReader {
  readonly #text: string
  readonly #lexical: Lexical
  readonly #fail: Fail

  constructor(text: string, lexical: Lexical, fail: Fail) {
    this.#text = text
    this.#lexical = lexical
    this.#fail = fail
  }

  /** Splits a start tag into its name and attributes; `end` is where its `>` or `/>` stands. */
  startTag(start: number, end: number, empty: boolean): { name: string; attributes: RawAttribute[] } {
    let at = start + 1
    while (at < end && !isSpaceAt(this.#text, at)) at++
    const name = this.#text.slice(start + 1, at)
    if (!splitQName(name)) this.#fail(start + 1, badName(name))
    if (empty) this.#lexical.spacedEmpty ??= isSpaceAt(this.#text, end - 1)
    const attributes: RawAttribute[] = []
    for (;;) {
      const next = this.#skipSpace(at, end)
      if (next === end) return { name, attributes }
      if (next === at) this.#fail(at, 'white space is missing before a name')
      if (attributes.length >= MAX_ATTRIBUTES) {
        this.#fail(next, `an element has more than ${MAX_ATTRIBUTES} attributes`)
      }
      at = this.#attribute(next, end, attributes)
    }
  }

  #skipSpace(from: number, end: number): number {
    let at = from
    while (at < end && isSpaceAt(this.#text, at)) at++
    return at
  }

  /** Reads `name = "value"` at `at` and gives the offset behind it. */
  #attribute(at: number, end: number, into: RawAttribute[]): number {
    const equals = this.#text.indexOf('=', at)
    if (equals < 0 || equals >= end) this.#fail(at, 'an attribute has no value')
    const name = trimEnd(this.#text.slice(at, equals))
    const split = splitQName(name)
    if (!split) return this.#fail(at, badName(name))
    const open = this.#skipSpace(equals + 1, end)
    const quote = this.#text[open]
    if (open >= end || (quote !== '"' && quote !== "'")) {
      return this.#fail(open, 'an attribute value has no quotes')
    }
    const close = this.#text.indexOf(quote, open + 1)
    if (close < 0 || close >= end) this.#fail(open, 'an attribute value never ends')
    const raw = this.#text.slice(open + 1, close)
    if (!fitsBytes(raw, MAX_VALUE_BYTES)) this.#fail(open, valueTooLong())
    into.push({ offset: at, ...split, value: this.#attributeValue(raw, open + 1) })
    return close + 1
  }

  /** Normalises an attribute value as XML 1.0 §3.3.3 does for CDATA attributes. */
  #attributeValue(raw: string, offset: number): string {
    let out = ''
    let from = 0
    for (;;) {
      SPECIAL.lastIndex = from
      const at = SPECIAL.exec(raw)?.index
      if (at === undefined) return from === 0 ? raw : out + raw.slice(from)
      out += raw.slice(from, at)
      from = at + 1
      switch (raw[at]) {
        case '<':
          return this.#fail(offset + at, '"<" in an attribute value')
        case '&': {
          const end = raw.indexOf(';', at)
          from = end < 0 ? raw.length : end + 1
          out += this.#attributeReference(raw.slice(at, from), offset + at)
          break
        }
        default:
          out += ' '
      }
    }
  }

  #attributeReference(written: string, offset: number): string {
    const char = this.reference(written, offset)
    if (char === '>') this.#lexical.attributeGt = true
    else if (char === "'") this.#lexical.attributeApos = true
    else if (char === '\n' || char === '\t' || char === '\r') {
      this.#lexical.hexadecimal ??= written.startsWith('&#x')
    }
    return char
  }

  /** Resolves one reference (`&amp;`, `&#10;`), given with its delimiters. */
  reference(written: string, offset: number): string {
    const bad = (): never => this.#fail(offset, `"${quoted(written, 40)}" is not a valid reference`)
    if (!written.endsWith(';')) return bad()
    const name = written.slice(1, -1)
    const predefined = Object.hasOwn(PREDEFINED, name) ? PREDEFINED[name] : undefined
    if (predefined !== undefined) return predefined
    if (splitQName(name)) return this.#fail(offset, `entity "${quoted(name, 40)}" is not defined`)
    const digits = /^#(?:x([0-9a-fA-F]+)|([0-9]+))$/.exec(name)
    if (!digits) return bad()
    const code = digits[1] ? Number.parseInt(digits[1], 16) : Number.parseInt(digits[2] ?? '', 10)
    if (code > 0x10ffff) return bad()
    const char = String.fromCodePoint(code)
    return firstInvalid(char) === undefined ? char : bad()
  }
}

/** Reads an XML declaration, given with its delimiters. */
export function readDeclaration(written: string, refuse: (reason: string) => never): Decl {
  const malformed = () => refuse('XML declaration: it is malformed')
  let rest = written.slice('<?xml'.length, -'?>'.length)
  let expected = ['version', 'encoding', 'standalone']
  let version: string | undefined
  let decl: Decl = { singleQuotes: false }
  while (!onlySpace(rest)) {
    const spaced = isSpaceAt(rest, 0)
    const equals = rest.indexOf('=')
    const name = trimEnd(trimStart(rest.slice(0, Math.max(equals, 0))))
    const behind = trimStart(rest.slice(equals + 1))
    const quote = behind[0]
    const place = expected.indexOf(name)
    if (!spaced || place < 0 || (quote !== '"' && quote !== "'")) return malformed()
    if (version === undefined && name !== 'version') return malformed()
    const close = behind.indexOf(quote, 1)
    if (close < 0) return malformed()
    const value = behind.slice(1, close)
    expected = expected.slice(place + 1)
    rest = behind.slice(close + 1)
    if (name === 'version') {
      version = value
      decl = { singleQuotes: quote === "'" }
    } else if (name === 'encoding' && /^[A-Za-z][A-Za-z0-9._-]*$/.test(value)) {
      decl = { ...decl, encoding: value }
    } else if (name === 'standalone' && (value === 'yes' || value === 'no')) {
      decl = { ...decl, standalone: value }
    } else return malformed()
  }
  if (version === undefined) refuse('XML declaration: the version is missing')
  if (version !== '1.0') refuse('XML declaration: only version 1.0 is supported')
  return decl
}

export function badName(name: string): string {
  return `"${quoted(name, 40)}" is not a valid name`
}

export function valueTooLong(): string {
  return `a value or text is longer than ${MAX_VALUE_BYTES} bytes`
}
