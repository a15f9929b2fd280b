// From text to tree: XML 1.0 with namespaces, no document type, no entities but the five predefined ones.
// Iterative, every size bounded. An own reader, because readers at hand (DOM parsers, saxes, sax) resolve
// references, quotes and empty tags without a trace and cannot tell the place of an offence; D1 and D10 need both.
import { fitsBytes, isNcName } from '../chars.ts'
import { MAX_DEPTH, MAX_ELEMENTS, MAX_VALUE_BYTES } from '../limits.ts'
import { splitQName, trimEnd, trimStart, utf8Length } from './chars.ts'
import { decode } from './decode.ts'
import { quoted, readError } from './error.ts'
import { declaredPrefix, Scopes } from './names.ts'
import { badName, type RawAttribute, readDeclaration, TagReader, valueTooLong } from './tag.ts'
import {
  type Decl,
  type Lexical,
  NO_BINDING,
  type Tree,
  XML_BINDING,
  type XmlAttribute,
  type XmlNode,
} from './tree.ts'

interface Open {
  readonly node: XmlNode
  readonly name: string
  /** What the scopes were before it. */
  readonly mark: number
  readonly preserve: boolean
}

/**
 * Parses a text; bytes are decoded first.
 *
 * @throws {ReadError} the first violation of XML 1.0, Namespaces in XML or a bound, with its place
 */
export function parseXml(input: Uint8Array | string): Tree {
  const { text, crlf } = decode(input)
  return new Parser(text, crlf).run()
}

class Parser {
  readonly #lexical: Lexical
  readonly #tags: TagReader
  readonly #scopes: Scopes
  readonly #nodes: XmlNode[] = []
  readonly #open: Open[] = []
  #decl: Decl | undefined
  #root: number | undefined
  #elements = 0
  readonly #pending = new TextRun()
  #topItems = 0
  /** Whether a line end stands behind the last top-level item. */
  #topBreak = false

  readonly #text: string

  constructor(text: string, crlf: boolean) {
    this.#text = text
    const fail = (at: number, reason: string) => this.#fail(at, reason)
    const unset = {
      textGt: false,
      textQuot: false,
      textApos: false,
      attributeGt: false,
      attributeApos: false,
    }
    this.#lexical = { crlf, finalBreak: text.endsWith('\n'), ...unset }
    this.#tags = new TagReader(text, this.#lexical, fail)
    this.#scopes = new Scopes(fail)
  }

