// Start and end tags, and the declarations of namespaces that they need (N9).
import { compare } from '../chars.ts'
import type { Records } from '../model.ts'
import type { Alias, Aliases } from '../repair/aliases.ts'
import { parseOrder } from '../repair/attributes.ts'
import { Scope } from './scope.ts'
import type { Attribute, Named } from './shapes.ts'
import type { Style } from './style.ts'

/** An element that was opened: how far its tag is written, its name, and the scope to go back to. */
export interface Opened {
  readonly text: string
  readonly name: string
  readonly mark: number
}

/** Writes tags, keeping track of what is in scope. */
export class Tags {
  readonly #aliases: Aliases
  readonly #style: Style
  readonly #scope = new Scope()
  /** Prefixes made up where an alias's own prefix is taken, the same at every place. */
  readonly #standIns = new Map<Alias, string>()
  readonly #used = new Set<Alias>()

  constructor(aliases: Aliases, style: Style) {
    this.#aliases = aliases
    this.#style = style
  }

  /** `<name` with declarations and attributes; `declared`: aliases that the element itself declares (`#n`). */
  open(named: Named, attributes: readonly Attribute[], declared: Iterable<string> = []): Opened {
    const mark = this.#scope.mark()
    this.#declare(declared, named.alias, mark)
    let written = ''
    const name = this.#settle(named, attributes, mark, (_, text) => {
      written += text
    })
    let text = `<${name}`
    for (const prefix of this.#scope.since(mark)) text += this.#declaration(prefix)
    return { text: text + written, name, mark }
  }

  /**
   * The same of the root element: its declarations in the order of `meta.nso`, in which `@field` stands for an
   * attribute that the source had between them. `usedAtRoot` goes between the text and what is `behind` it.
   */
  openRoot(named: Named, attributes: readonly Attribute[], { meta }: Records): Opened & { behind: string } {
    const order = [...parseOrder(meta.get('nso') ?? '')]
    const declared = this.#aliases.all.filter((alias) => alias.declared === 'root').map((alias) => alias.name)
    const unlisted = declared.filter((alias) => !order.includes(alias)).sort(compare)
    const mark = this.#scope.mark()
    this.#declare([...order.filter((alias) => declared.includes(alias)), ...unlisted], named.alias, mark)
    const settled = new Map<string, string>()
    const name = this.#settle(named, attributes, mark, (field, text) => settled.set(field, text))
    const waiting = new Map(this.#scope.since(mark).map((prefix) => [prefix, this.#declaration(prefix)]))
    const written = (token: string) => {
      if (token.startsWith('@')) return take(settled, token.slice(1))
      return take(waiting, this.#aliases.defined(token)?.prefix)
    }
    const last = order.findLastIndex((token) => !token.startsWith('@'))
    const end = last < 0 ? order.length : last + 1
    const before = order.slice(0, end).map(written).join('')
    const behind = order.slice(end).map(written).join('')
    const text = `<${name}${before}${[...waiting.values()].join('')}`
    return { text, name, mark, behind: behind + [...settled.values()].join('') }
  }

  /** What the root declares because something used it, once everything is written. */
  usedAtRoot(): string {
    return [...this.#used]
      .filter((alias) => alias.declared === 'root if used')
      .sort((a, b) => compare(a.name, b.name) || compare(a.uri, b.uri))
      .map(({ prefix, uri }) => ` xmlns:${prefix}="${this.#style.value(uri)}"`)
      .join('')
  }

  /** What an element declares is out of scope. */
  leave({ mark }: Opened): void {
    this.#scope.release(mark)
  }

  /** Declares aliases: a prefix once only, and never against the element's own tag. */
  #declare(names: Iterable<string>, own: Alias | undefined, mark: number): void {
    for (const name of names) {
      const alias = name === '' ? undefined : this.#aliases.defined(name)
      if (alias === undefined || this.#scope.since(mark).includes(alias.prefix)) continue
      const against = alias.prefix === (own?.prefix ?? '') && alias.uri !== (own?.uri ?? '')
      if (!against) this.#scope.bind(alias.prefix, alias.uri)
    }
  }

  /** Settles prefixes: gives the name of the element, and hands on every attribute as it is written. */
  #settle(
    { alias, local }: Named,
    attributes: readonly Attribute[],
    mark: number,
    hand: (field: string, text: string) => void,
  ): string {
    const own = this.#elementPrefix(alias, mark)
    const taken = [own]
    for (const { field, alias, local, value } of attributes) {
      const prefix = alias === undefined ? '' : this.#attributePrefix(alias, taken, mark)
      if (prefix !== '') taken.push(prefix)
      hand(field, ` ${qualified(prefix, local)}="${this.#style.value(value)}"`)
    }
    return qualified(own, local)
  }

  /** The prefix of an element's tag, declared on it if need be. */
  #elementPrefix(alias: Alias | undefined, mark: number): string {
    if (alias === undefined) {
      if (this.#scope.meaning('') !== '') this.#scope.bind('', '')
      return ''
    }
    this.#used.add(alias)
    if (this.#isInScope(alias)) return alias.prefix
    if (this.#scope.since(mark).includes(alias.prefix)) return this.#standIn(alias)
    this.#scope.bind(alias.prefix, alias.uri)
    return alias.prefix
  }

  /** An attribute in a namespace needs a prefix, and one that this element does not use otherwise. */
  #attributePrefix(alias: Alias, taken: readonly string[], mark: number): string {
    this.#used.add(alias)
    if (alias.prefix === '') return this.#prefixInScope(alias.uri) ?? this.#standIn(alias)
    if (this.#isInScope(alias)) return alias.prefix
    if (taken.includes(alias.prefix) || this.#scope.since(mark).includes(alias.prefix))
      return this.#standIn(alias)
    this.#scope.bind(alias.prefix, alias.uri)
    return alias.prefix
  }

  /** A prefix in scope for a namespace, of the alias with the least name. */
  #prefixInScope(uri: string): string | undefined {
    let best: Alias | undefined
    for (const alias of this.#aliases.all) {
      const fits = alias.uri === uri && alias.prefix !== '' && this.#scope.meaning(alias.prefix) === uri
      if (fits && (best === undefined || compare(alias.name, best.name) < 0)) best = alias
    }
    return best?.prefix
  }

  #isInScope({ declared, prefix, uri }: Alias): boolean {
    return declared === 'root if used' || this.#scope.meaning(prefix) === uri
  }

  #standIn(alias: Alias): string {
    const standIn = this.#standIns.get(alias) ?? this.#aliases.newPrefix(alias.prefix || alias.name)
    this.#standIns.set(alias, standIn)
    if (this.#scope.meaning(standIn) !== alias.uri) this.#scope.bind(standIn, alias.uri)
    return standIn
  }

  #declaration(prefix: string): string {
    const name = prefix === '' ? 'xmlns' : `xmlns:${prefix}`
    return ` ${name}="${this.#style.value(this.#scope.meaning(prefix) ?? '')}"`
  }
}

function qualified(prefix: string, local: string): string {
  return prefix === '' ? local : `${prefix}:${local}`
}

/** Takes an entry out of a map; empty where there is none. */
function take(from: Map<string, string>, key: string | undefined): string {
  if (key === undefined) return ''
  const text = from.get(key) ?? ''
  from.delete(key)
  return text
}
