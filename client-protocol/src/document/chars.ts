// Strings as XML 1.0 and this model see them: characters, names, white space, order by code point. Total
// functions on strings. JavaScript counts UTF-16 units; whatever the rules count in bytes is counted in UTF-8.

const INVALID = /[^\t\n\r -\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u
const ALL_INVALID = new RegExp(INVALID, 'gu')

const NAME_START =
  'A-Z_a-z\\u{C0}-\\u{D6}\\u{D8}-\\u{F6}\\u{F8}-\\u{2FF}\\u{370}-\\u{37D}\\u{37F}-\\u{1FFF}\\u{200C}\\u{200D}' +
  '\\u{2070}-\\u{218F}\\u{2C00}-\\u{2FEF}\\u{3001}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFFD}\\u{10000}-\\u{EFFFF}'
const NAME_CHAR = `${NAME_START}.0-9\\u{B7}\\u{300}-\\u{36F}\\u{203F}\\u{2040}\\-`
const NCNAME = new RegExp(`^[${NAME_START}][${NAME_CHAR}]*$`, 'u')

/** Production `NCName`: a name without a colon. */
export function isNcName(text: string): boolean {
  return NCNAME.test(text)
}

/** The text with U+FFFD for every character that XML 1.0 lacks, lone surrogates included (N0.3). */
export function sanitise(text: string): string {
  return INVALID.test(text) ? text.replace(ALL_INVALID, '\u{FFFD}') : text
}

/** Where the first character stands that XML 1.0 lacks; a lone surrogate is one. */
export function firstInvalid(text: string): number | undefined {
  const at = text.search(INVALID)
  return at < 0 ? undefined : at
}

/** Whether a UTF-16 unit is white space of XML (production `S`). */
export function isSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x09 || unit === 0x0d
}

/** Whether the text is empty or only white space. */
export function onlySpace(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (!isSpace(text.charCodeAt(at))) return false
  return true
}

/** The text without the white space around it; `trim` of JavaScript knows more kinds. */
export function trimSpace(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

/** Order by code point, that is the byte order of UTF-8; `<` differs above U+FFFF. For `sort`. */
export function compare(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}

/** A surrogate belongs to a code point above all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit
}

/** Whether the text has at most so many bytes in UTF-8. */
export function fitsBytes(text: string, most: number): boolean {
  if (text.length * 3 <= most) return true
  let bytes = 0
  for (let at = 0; at < text.length && bytes <= most; at++) {
    const unit = text.charCodeAt(at)
    // Each half of a surrogate pair stands for two of its four bytes.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3
  }
  return bytes <= most
}

/** The text before and behind the first separator. */
export function splitOnce(text: string, separator: string): [string, string] | undefined {
  const at = text.indexOf(separator)
  return at < 0 ? undefined : [text.slice(0, at), text.slice(at + separator.length)]
}