  run(): Tree {
    // A second byte order mark.
    if (this.#text.startsWith('\uFEFF')) this.#fail(0, 'content outside the root element')
    let at = 0
    while (at < this.#text.length) {
      const char = this.#text[at]
      if (char === '<') at = this.#markup(at)
      else if (char === '&') at = this.#reference(at)
      else at = this.#characters(at)
    }
    const open = this.#open.at(-1)
    if (open) this.#fail(at, `the text ends inside <${open.name}>`)
    if (this.#root === undefined) return this.#fail(at, 'there is no XML element')
    return {
      decl: this.#decl,
      nodes: this.#nodes,
      bindings: this.#scopes.bindings,
      root: this.#root,
      lexical: this.#lexical,
    }
  }

  #fail(at: number, reason: string): never {
    throw readError(this.#text, at, reason)
  }

  // ---- text ----

  #characters(at: number): number {
    TEXT_END.lastIndex = at
    const end = TEXT_END.exec(this.#text)?.index ?? this.#text.length
    const raw = this.#text.slice(at, end)
    if (this.#open.length === 0) {
      const content = raw.search(/[^ \t\n\r]/)
      if (content >= 0) this.#fail(at + content, 'content outside the root element')
      this.#topBreak ||= raw.includes('\n')
      return end
    }
    const cdataEnd = raw.indexOf(']]>')
    if (cdataEnd >= 0) this.#fail(at + cdataEnd, '"]]>" in text')
    this.#take(raw, at)
    return end
  }

  #reference(at: number): number {
    REFERENCE_END.lastIndex = at + 1
    const end = REFERENCE_END.exec(this.#text)
    if (end?.[0] !== ';') return this.#fail(at, 'a reference has no ";"')
    if (this.#open.length === 0) this.#fail(at, 'content outside the root element')
    const char = this.#tags.reference(this.#text.slice(at, end.index + 1), at)
    if (char === '>' && this.#pending.tail !== ']]') this.#lexical.textGt = true
    if (char === '"') this.#lexical.textQuot = true
    if (char === "'") this.#lexical.textApos = true
    this.#take(char, at)
    return end.index + 1
  }

  #take(text: string, at: number): void {
    this.#pending.add(text)
    if (this.#pending.bytes > MAX_VALUE_BYTES) this.#fail(at, valueTooLong())
  }

  // ---- markup ----

  /** Reads what starts with `<` and gives the offset behind it. */
  #markup(at: number): number {
    const end = this.#markupEnd(at)
    const text = this.#pending.end()
    if (text !== '') this.#push({ kind: 'text', text })
    if (this.#open.length === 0) this.#topItem()
    const raw = this.#text.slice(at, end)
    if (raw.startsWith('<!--')) this.#comment(raw, at)
    else if (raw.startsWith('<!')) this.#cdata(raw, at)
    else if (/^<\?xml(?:[ \t\n\r]|\?>$)/.test(raw)) this.#declaration(raw, at)
    else if (raw.startsWith('<?')) this.#instruction(raw, at)
    else if (raw.startsWith('</')) this.#endTag(raw, at)
    else this.#startTag(at, end)
    return end
  }

  /** Where the markup at `at` ends; refuses document types and what never ends. */
  #markupEnd(at: number): number {
    const next = this.#text[at + 1]
    if (next === undefined) this.#fail(at, 'a tag never ends')
    if (next === '?') {
      // The question mark of `<?>` is not also that of the end.
      const end = this.#text.indexOf('?>', at + 1)
      if (end <= at + 1) this.#fail(at, 'a processing instruction never ends')
      return end + 2
    }
    if (next !== '!') return this.#tagEnd(at)
    switch (this.#text[at + 2]) {
      case '-':
        return this.#endAfter(at, '<!--', '-->', 'a comment never ends')
      case '[':
        return this.#endAfter(at, '<![CDATA[', ']]>', 'a CDATA section never ends')
      case 'D':
      case 'd':
        return this.#fail(at, 'document type declarations are refused')
      default:
        return this.#fail(at, '"<!" starts no markup')
    }
  }

  #endAfter(at: number, start: string, end: string, endless: string): number {
    const found = this.#text.indexOf(end, at + start.length)
    if (found < 0 || !this.#text.startsWith(start, at)) this.#fail(at, endless)
    return found + end.length
  }

  /** A tag ends at the first `>` outside quotes. */
  #tagEnd(at: number): number {
    let from = at + 1
    for (;;) {
      TAG_STOP.lastIndex = from
      const stop = TAG_STOP.exec(this.#text)
      if (!stop) return this.#fail(at, 'a tag never ends')
      if (stop[0] === '>') return stop.index + 1
      const close = this.#text.indexOf(stop[0], stop.index + 1)
      if (close < 0) this.#fail(at, 'an attribute value never ends')
      from = close + 1
    }
  }

  #topItem(): void {
    if (this.#topItems === 1) this.#lexical.topBreak = this.#topBreak
    this.#topItems++
    this.#topBreak = false
  }

  #push(content: NodeContent): XmlNode {
    const node = { ...content, end: this.#nodes.length + 1 }
    this.#nodes.push(node)
    return node
  }

  // ---- elements ----

  #startTag(at: number, end: number): void {
    if (this.#open.length === 0 && this.#root !== undefined)
      this.#fail(at, 'content outside the root element')
    if (this.#open.length >= MAX_DEPTH) this.#fail(at, `elements are nested deeper than ${MAX_DEPTH}`)
    this.#elements++
    if (this.#elements > MAX_ELEMENTS) this.#fail(at, `there are more than ${MAX_ELEMENTS} elements`)
    const empty = this.#text[end - 2] === '/'
    const { name, attributes } = this.#tags.startTag(at, end - (empty ? 2 : 1), empty)
    const mark = this.#scopes.mark()
    const declarations = this.#scopes.declare(attributes)
    const inherited = this.#open.at(-1)?.preserve ?? false
    const resolved = this.#resolve(attributes)
    const preserve = preserves(resolved, inherited)
    const { prefix, local } = splitQName(name) ?? { prefix: '', local: name }
    const resolvedName = { binding: this.#scopes.lookup(prefix, at + 1), local }
    this.#root ??= this.#nodes.length
    const content = {
      kind: 'element',
      name: resolvedName,
      attributes: resolved,
      declarations,
      preserve,
    } as const
    const node = this.#push(content)
    if (empty) this.#scopes.leave(mark)
    else this.#open.push({ node, name, mark, preserve })
  }

  #resolve(raw: readonly RawAttribute[]): XmlAttribute[] {
    const attributes = raw.filter((attribute) => declaredPrefix(attribute) === undefined)
    const resolved = attributes.map(({ prefix, local, offset, value }) => {
      const binding = prefix === '' ? NO_BINDING : this.#scopes.lookup(prefix, offset)
      return { name: { binding, local }, value }
    })
    const seen = new Set<string>()
    for (const [i, { name }] of resolved.entries()) {
      const expanded = `${name.local} ${this.#scopes.bindings[name.binding]?.uri ?? ''}`
      if (seen.has(expanded))
        this.#fail(attributes[i]?.offset ?? 0, `attribute "${name.local}" appears twice`)
      seen.add(expanded)
    }
    return resolved
  }

  #endTag(raw: string, at: number): void {
    const name = trimEnd(raw.slice('</'.length, -1))
    const open = this.#open.pop()
    if (open === undefined) throw readError(this.#text, at, `</${quoted(name, 80)}> closes nothing`)
    if (open.name !== name) this.#fail(at, `</${quoted(name, 80)}> closes <${open.name}>`)
    open.node.end = this.#nodes.length
    this.#scopes.leave(open.mark)
  }

  // ---- everything else ----

  #cdata(raw: string, at: number): void {
    if (this.#open.length === 0) this.#fail(at, 'content outside the root element')
    this.#literal('cdata', raw.slice('<![CDATA['.length, -']]>'.length), at)
  }

  #comment(raw: string, at: number): void {
    const text = raw.slice('<!--'.length, -'-->'.length)
    const hyphens = text.indexOf('--')
    if (hyphens >= 0) this.#fail(at + '<!--'.length + hyphens, '"--" in a comment')
    if (text.endsWith('-')) this.#fail(at + raw.length - '--->'.length, '"--" in a comment')
    this.#literal('comment', text, at)
  }

  #literal(kind: 'cdata' | 'comment', text: string, at: number): void {
    if (!fitsBytes(text, MAX_VALUE_BYTES)) this.#fail(at, valueTooLong())
    this.#push({ kind, text })
  }

  #declaration(raw: string, at: number): void {
    if (at > 0) this.#fail(at, 'XML declaration: it is not at the start of the text')
    this.#decl = readDeclaration(raw, (reason) => this.#fail(at, reason))
  }

  #instruction(raw: string, at: number): void {
    const inner = raw.slice('<?'.length, -'?>'.length)
    const space = inner.search(/[ \t\n\r]/)
    const target = space < 0 ? inner : inner.slice(0, space)
    const data = space < 0 ? '' : inner.slice(space)
    if (!isNcName(target) || target.toLowerCase() === 'xml') this.#fail(at + '<?'.length, badName(target))
    if (!fitsBytes(data, MAX_VALUE_BYTES)) this.#fail(at, valueTooLong())
    this.#push({ kind: 'pi', target, text: trimStart(data) })
  }
}

/** A run of text in pieces; joined once, so that many references in a long text cost nothing. */
class TextRun {
  bytes = 0
  /** The last two characters. */
  tail = ''
  #pieces: string[] = []

  add(piece: string): void {
    this.#pieces.push(piece)
    this.bytes += utf8Length(piece)
    this.tail = (this.tail + piece.slice(-2)).slice(-2)
  }

  /** The whole run; the next one starts. */
  end(): string {
    const text = this.#pieces.join('')
    this.#pieces = []
    this.bytes = 0
    this.tail = ''
    return text
  }
}

/** A node without its end. */
type NodeContent = XmlNode extends infer N ? (N extends unknown ? Omit<N, 'end'> : never) : never

const TEXT_END = /[<&]/g
const REFERENCE_END = /[;&<]/g
const TAG_STOP = /[>'"]/g

function preserves(attributes: readonly XmlAttribute[], inherited: boolean): boolean {
  const space = attributes.find(({ name }) => name.binding === XML_BINDING && name.local === 'space')
  if (space?.value === 'preserve') return true
  return space?.value === 'default' ? false : inherited
}
