// How the XML is written: line ends, indentation, escapes (D10, N10). Takes the style that the import captured;
// what is none of the known values is absent.
import { sanitise } from '../chars.ts'
import { parse, parseStrings } from '../json.ts'
import { MAX_INDENT } from '../limits.ts'
import type { Records } from '../model.ts'

/** Nothing to escape and nothing that XML lacks: most of what there is. */
const PLAIN = /^[ !#-%(-;=?-~]*$/

/** The style of a document. */
export class Style {
  readonly eol: string
  readonly indent: string
  /** No line ends inside the root element. */
  readonly flat: boolean
  /** How an element without content ends. */
  readonly emptyEnd: string
  /** The XML declaration; empty without one. */
  readonly declaration: string
  /** A line end between the first two items at the top, and at the end of the text. */
  readonly topBreak: boolean
  readonly finalBreak: boolean
  readonly #inText: ReadonlyMap<string, string>
  readonly #inValue: ReadonlyMap<string, string>

  constructor({ meta }: Records) {
    const style = parseStrings(meta.get('style'))
    const on = (name: string) => style.get(name) === '1'
    const indent = style.get('indent') ?? ''
    this.eol = style.get('eol') === '\r\n' ? '\r\n' : '\n'
    this.indent =
      style.has('indent') && indent.length <= MAX_INDENT && /^[ \t]*$/.test(indent) ? indent : '  '
    this.flat = on('flat')
    this.emptyEnd = style.get('sc') === ' />' ? ' />' : '/>'
    this.declaration = declarationOf(meta.get('decl'), style.get('q') === "'" ? "'" : '"')
    this.topBreak = style.get('dnl') !== '0'
    this.finalBreak = style.get('nl') !== '0'
    const hex = style.get('ch') === 'x'
    this.#inText = new Map([
      ['&', '&amp;'],
      ['<', '&lt;'],
      ['\n', this.eol],
      ['\r', '&#13;'],
      ...(on('gt') ? ([['>', '&gt;']] as const) : []),
      ...(on('tq') ? ([['"', '&quot;']] as const) : []),
      ...(on('ta') ? ([["'", '&apos;']] as const) : []),
    ])
    this.#inValue = new Map([
      ['&', '&amp;'],
      ['<', '&lt;'],
      ['"', '&quot;'],
      ['\n', hex ? '&#xA;' : '&#10;'],
      ['\r', hex ? '&#xD;' : '&#13;'],
      ['\t', hex ? '&#x9;' : '&#9;'],
      ...(on('ag') ? ([['>', '&gt;']] as const) : []),
      ...(on('aa') ? ([["'", '&apos;']] as const) : []),
    ])
  }

  /** Text content; `before`: what is written already, as far as it is text. */
  text(text: string, before: string): string {
    if (PLAIN.test(text)) return text
    const clean = sanitise(text)
    return clean.replace(/[&<>"'\n\r]/g, (char, at: number) => {
      // `]]>` must not stand in text.
      const closes = char === '>' && (before + clean.slice(Math.max(at - 2, 0), at)).endsWith(']]')
      return closes ? '&gt;' : (this.#inText.get(char) ?? char)
    })
  }

  /** An attribute value, which stands in double quotes. */
  value(text: string): string {
    if (PLAIN.test(text)) return text
    return sanitise(text).replace(/[&<>"'\n\r\t]/g, (char) => this.#inValue.get(char) ?? char)
  }

  /** A CDATA section; `]]>` in it becomes the seam of two. */
  cdata(text: string): string {
    return `<![CDATA[${this.#verbatim(text.replaceAll(']]>', ']]]]><![CDATA[>'))}]]>`
  }

  /** A comment; a hyphen that must not stand there gets a space before or behind it. */
  comment(text: string): string {
    return `<!--${this.#verbatim(text.replace(/-(?=-|$)/g, '- '))}-->`
  }

  /** A processing instruction; `?>` in its data becomes `? >`. */
  instruction(target: string, data: string): string {
    const rest = data.replace(/^[ \t\n\r]+/, '')
    return rest === '' ? `<?${target}?>` : `<?${target} ${this.#verbatim(rest.replaceAll('?>', '? >'))}?>`
  }

  /** Where nothing can be escaped: line ends of the style. */
  #verbatim(text: string): string {
    return sanitise(text).replace(/\r\n?|\n/g, this.eol)
  }
}

function declarationOf(json: string | undefined, quote: string): string {
  if (json === undefined || parse(json) === undefined) return ''
  const declared = parseStrings(json)
  const encoding = declared.get('encoding')
  const standalone = declared.get('standalone')
  let text = `<?xml version=${quote}1.0${quote}`
  if (encoding !== undefined)
    text += ` encoding=${quote}${/^utf-8$/i.test(encoding) ? encoding : 'UTF-8'}${quote}`
  if (standalone === 'yes' || standalone === 'no') text += ` standalone=${quote}${standalone}${quote}`
  return `${text}?>`
}
