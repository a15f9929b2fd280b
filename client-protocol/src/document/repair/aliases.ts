// Aliases and what they mean (D4, N0.6, N9). An alias that the document does not define but everybody knows
// (`bpmn`, `dc` …) stands for its namespace; the root element then declares it, if it is used.
import { compare, fitsBytes, isNcName } from '../chars.ts'
import { MAX_NAME_BYTES, MAX_PREFIX_BYTES } from '../limits.ts'
import type { Namespace, Records } from '../model.ts'
import { WELL_KNOWN, XML_URI, XMLNS_URI } from '../tables.ts'

/** Where an alias is declared: on the root element, there if something uses it, or on the elements that need it. */
export type Declared = 'root' | 'root if used' | 'element'

const RANKS: Record<Declared, number> = { root: 0, 'root if used': 1, element: 2 }

/** A prefix bound to a namespace. */
export interface Alias {
  readonly name: string
  readonly prefix: string
  readonly uri: string
  readonly declared: Declared
}

/** All aliases of a diagram. */
export class Aliases {
  /** Every one, also those that share their name with one that the document defines otherwise. */
  readonly all: Alias[] = []
  readonly #prefixes = new Set<string>([''])
  readonly #byName = new Map<string, Alias>()

  /** Takes the usable entries of `ns`: what no XML could declare is absent. */
  constructor(records: Records) {
    this.#add('xml', 'xml', XML_URI, 'element')
    for (const [name, namespace] of records.ns) {
      const prefix = namespace.prefix ?? name
      if (name === 'xml' || !isDeclarable(prefix, namespace)) continue
      this.#add(name, prefix, namespace.uri, namespace.atRoot ? 'root' : 'element')
    }
    // All at once, so that no prefix depends on what is written first.
    for (const [name, uri] of WELL_KNOWN) {
      if (!this.#byName.has(name)) this.#byName.set(name, this.ofUri(uri, name))
    }
  }

  /** The alias of that name, well-known ones included. */
  get(name: string): Alias | undefined {
    return this.#byName.get(name)
  }

  /** An alias that the document defines. */
  defined(name: string): Alias | undefined {
    const alias = this.#byName.get(name)
    return alias?.declared === 'root if used' ? undefined : alias
  }

  /**
   * An alias of that namespace: of those declared, one of the root before others, then the least; else a new
   * one that the root declares as `name`, or `name_2`, `name_3` …, if it is used.
   */
  ofUri(uri: string, name: string): Alias {
    let best: Alias | undefined
    for (const alias of this.all) {
      if (alias.uri === uri && (best === undefined || byRank(alias, best) < 0)) best = alias
    }
    return best ?? this.#add(name, this.newPrefix(name), uri, 'root if used')
  }

  /** `base`, `base_2`, `base_3` …: the first that nothing uses, which from now on is used. */
  newPrefix(base: string): string {
    const stem = isNcName(base) && base !== 'xml' && base !== 'xmlns' ? base : 'ns'
    let prefix = stem
    for (let n = 2; this.#prefixes.has(prefix); n++) prefix = `${stem}_${n}`
    this.#prefixes.add(prefix)
    return prefix
  }

  #add(name: string, prefix: string, uri: string, declared: Declared): Alias {
    const alias = { name, prefix, uri, declared }
    this.all.push(alias)
    this.#prefixes.add(prefix)
    // The document's own meaning of a name stands before a well-known one.
    if (!this.#byName.has(name)) this.#byName.set(name, alias)
    return alias
  }
}

function byRank(a: Alias, b: Alias): number {
  return RANKS[a.declared] - RANKS[b.declared] || compare(a.name, b.name)
}

/** Whether a document may bind this prefix to this URI. */
function isDeclarable(prefix: string, { uri }: Namespace): boolean {
  const bindable = prefix === '' || (isNcName(prefix) && uri !== '')
  const short = fitsBytes(prefix, MAX_PREFIX_BYTES) && fitsBytes(uri, MAX_NAME_BYTES)
  return bindable && short && prefix !== 'xml' && prefix !== 'xmlns' && uri !== XML_URI && uri !== XMLNS_URI
}
