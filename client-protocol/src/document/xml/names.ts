// What prefixes mean while a text is read: the pairs of prefix and URI, and their scopes.
import { fitsBytes } from '../chars.ts'
import { MAX_NAME_BYTES, MAX_NAMESPACES, MAX_PREFIX_BYTES } from '../limits.ts'
import { XML_URI, XMLNS_URI } from '../tables.ts'
import { quoted } from './error.ts'
import type { Fail, RawAttribute } from './tag.ts'
import { type Binding, type Declaration, NO_BINDING, XML_BINDING } from './tree.ts'

/** The prefix that an attribute declares, `''` for the default namespace; undefined if it declares none. */
export function declaredPrefix(attribute: RawAttribute): string | undefined {
  if (attribute.prefix === 'xmlns') return attribute.local
  return attribute.prefix === '' && attribute.local === 'xmlns' ? '' : undefined
}

/** Bindings and scopes of one text. */
export class Scopes {
  readonly bindings: Binding[] = [{ prefix: 'xml', uri: XML_URI }]
  readonly #known = new Map<string, number>()
  readonly #scope = new Map<string, number>([['xml', XML_BINDING]])
  readonly #undo: { prefix: string; before: number | undefined }[] = []

  readonly #fail: Fail

  constructor(fail: Fail) {
    this.#fail = fail
    this.#known.set(`xml ${XML_URI}`, XML_BINDING)
  }

  /** What `leave` takes to undo the declarations made from here on. */
  mark(): number {
    return this.#undo.length
  }

  /** Takes the declarations made since `mark` out of scope. */
  leave(mark: number): void {
    for (const { prefix, before } of this.#undo.splice(mark).reverse()) {
      if (before === undefined) this.#scope.delete(prefix)
      else this.#scope.set(prefix, before)
    }
  }

  /** Takes the namespace declarations of a start tag into scope. */
  declare(attributes: readonly RawAttribute[]): Declaration[] {
    const declarations: Declaration[] = []
    const own = new Set<string>()
    let after = 0
    for (const attribute of attributes) {
      const prefix = declaredPrefix(attribute)
      if (prefix === undefined) {
        after++
        continue
      }
      const wrong = wrongDeclaration(prefix, attribute.value)
      if (wrong) this.#fail(attribute.offset, `namespace declaration: ${wrong}`)
      const binding = this.#bind(prefix, attribute.value, attribute.offset)
      if (own.has(prefix)) {
        const name = prefix === '' ? 'xmlns' : `xmlns:${prefix}`
        this.#fail(attribute.offset, `attribute "${name}" appears twice`)
      }
      own.add(prefix)
      declarations.push({ binding, after })
      this.#undo.push({ prefix, before: this.#scope.get(prefix) })
      this.#scope.set(prefix, binding)
    }
    return declarations
  }

  /** What a prefix means here; an unbound empty prefix is "no namespace". */
  lookup(prefix: string, offset: number): number {
    const binding = this.#scope.get(prefix)
    if (binding !== undefined) return this.bindings[binding]?.uri === '' ? NO_BINDING : binding
    if (prefix === '') return NO_BINDING
    return this.#fail(offset, `prefix "${quoted(prefix, 40)}" is not declared`)
  }

  #bind(prefix: string, uri: string, offset: number): number {
    const pair = `${prefix} ${uri}`
    const known = this.#known.get(pair)
    if (known !== undefined) return known
    if (this.bindings.length > MAX_NAMESPACES) {
      this.#fail(offset, `there are more than ${MAX_NAMESPACES} namespaces`)
    }
    this.#known.set(pair, this.bindings.length)
    return this.bindings.push({ prefix, uri }) - 1
  }
}

function wrongDeclaration(prefix: string, uri: string): string | undefined {
  if (prefix === 'xml' && uri === XML_URI) return undefined
  if (prefix === 'xml' || uri === XML_URI) return '"xml" and its namespace belong together'
  if (prefix === 'xmlns' || uri === XMLNS_URI) return '"xmlns" cannot be declared'
  if (uri === '' && prefix !== '') return 'a prefix needs a namespace'
  if (!fitsBytes(prefix, MAX_PREFIX_BYTES)) return 'the prefix is too long'
  if (!fitsBytes(uri, MAX_NAME_BYTES)) return 'the namespace is too long'
  return undefined
}
