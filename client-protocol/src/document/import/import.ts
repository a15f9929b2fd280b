// XML to records (D3–D14). Deterministic: the same text always gives the same records, keys included. Nothing of the
// infoset is lost; what the source has broken is marked, so that it comes out as it came in (D13).
import { onlySpace } from '../chars.ts'
import { DOCUMENT, type Fields, noRecords, type Records, text } from '../model.ts'
import { nth } from '../order.ts'
import { findings } from '../repair/project.ts'
import { hasReferences, isReferenceAttribute, isReferenceElement } from '../tables.ts'
import { parseXml } from '../xml/parse.ts'
import { childrenOf, type XmlElement } from '../xml/tree.ts'
import { findGeo, type Geo, type Inlined, inline, writeGeo } from './inline.ts'
import { assignKeys } from './keys.ts'
import { Profiles } from './profiles.ts'
import { type Keys, References } from './references.ts'
import { Source } from './source.ts'
import { declaration, style } from './style.ts'

/** The version of the schema, as `meta.v` holds it. */
const SCHEMA_VERSION = '1'
/** A node can break each of the five rules of D13, and one is found at a time. */
const MARKING_ROUNDS = 5

/**
 * Reads a BPMN text into records. The text need not be BPMN.
 *
 * @throws {ReadError} what is not well-formed XML with namespaces, holds a document type declaration or passes a
 * bound (D1), with its place
 */
export function importXml(input: Uint8Array | string): Records {
  const records = new Importer(new Source(parseXml(input))).records()
  markRepairs(records)
  return records
}

class Importer {
  readonly #profiles: Profiles
  readonly #references: References
  readonly #geo: Geo
  readonly #inlined: Inlined
  readonly #keys: Keys

  readonly #source: Source

  constructor(source: Source) {
    this.#source = source
    this.#profiles = new Profiles(source)
    this.#references = new References(source)
    this.#geo = findGeo(source)
    this.#inlined = inline(source, this.#profiles, this.#references, this.#geo)
    this.#keys = assignKeys(source, this.#inlined)
  }

  records(): Records {
    const [source, keys] = [this.#source, this.#keys]
    const records: Records = {
      ...noRecords(),
      meta: this.#meta(),
      ns: source.aliases.namespaces(),
      ao: this.#profiles.attributeOrders(),
    }
    const siblings = new Map<string, number>()
    for (const [index, key] of keys.entries()) {
      if (key === undefined) continue
      const parent = source.parent(index)
      const parentKey = (parent === undefined ? undefined : keys[parent]) ?? DOCUMENT
      const place = siblings.get(parentKey) ?? 0
      siblings.set(parentKey, place + 1)
      const record: Fields = new Map([['#p', `${nth(place)} ${parentKey}`]])
      this.#fill(index, record)
      this.#inlined.addFields(index, record, keys)
      records.nodes.set(key, record)
    }
    this.#markOddIds(records)
    return records
  }

  /** The node's own fields. */
  #fill(index: number, record: Fields): void {
    const node = this.#source.tree.nodes[index]
    if (node === undefined) return
    if (node.kind === 'element') {
      this.#fillElement(index, node, record)
      return
    }
    if (node.kind === 'pi') record.set('#pn', node.target)
    record.set('#t', `#${node.kind}`)
    record.set('#x', node.text)
  }

  #fillElement(index: number, element: XmlElement, record: Fields): void {
    const { aliases, tree } = this.#source
    const refers = hasReferences(this.#source.vocabulary(element))
    record.set('#t', aliases.tag(element.name))
    for (const { name, value } of element.attributes) {
      const field = aliases.tag(name)
      const reference = refers && isReferenceAttribute(field)
      const resolved = reference ? this.#references.resolve(index, field, value, this.#keys) : undefined
      record.set(field, resolved ?? value)
    }
    if (index !== tree.root && element.declarations.length > 0) {
      record.set('#n', element.declarations.map(({ binding }) => aliases.name(binding)).join(' '))
    }
    const order = this.#profiles.ownOrder(index)
    if (order !== undefined) record.set('#o', order)
    this.#fillText(index, element, record)
  }

  #fillText(index: number, element: XmlElement, record: Fields): void {
    const only = this.#source.onlyText(index)
    if (only?.kind === 'cdata') {
      record.set('#x', only.text)
      record.set('#cd', '1')
    } else if (only !== undefined) {
      const refers = this.#source.vocabulary(element) === 'bpmn' && isReferenceElement(element.name.local)
      const resolved = refers ? this.#references.resolve(index, '#x', only.text, this.#keys) : undefined
      record.set('#x', resolved ?? only.text)
    }
  }

  #meta(): Map<string, string> {
    const meta = new Map([['v', SCHEMA_VERSION]])
    const optional = {
      title: this.#title(),
      decl: declaration(this.#source.tree),
      style: style(this.#source),
      geo: writeGeo(this.#geo),
      nso: this.#source.aliases.rootOrder(),
    }
    for (const [name, value] of Object.entries(optional)) {
      if (value !== undefined) meta.set(name, value)
    }
    return meta
  }

  /** The name of the definitions, else of the first process that has one. */
  #title(): string | undefined {
    const source = this.#source
    const { root } = source.tree
    const processes = childrenOf(source.tree, root).filter((child) => source.is(child, 'bpmn', 'process'))
    for (const index of [root, ...processes]) {
      const element = source.element(index)
      const name = element && source.attribute(element, 'name')
      if (name !== undefined && !onlySpace(name)) return name
    }
    return undefined
  }

  /** `#dup`: an id that the source doubled, or wrote with white space around it. */
  #markOddIds(records: Records): void {
    for (const index of this.#references.oddIds) {
      const record = records.nodes.get(this.#keys[index] ?? '')
      const id = record && text(record, 'id')
      if (id !== undefined) record?.set('#dup', id)
    }
  }
}

/** `#raw`: the rules that would drop or alter a node although it is as the source has it (D13). */
function markRepairs(records: Records): void {
  for (let round = 0; round < MARKING_ROUNDS; round++) {
    const found = findings(records)
    if (found.length === 0) return
    for (const { key, rule } of found) {
      const record = records.nodes.get(key)
      const raw = record && text(record, '#raw')
      record?.set('#raw', raw === undefined ? rule : `${raw} ${rule}`)
    }
  }
}
