// Two versions to operations. Fields that are equal in both versions give no operation, whatever the current document
// holds. Of siblings only those outside a longest common order move.
import { sameValue } from '../crdt.ts'
import { roleKey } from '../keys.ts'
import { type Fields, type Namespace, place, type Records, text, type Value } from '../model.ts'
import { Aliases } from './aliases.ts'
import { type Matching, matchKeys, matchNodes } from './matcher.ts'
import type { List, Op, Placed } from './op.ts'
import { stable } from './sequence.ts'
import { FLOW_LISTS, idOf, lanesOf, orderIn, RecordTree, referenced, type TreeNode } from './tree.ts'

/** Neighbours named on each side of a run: others may go meanwhile; after so many the order is a guess anyway. */
const NEIGHBOURS = 8
/** Starts the provisional key of a node that has neither an id nor a role. */
export const ANONYMOUS = '~+'
/** Fields that are compared as lists, or that nobody writes. */
const PLACES = ['#p', '#l', '#t0', '#p0']
/** Entries of `meta` that a text shows. */
const TEXT_META = ['decl', 'style', 'nso', 'geo']

/**
 * What leads from one version of a diagram to another, in the keys and aliases of `base`. Nodes are matched by what they
 * are and say, so both may be imports of texts; a version that a client saved from its own document goes to
 * `diffRecords`.
 */
export function diff(base: Records, next: Records): Op[] {
  const [baseTree, nextTree] = [new RecordTree(base), new RecordTree(next)]
  const matching = matchNodes(baseTree, nextTree)
  const keys = nameNodes(base, nextTree, matching)
  const aliases = Aliases.between(base, next)
  return new Diff(baseTree, nextTree, { matching, keys, aliases, meta: TEXT_META, ordersMean: false }).run()
}

/**
 * What leads from one state of a document to another. Nodes are the same if their keys are, and aliases mean the same in
 * both. What is hidden counts too: an edit below a deleted container is an edit.
 */
export function diffRecords(base: Records, next: Records): Op[] {
  const baseTree = new RecordTree(base, { orphans: true })
  const nextTree = new RecordTree(next, { orphans: true })
  const matching = matchKeys(baseTree, nextTree)
  const keys = new Map(nextTree.nodes.map((node) => [node, node.key]))
  const meta = [...TEXT_META, 'title']
  return new Diff(baseTree, nextTree, {
    matching,
    keys,
    aliases: new Aliases(),
    meta,
    ordersMean: true,
  }).run()
}

/** How the new version relates to the base. */
interface Relation {
  readonly matching: Matching
  /** Nodes of the new version to their keys in the operations. */
  readonly keys: ReadonlyMap<TreeNode, string>
  /** Aliases of the new version to those of the base. */
  readonly aliases: Aliases
  /** Entries of `meta` that count. */
  readonly meta: readonly string[]
  /** Whether order keys of the new version stand among those of the base. */
  readonly ordersMean: boolean
}

/** Matched nodes keep the key of the base; the others take the importer's choice (D6): their id, a role, or none. */
function nameNodes(base: Records, next: RecordTree, matching: Matching): Map<TreeNode, string> {
  const keys = new Map<TreeNode, string>()
  const used = new Set<string>()
  for (const node of next.nodes) {
    const twin = matching.toBase.get(node)
    let key = twin?.key
    if (key === undefined) {
      const wish = wishedKey(node, keys)
      const free = wish !== undefined && !base.nodes.has(wish) && !used.has(wish)
      key = free ? wish : `${ANONYMOUS}${keys.size}`
      used.add(key)
    }
    keys.set(node, key)
  }
  return keys
}

function wishedKey(node: TreeNode, keys: ReadonlyMap<TreeNode, string>): string | undefined {
  const parent = idOf(node) === undefined ? node.parent : undefined
  const ofRole = parent && roleKey(keys.get(parent) ?? '', parent, node)
  return ofRole ?? (node.key.includes('~') ? undefined : node.key)
}

class Diff {
  readonly #base: RecordTree
  readonly #next: RecordTree
  readonly #relation: Relation
  readonly #ops: Op[] = []

