// Names between the document (`alias:local`, DOCUMENT.md D4) and the model tree of bpmn-js (`prefix:local`, where
// known packages have prefixes of their own). A namespace that the document lacks gets an alias when it is needed.

import type * as Y from 'yjs'
import { setNamespace } from '../document/crdt.ts'
import type { Namespace, Records } from '../document/model.ts'
import { WELL_KNOWN, XML_URI, XSI_URI } from '../document/tables.ts'
import type { Name } from '../document/view.ts'
import type { Moddle, ModdleObject, Property } from './moddle.ts'

const XSI_TYPE = 'xsi:type'
/** The `serialize` of properties whose elements carry their type in `xsi:type`. */
export const TYPED = 'xsi:type'

/** The name that the model tree gives something: a known package's prefix, else the document's. */
export function treeName(name: Name, moddle: Moddle, ns: Records['ns']): string {
  if (name.uri === '') return name.local
  if (name.uri === XML_URI) return `xml:${name.local}`
  if (name.uri === XSI_URI) return `xsi:${name.local}`
  const prefix = moddle.getPackage(name.uri)?.prefix ?? ns.get(name.alias)?.prefix ?? name.alias
  return prefix === '' ? name.local : `${prefix}:${name.local}`
}

/** Names of the document for what the model tree has. */
export class Namer {
  readonly #doc: Y.Doc
  readonly #moddle: Moddle
  readonly #ns: Map<string, Namespace>

  constructor(doc: Y.Doc, records: Records, moddle: Moddle) {
    this.#doc = doc
    this.#moddle = moddle
    this.#ns = new Map(records.ns)
  }

  /** The tag of an element in a property of its parent. */
  tag(object: ModdleObject | undefined, property: Property | undefined, parentTag: string): string {
    const { serialize } = property?.xml ?? {}
    if (property !== undefined && (object === undefined || serialize !== undefined)) {
      return this.#qualified(property.ns.prefix, property.ns.localName, parentTag)
    }
    const descriptor = object?.$descriptor
    const { prefix = '', localName = '', uri } = descriptor?.ns ?? {}
    if (descriptor?.isGeneric) return `${this.#alias(uri ?? '', prefix, parentTag)}:${localName}`
    const lowered = this.#moddle.getPackage(prefix)?.xml?.tagAlias === 'lowerCase'
    return this.#qualified(
      prefix,
      lowered ? localName.charAt(0).toLowerCase() + localName.slice(1) : localName,
      parentTag,
    )
  }

  /** The value of `xsi:type`, where an element needs one. */
  type(object: ModdleObject | undefined, property: Property | undefined, tag: string): string | undefined {
    if (object === undefined || property?.xml?.serialize !== TYPED || object.$type === property.type)
      return undefined
    const { prefix, localName } = object.$descriptor.ns
    const home = this.#moddle.getPackage(prefix)
    const alias = this.#alias(home?.uri ?? '', prefix, tag)
    const shown = this.#ns.get(alias)?.prefix ?? alias
    return `${shown === '' ? '' : `${shown}:`}${home?.xml?.typePrefix ?? ''}${localName}`
  }

  /** The field of an attribute by the name that a picture gives it; undefined where nothing can name it. */
  attribute(object: ModdleObject, name: string): string | undefined {
    if (name === XSI_TYPE) return `${this.#alias(XSI_URI, 'xsi', '')}:type`
    if (!name.startsWith('@')) {
      const property = object.$descriptor.propertiesByName[name]
      if (property === undefined) return undefined
      const { prefix, localName } = property.ns
      const own = property.inherited || prefix === object.$descriptor.ns.prefix
      return own ? localName : this.#qualified(prefix, localName, '')
    }
    const colon = name.indexOf(':')
    if (colon < 0) return name.slice(1)
    return this.#foreign(name.slice(1, colon), name.slice(colon + 1))
  }

  #qualified(prefix: string, local: string, parentTag: string): string {
    return `${this.#alias(this.#moddle.getPackage(prefix)?.uri ?? '', prefix, parentTag)}:${local}`
  }

  /** An attribute that no package describes has only a prefix. */
  #foreign(prefix: string, local: string): string | undefined {
    if (prefix === 'xml') return `xml:${local}`
    for (const [alias, namespace] of this.#ns) {
      if ((namespace.prefix ?? alias) === prefix && namespace.atRoot) return `${alias}:${local}`
    }
    const known = this.#moddle.getPackage(prefix)
    return known && `${this.#alias(known.uri, prefix, '')}:${local}`
  }

  /** The alias of a namespace: the parent's, else one that the root declares, else a new one. */
  #alias(uri: string, prefix: string, parentTag: string): string {
    const inherited = parentTag.slice(0, Math.max(0, parentTag.indexOf(':')))
    if (this.#uri(inherited) === uri) return inherited
    for (const [alias, namespace] of this.#ns) if (namespace.uri === uri && namespace.atRoot) return alias
    const wellKnown = [...WELL_KNOWN].find(([alias, known]) => known === uri && !this.#ns.has(alias))
    return wellKnown?.[0] ?? this.#declare(uri, prefix)
  }

  #uri(alias: string): string | undefined {
    return this.#ns.get(alias)?.uri ?? WELL_KNOWN.get(alias)
  }

  #declare(uri: string, prefix: string): string {
    const base = prefix === '' ? 'ns' : prefix
    let alias = base
    for (let n = 2; this.#ns.has(alias); n++) alias = `${base}$${n}`
    const namespace =
      alias === base ? { uri, atRoot: true } : { uri, atRoot: true, prefix: alias.replace('$', '_') }
    this.#ns.set(alias, namespace)
    setNamespace(this.#doc, alias, namespace)
    return alias
  }
}
