// The vocabulary of a difference: operations, what became of them, conflicts. Only types. Operations name nodes by the
// keys of the base; a node that the new version adds may have a provisional key, which application replaces.
import type { Fields, Namespace, Value } from '../model.ts'

/**
 * One step from a base to a new version. `base` values are those of the base: what differs from them in the current
 * document was changed by somebody else meanwhile.
 */
export type Op =
  /** Sets or removes an entry of `meta`. */
  | { readonly kind: 'meta'; readonly name: string; readonly value: string | undefined }
  /** Declares a namespace, changes its prefix, or takes its declaration from the root. */
  | { readonly kind: 'ns'; readonly alias: string; readonly namespace: Namespace }
  /** Sets the order of a tag's attributes. */
  | { readonly kind: 'ao'; readonly tag: string; readonly order: string }
  /** Adds a node with all fields but the places (`#p`, `#i`, `#u`, `#l`), which come by `arrange`. */
  | { readonly kind: 'create'; readonly key: string; readonly fields: Fields }
  /** Sets or removes a field. */
  | {
      readonly kind: 'set'
      readonly key: string
      readonly field: string
      readonly base: Value | undefined
      readonly value: Value | undefined
    }
  | Arrange
  /** Sets the lanes of a node, outer before inner; its order in each comes by `arrange` or is kept. */
  | {
      readonly kind: 'lanes'
      readonly key: string
      readonly base: readonly string[]
      readonly lanes: readonly string[]
    }
  /** Removes a node. Its descendants that the base knew have operations of their own. */
  | { readonly kind: 'delete'; readonly key: string; readonly base: Fields }

/** Puts a run of neighbours into a list, one after the other. */
export interface Arrange {
  readonly kind: 'arrange'
  readonly list: List
  readonly run: readonly Placed[]
  /** Nodes that stand before the run, the nearest first. */
  readonly after: readonly string[]
  /** Nodes that stand behind the run and are not moved themselves, the nearest first. */
  readonly before: readonly string[]
}

/**
 * An ordered list that a node has a place in: the children of a node (`#p`; `#` is the document), the incoming or
 * outgoing flows of a node (`#i`, `#u` of the flows), the members of a lane (`#l` of the nodes).
 */
export interface List {
  readonly of: ListKind
  readonly owner: string
}

/** The kinds of list. */
export type ListKind = 'children' | 'incoming' | 'outgoing' | 'members'

/** One node of a run. */
export interface Placed {
  readonly key: string
  /** Its parent in the base, where the base has it. */
  readonly baseParent: string | undefined
  /** Its order in the new version, to be kept where it fits; undefined where it means nothing to the base. */
  readonly order: string | undefined
}

/** What became of operations. */
export interface Applied {
  /** Writes made: one per node created or deleted, field set, node moved, entry of a list placed. */
  readonly writes: number
  /** What both sides had changed. */
  readonly conflicts: readonly Conflict[]
}

/** Whose value stands after a clash: that of the current document, or that of the operations. */
export type Side = 'current' | 'ours'

/** Something that both sides changed, and what was done about it. */
export type Conflict = { readonly element: ElementRef } & Clash

/** The kinds of clash. */
export type Clash =
  /** The same field has two new values. */
  | {
      readonly kind: 'field'
      /** Attribute name, or `text`, `bounds`, `waypoints`, `label`, `type`, `lanes`, `parent`. */
      readonly field: string
      readonly base: string | undefined
      readonly current: string | undefined
      readonly ours: string | undefined
      readonly kept: Side
    }
  /** We change what was deleted meanwhile; it stays deleted. */
  | { readonly kind: 'deleted-meanwhile' }
  /** We delete what was changed meanwhile: kept `ours`, it is deleted. */
  | { readonly kind: 'changed-meanwhile'; readonly kept: Side }
  /** We refer to what was deleted meanwhile. */
  | { readonly kind: 'target-deleted'; readonly field: string; readonly target: string }
  /** We put an element into a container that was deleted meanwhile: it is hidden. */
  | { readonly kind: 'parent-deleted'; readonly parent: string }

/** An element as people know it. */
export interface ElementRef {
  readonly key: string
  readonly id?: string
  /** The local element name, such as `userTask`; empty where there is no element. */
  readonly type: string
  readonly name?: string
}

/** One write to the document, ready to be executed. */
export type Write =
  | { readonly kind: 'meta'; readonly name: string; readonly value: string | undefined }
  | { readonly kind: 'ns'; readonly alias: string; readonly namespace: Namespace }
  | { readonly kind: 'ao'; readonly tag: string; readonly order: string }
  | { readonly kind: 'create'; readonly key: string; readonly fields: Fields }
  | { readonly kind: 'set'; readonly key: string; readonly field: string; readonly value: Value | undefined }
  | { readonly kind: 'delete'; readonly key: string }