  constructor(base: RecordTree, next: RecordTree, relation: Relation) {
    this.#base = base
    this.#next = next
    this.#relation = relation
  }

  run(): Op[] {
    this.#document()
    for (const node of this.#next.nodes) this.#node(node)
    this.#children()
    this.#lists()
    this.#deletes()
    return this.#ops
  }

  #key(node: TreeNode): string {
    return this.#relation.keys.get(node) ?? node.key
  }

  // ---- the document's own maps ----

  #document(): void {
    const [base, next] = [this.#base.records, this.#next.records]
    const { aliases, meta } = this.#relation
    for (const name of meta) {
      const written = next.meta.get(name)
      const value = written === undefined ? undefined : aliases.meta(name, written)
      const isLost = value === undefined && name === 'geo'
      if (value !== base.meta.get(name) && !isLost) this.#ops.push({ kind: 'meta', name, value })
    }
    const declared = new Map([...next.ns].map(([alias, ns]) => aliases.namespace(alias, ns)))
    for (const [alias, namespace] of declared) {
      if (!sameNamespace(base.ns.get(alias), namespace)) this.#ops.push({ kind: 'ns', alias, namespace })
    }
    for (const [alias, namespace] of base.ns) {
      // The alias itself stays: somebody may be using it right now, and N9 declares it there.
      if (!namespace.atRoot || declared.has(alias)) continue
      this.#ops.push({ kind: 'ns', alias, namespace: { ...namespace, atRoot: false } })
    }
    for (const [written, names] of next.ao) {
      const [tag, order] = [aliases.name(written), aliases.names(names)]
      if (base.ao.get(tag) !== order) this.#ops.push({ kind: 'ao', tag, order })
    }
  }

  // ---- fields ----

  #node(node: TreeNode): void {
    const key = this.#key(node)
    const twin = this.#relation.matching.toBase.get(node)
    const fields = this.#translated(node.fields)
    dropPlaces(fields, node, this.#next)
    if (twin === undefined) {
      this.#ops.push({ kind: 'create', key, fields: withOrigin(fields, node.fields) })
      return
    }
    const before = new Map(twin.fields)
    dropPlaces(before, twin, this.#base)
    for (const field of new Set([...fields.keys(), ...before.keys()])) {
      const [base, value] = [before.get(field), fields.get(field)]
      if (!sameValue(base, value)) this.#ops.push({ kind: 'set', key, field, base, value })
    }
  }

  /** Fields in the base's aliases and keys. */
  #translated(fields: Fields): Fields {
    const translated = this.#relation.aliases.fields(fields)
    for (const [field, value] of translated) {
      if (typeof value !== 'string') translated.set(field, this.#keysIn(field, value))
    }
    return translated
  }

  #keysIn(field: string, list: readonly string[]): Value {
    const key = (written: string) => {
      const node = this.#next.get(written)
      return node === undefined ? written : this.#key(node)
    }
    // In `#l` every second entry is a key, in a reference the first.
    return list.map((entry, i) => (i === 0 || (field === '#l' && i % 2 === 0) ? key(entry) : entry))
  }

  // ---- places ----

