// Which node of one version is which node of another. Elements of the model by id, first with the same name, then with
// any (a replaced type); shapes and edges by plane and element; everything else per parent: equal content first, then the
// same name in order. Ids that changed are found by content, so that a renamed id is not a delete and a create.
import { compare } from '../chars.ts'
import type { Value } from '../model.ts'
import { singletonRole } from '../tables.ts'
import { isStyle } from './conflict.ts'
import { idOf, type RecordTree, splitName, type TreeNode } from './tree.ts'

/** A one-to-one relation between nodes of a base and of a new version. */
export interface Matching {
  readonly toBase: ReadonlyMap<TreeNode, TreeNode>
  readonly toNew: ReadonlyMap<TreeNode, TreeNode>
}

/** Matches nodes by their keys: for two states of one document. */
export function matchKeys(base: RecordTree, next: RecordTree): Matching {
  const toBase = new Map<TreeNode, TreeNode>()
  const toNew = new Map<TreeNode, TreeNode>()
  for (const node of next.nodes) {
    const twin = base.get(node.key)
    if (twin === undefined) continue
    toBase.set(node, twin)
    toNew.set(twin, node)
  }
  return { toBase, toNew }
}

/** Matches nodes by what they are and say: for two texts. */
export function matchNodes(base: RecordTree, next: RecordTree): Matching {
  const matcher = new Matcher(base, next)
  matcher.root()
  matcher.byId(true)
  matcher.byId(false)
  matcher.perParent((node) => node.part !== 'drawing')
  matcher.planes()
  matcher.shapes()
  matcher.perParent(() => true)
  return matcher
}

type Side = 'base' | 'new'
/** Says what a node must have in common with its partner; undefined leaves the node out. */
type KeyOf = (side: Side, node: TreeNode) => readonly unknown[] | undefined

/** What a subtree says, as numbers that are equal for equal content under any prefixes. */
interface Content {
  readonly full: number
  /** The same without the element's own id. */
  readonly withoutId: number
}

class Matcher implements Matching {
  readonly toBase = new Map<TreeNode, TreeNode>()
  readonly toNew = new Map<TreeNode, TreeNode>()
  readonly #trees: Record<Side, RecordTree>

  constructor(base: RecordTree, next: RecordTree) {
    this.#trees = { base, new: next }
  }

  /** The root elements, unless they are of different types: then nothing is as it was. */
  root(): void {
    const base = this.#trees.base.root()
    const next = this.#trees.new.root()
    if (base && next && base.uri === next.uri && base.local === next.local) this.#pair(base, next)
  }

