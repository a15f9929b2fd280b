// The names of one diagram in the aliases of another: by URI, so that a version may change prefixes. Attributes without
// a prefix are in no namespace and never take an alias.
import { compare, splitOnce } from '../chars.ts'
import { parseStrings, write } from '../json.ts'
import type { Fields, Namespace, Records, Value } from '../model.ts'

/** Aliases of one side to aliases of the other; those that are the same are left out. */
export class Aliases {
  readonly #map: ReadonlyMap<string, string>

  constructor(map: Iterable<readonly [string, string]> = []) {
    this.#map = new Map([...map].filter(([alias, mapped]) => alias !== mapped))
  }

  /**
   * Pairs equal URIs: first those with the same prefix, then in order. What the base lacks gets an alias that is free in
   * both.
   */
  static between(base: Records, other: Records): Aliases {
    const map = new Map<string, string>()
    const free = new Map(sorted(base.ns))
    const foreign = sorted(other.ns)
    const passes: ((alias: string, ns: Namespace, baseAlias: string, baseNs: Namespace) => boolean)[] = [
      (alias, ns, baseAlias, baseNs) =>
        alias === baseAlias && prefixOf(alias, ns) === prefixOf(baseAlias, baseNs),
      (alias, ns, baseAlias, baseNs) => prefixOf(alias, ns) === prefixOf(baseAlias, baseNs),
      () => true,
    ]
    for (const fits of passes) {
      for (const [alias, ns] of foreign) {
        if (map.has(alias)) continue
        const twin = [...free].find(([b, baseNs]) => baseNs.uri === ns.uri && fits(alias, ns, b, baseNs))
        if (twin === undefined) continue
        free.delete(twin[0])
        map.set(alias, twin[0])
      }
    }
    const used = new Set([...base.ns.keys(), ...map.values()])
    for (const [alias] of foreign) {
      if (map.has(alias)) continue
      const name = freeAlias(alias, (name) => used.has(name))
      used.add(name)
      map.set(alias, name)
    }
    return new Aliases(map)
  }

  alias(alias: string): string {
    return this.#map.get(alias) ?? alias
  }

  /** A tag or an attribute name. */
  name(name: string): string {
    if (this.#map.size === 0 || name.startsWith('#')) return name
    const [alias, local] = splitOnce(name, ':') ?? []
    return alias === undefined ? name : `${this.alias(alias)}:${local}`
  }

  /** Names separated by spaces. */
  names(names: string): string {
    return names
      .split(' ')
      .map((name) => this.name(name))
      .join(' ')
  }

  /** A field's value: only `#t` and `#o` hold names, and `#n` aliases. */
  value(field: string, value: Value): Value {
    if (typeof value !== 'string') return value
    if (field === '#t') return this.name(value)
    if (field === '#o') return this.names(value)
    return field === '#n' ? this.#aliases(value) : value
  }

  fields(fields: Fields): Fields {
    return new Map([...fields].map(([name, value]) => [this.name(name), this.value(name, value)]))
  }

  /** An entry of `meta`, where it holds names. */
  meta(name: string, value: string): string {
    if (name === 'nso') return this.#aliases(value)
    if (name !== 'geo' || this.#map.size === 0) return value
    // An object of names, one of them with `=` and a value behind it.
    return write([...parseStrings(value)].map(([part, tag]) => [part, this.name(tag)]))
  }

  /** A declaration under the alias that it gets; its prefix stays. */
  namespace(alias: string, { uri, atRoot, ...ns }: Namespace): [string, Namespace] {
    const mapped = this.alias(alias)
    const prefix = ns.prefix ?? alias
    return [mapped, prefix === mapped ? { uri, atRoot } : { uri, atRoot, prefix }]
  }

  /** Aliases separated by spaces; `@` marks an attribute name among them. */
  #aliases(aliases: string): string {
    const mapped = aliases
      .split(' ')
      .map((alias) => (alias.startsWith('@') ? `@${this.name(alias.slice(1))}` : this.alias(alias)))
    return mapped.join(' ')
  }
}

/** The alias, or the first of `alias$2`, `alias$3` … that is not taken. */
export function freeAlias(alias: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(alias)) return alias
  const [stem = alias] = alias.split('$')
  let n = 2
  while (isTaken(`${stem}$${n}`)) n++
  return `${stem}$${n}`
}

function prefixOf(alias: string, namespace: Namespace): string {
  return namespace.prefix ?? alias
}

function sorted(ns: Records['ns']): [string, Namespace][] {
  return [...ns].sort(([a], [b]) => compare(a, b))
}