  #children(): void {
    for (const parent of this.#next.parents()) {
      const node = this.#next.get(parent)
      const twin = node && this.#relation.matching.toBase.get(node)
      // The base has nothing below a key that is new.
      const owner = node === undefined ? parent : this.#key(node)
      const members = this.#next.childrenOf(parent)
      const moved = this.#moved(members, this.#base.childrenOf(twin?.key ?? owner))
      this.#arrange({ of: 'children', owner }, members, moved)
    }
  }

  #lists(): void {
    const before = new Map(
      this.#base.lists().map(({ of, owner, members }) => [`${of} ${owner.key}`, members]),
    )
    const touched = new Set<TreeNode>()
    for (const { of, owner, members } of this.#next.lists()) {
      const twin = this.#relation.matching.toBase.get(owner)
      const moved = this.#moved(members, before.get(`${of} ${twin?.key}`) ?? [])
      this.#arrange({ of, owner: this.#key(owner) }, members, moved)
      if (of !== 'members') continue
      for (const [i, node] of members.entries()) if (moved[i]) touched.add(node)
    }
    this.#unlisted()
    this.#lanes(touched)
  }

  /** Flows that lost their entry in a list. */
  #unlisted(): void {
    for (const [node, twin] of this.#relation.matching.toBase) {
      for (const { field, end } of FLOW_LISTS) {
        const base = ownerOf(twin, end, this.#base) && twin.fields.get(field)
        if (base === undefined || node.fields.has(field)) continue
        this.#ops.push({ kind: 'set', key: twin.key, field, base, value: undefined })
      }
    }
  }

  #lanes(touched: ReadonlySet<TreeNode>): void {
    for (const node of this.#next.nodes) {
      const lanes = lanesIn(node, this.#next).map((lane) => this.#key(lane))
      const twin = this.#relation.matching.toBase.get(node)
      const base = twin === undefined ? [] : lanesIn(twin, this.#base).map(({ key }) => key)
      if (sameValue(base, lanes) && !touched.has(node)) continue
      this.#ops.push({ kind: 'lanes', key: this.#key(node), base, lanes })
    }
  }

  /** Which members can't keep their place among those that the base has in this list. */
  #moved(members: readonly TreeNode[], siblings: readonly TreeNode[]): boolean[] {
    const positions = new Map(siblings.map((node, position) => [node, position]))
    const old = members.map((node) => {
      const twin = this.#relation.matching.toBase.get(node)
      return twin && positions.get(twin)
    })
    return stable(old).map((keeps) => !keeps)
  }

  /** One operation for each run of moved members. */
  #arrange(list: List, members: readonly TreeNode[], moved: readonly boolean[]): void {
    for (let from = moved.indexOf(true); from >= 0; ) {
      const unmoved = moved.indexOf(false, from)
      const to = unmoved < 0 ? members.length : unmoved
      const run = members.slice(from, to).map((node) => this.#placed(list, node))
      const after = members.slice(Math.max(0, from - NEIGHBOURS), from).reverse()
      const before: TreeNode[] = []
      for (let at = to; at < members.length && before.length < NEIGHBOURS; at++) {
        const node = moved[at] ? undefined : members[at]
        if (node !== undefined) before.push(node)
      }
      const keys = (nodes: readonly TreeNode[]) => nodes.map((node) => this.#key(node))
      this.#ops.push({ kind: 'arrange', list, run, after: keys(after), before: keys(before) })
      from = moved.indexOf(true, to)
    }
  }

  #placed({ of, owner }: List, node: TreeNode): Placed {
    const twin = this.#relation.matching.toBase.get(node)
    const order = this.#relation.ordersMean ? orderIn(of, owner, node.fields) : undefined
    return { key: this.#key(node), baseParent: twin && place(twin.fields)?.parent, order }
  }

  #deletes(): void {
    for (const node of this.#base.nodes) {
      if (!this.#relation.matching.toNew.has(node))
        this.#ops.push({ kind: 'delete', key: node.key, base: node.fields })
    }
  }
}

/** Places are compared as lists, not as values. */
function dropPlaces(fields: Fields, node: TreeNode, tree: RecordTree): void {
  for (const field of PLACES) fields.delete(field)
  for (const { field, end } of FLOW_LISTS) {
    if (ownerOf(node, end, tree) !== undefined) fields.delete(field)
  }
}

/** What a node was at first stays known in the document that it is created in anew (N0.5). */
function withOrigin(fields: Fields, written: Fields): Fields {
  for (const field of ['#t0', '#p0']) {
    const first = text(written, field)
    if (first !== undefined) fields.set(field, first)
  }
  return fields
}

/** The node whose list a flow stands in. */
function ownerOf(node: TreeNode, end: string, tree: RecordTree): TreeNode | undefined {
  const key = referenced(node.fields, end)
  return key === undefined ? undefined : tree.get(key)
}

function lanesIn(node: TreeNode, tree: RecordTree): TreeNode[] {
  return lanesOf(node.fields)
    .map(({ lane }) => tree.get(lane))
    .filter((lane) => lane !== undefined)
}

function sameNamespace(a: Namespace | undefined, b: Namespace): boolean {
  return a?.uri === b.uri && a.atRoot === b.atRoot && a.prefix === b.prefix
}