  byId(sameName: boolean): void {
    this.#pass((_, node) => {
      const id = node.part === 'model' ? idOf(node) : undefined
      return id === undefined ? undefined : [id, sameName && node.local]
    })
  }

  /** Planes by the element they show, then by id, then in order; diagrams by their plane. */
  planes(): void {
    const isPlane = (node: TreeNode) => node.part === 'drawing' && node.local === 'BPMNPlane'
    const shown = (side: Side, node: TreeNode) => this.#token(side, node.fields.get('bpmnElement'))
    this.#pass((side, node) => (isPlane(node) ? [shown(side, node), idOf(node)] : undefined))
    this.#pass((side, node) => (isPlane(node) ? [shown(side, node)] : undefined))
    this.#pass((_, node) => (isPlane(node) && idOf(node) !== undefined ? [idOf(node)] : undefined))
    this.#pass((_, node) => (isPlane(node) ? [] : undefined))
    for (const plane of this.#trees.new.nodes.filter(isPlane)) {
      const diagram = this.toBase.get(plane)?.parent
      if (diagram && plane.parent) this.#pair(diagram, plane.parent)
    }
  }

  /** Shapes and edges by plane and element: with the same id first, then any; then over planes. */
  shapes(): void {
    const isShown = (node: TreeNode) =>
      node.part === 'drawing' && /^BPMN(?:Shape|Edge)$/.test(node.local) && node.fields.has('bpmnElement')
    const what = (side: Side, node: TreeNode) => [
      this.#token(side, node.fields.get('bpmnElement')),
      node.local,
    ]
    for (const withId of [true, false]) {
      this.#pass((side, node) => {
        const plane = isShown(node) ? this.#plane(side, node) : undefined
        return plane && [plane.key, ...what(side, node), withId && (idOf(node) ?? '')]
      })
    }
    this.#pass((side, node) => (isShown(node) ? [...what(side, node), idOf(node)] : undefined))
    this.#pass((side, node) => (isShown(node) ? what(side, node) : undefined), true)
    this.#pass((_, node) => {
      const id = node.part === 'drawing' ? idOf(node) : undefined
      return id === undefined ? undefined : [id, node.local]
    })
  }

  /** Top down: the unmatched children of each matched parent. */
  perParent(admit: (node: TreeNode) => boolean): void {
    const numbers = new Map<string, number>()
    const contents = { base: this.#contents('base', numbers), new: this.#contents('new', numbers) }
    this.#siblings(undefined, undefined, admit, contents)
    for (const node of this.#trees.new.nodes) {
      const base = this.toBase.get(node)
      if (base !== undefined) this.#siblings(base, node, admit, contents)
    }
  }

  // ---- pairing ----

  #pair(base: TreeNode, next: TreeNode): void {
    if (this.toNew.has(base) || this.toBase.has(next)) return
    this.toNew.set(base, next)
    this.toBase.set(next, base)
  }

  #isPaired(side: Side, node: TreeNode): boolean {
    return side === 'base' ? this.toNew.has(node) : this.toBase.has(node)
  }

  #pass(keyOf: KeyOf, unique = false): void {
    this.#among(this.#trees.base.nodes, this.#trees.new.nodes, keyOf, unique)
  }

  /** Pairs the n-th with the n-th of each key. With `unique`, only where there is one of each. */
  #among(base: readonly TreeNode[], next: readonly TreeNode[], keyOf: KeyOf, unique = false): void {
    const here = this.#waiting('base', base, keyOf)
    for (const [key, there] of this.#waiting('new', next, keyOf)) {
      const twins = here.get(key) ?? []
      if (unique && (twins.length !== 1 || there.length !== 1)) continue
      for (const [i, node] of there.entries()) {
        const twin = twins[i]
        if (twin !== undefined) this.#pair(twin, node)
      }
    }
  }

  /** Unmatched nodes of a side by key, in document order. */
  #waiting(side: Side, nodes: readonly TreeNode[], keyOf: KeyOf): Map<string, TreeNode[]> {
    const waiting = new Map<string, TreeNode[]>()
    for (const node of nodes) {
      const parts = this.#isPaired(side, node) ? undefined : keyOf(side, node)
      if (parts === undefined) continue
      const key = JSON.stringify(parts)
      const others = waiting.get(key)
      if (others === undefined) waiting.set(key, [node])
      else others.push(node)
    }
    return waiting
  }

  #siblings(
    base: TreeNode | undefined,
    next: TreeNode | undefined,
    admit: (node: TreeNode) => boolean,
    contents: Record<Side, ReadonlyMap<TreeNode, Content>>,
  ): void {
    const left = (side: Side, parent: TreeNode | undefined) =>
      (parent?.children ?? this.#trees[side].top).filter((node) => !this.#isPaired(side, node) && admit(node))
    const [here, there] = [left('base', base), left('new', next)]
    if (here.length === 0 || there.length === 0) return
    const pass = (keyOf: KeyOf, unique = false) => this.#among(here, there, keyOf, unique)
    pass((side, node) => [contents[side].get(node)?.full])
    pass((side, node) => (idOf(node) === undefined ? undefined : [contents[side].get(node)?.withoutId]), true)
    pass((_, node) => {
      const id = node.part === 'other' ? idOf(node) : undefined
      return id === undefined ? undefined : [node.uri, node.local, id]
    })
    pass((_, node) => (idOf(node) === undefined ? [node.uri, node.local] : undefined))
    pass((_, node) => {
      const role = singletonRole(next?.local ?? '', node.uri, node.local)
      return role === undefined ? undefined : [node.uri, role]
    }, true)
    pass((_, node) => {
      const definition = node.part === 'model' && node.local.endsWith('EventDefinition')
      return definition ? [node.local] : undefined
    }, true)
  }

  // ---- what nodes mean ----

  /** The plane of the base around a node. */
  #plane(side: Side, node: TreeNode): TreeNode | undefined {
    let plane = node.parent
    while (plane !== undefined && plane.local !== 'BPMNPlane') plane = plane.parent
    return side === 'base' || plane === undefined ? plane : this.toBase.get(plane)
  }

  /** What a reference means: the base key of its target where that is known. */
  #token(side: Side, value: Value | undefined): string | undefined {
    if (typeof value === 'string') return `t${value}`
    const key = value?.[0]
    if (key === undefined) return undefined
    if (side === 'base') return `k${key}`
    const target = this.#trees.new.get(key)
    const twin = target && this.toBase.get(target)
    return twin === undefined ? `n${key}` : `k${twin.key}`
  }

  /** Content of every subtree; equal content gets equal numbers. */
  #contents(side: Side, numbers: Map<string, number>): Map<TreeNode, Content> {
    const { nodes, records } = this.#trees[side]
    const numberOf = (...parts: unknown[]) => {
      const text = JSON.stringify(parts)
      const number = numbers.get(text) ?? numbers.size
      numbers.set(text, number)
      return number
    }
    const contents = new Map<TreeNode, Content>()
    // Children stand behind their parents.
    for (const node of [...nodes].reverse()) {
      const fields: (readonly [string, string, ...unknown[]])[] = []
      for (const [field, value] of node.fields) {
        if (!isContent(field)) continue
        const [alias, local] = splitName(field)
        const said = typeof value === 'string' ? [value] : [this.#token(side, value), value.slice(1)]
        fields.push([records.ns.get(alias)?.uri ?? alias, local, ...said])
      }
      fields.sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
      const others = fields.filter(([uri, local]) => uri !== '' || local !== 'id')
      const children = node.children.map((child) => contents.get(child)?.full)
      const full = numberOf(node.uri, node.local, fields, children)
      const withoutId =
        others.length === fields.length ? full : numberOf(node.uri, node.local, others, children)
      contents.set(node, { full, withoutId })
    }
    return contents
  }
}

/** Fields that say something, unlike those that hold places and style. */
function isContent(field: string): boolean {
  return !['#t', '#p', '#i', '#u', '#l'].includes(field) && !isStyle(field)
}
