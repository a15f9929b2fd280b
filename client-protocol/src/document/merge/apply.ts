// Operations onto a shared document, inside one transaction. Reads only the nodes that the operations name.
import type * as Y from 'yjs'
import {
  createNode,
  deleteNode,
  readAttributeOrder,
  readMeta,
  readNamespace,
  readNode,
  readRecords,
  removeField,
  removeMeta,
  setAttributeOrder,
  setField,
  setMeta,
  setNamespace,
} from '../crdt.ts'
import type { Random } from '../order.ts'
import { diffRecords } from './diff.ts'
import type { Applied, Op, Side, Write } from './op.ts'
import { resolve } from './resolve.ts'

/** How operations are applied. */
export interface ApplyOptions {
  /** Whose value stands where both sides changed the same; both are reported. Default: `ours`, the operations'. */
  readonly prefer?: Side
  /** The origin of the transaction. */
  readonly origin?: unknown
  /** Makes keys and orders of new nodes. */
  readonly random?: Random
}

/**
 * Applies operations to a document as it is now, in one transaction. What others did since the base stays, unless both
 * sides changed the same, which is reported. Applying operations again changes nothing more, as long as nobody undid them;
 * only nodes without a key of their own (`~+…`, by `diff`) come again.
 */
export function applyOps(doc: Y.Doc, ops: readonly Op[], options: ApplyOptions = {}): Applied {
  const { prefer = 'ours', origin, random = Math.random } = options
  const current = {
    node: (key: string) => readNode(doc, key),
    meta: (name: string) => readMeta(doc, name),
    ns: (alias: string) => readNamespace(doc, alias),
    ao: (tag: string) => readAttributeOrder(doc, tag),
  }
  return doc.transact(() => {
    const { writes, conflicts } = resolve(ops, current, prefer, random)
    return { writes: writes.filter((write) => execute(doc, write)).length, conflicts }
  }, origin)
}

/**
 * Carries edits over into another history of the same diagram: changes `target` by what differs between `base` and
 * `mine`.
 */
export function carryRecords(base: Y.Doc, mine: Y.Doc, target: Y.Doc, options: ApplyOptions = {}): Applied {
  return applyOps(target, diffRecords(readRecords(base), readRecords(mine)), options)
}

/** Executes one write; false where the document is so already. */
function execute(doc: Y.Doc, write: Write): boolean {
  switch (write.kind) {
    case 'meta':
      return write.value === undefined ? removeMeta(doc, write.name) : setMeta(doc, write.name, write.value)
    case 'ns':
      return setNamespace(doc, write.alias, write.namespace)
    case 'ao':
      return setAttributeOrder(doc, write.tag, write.order)
    case 'create':
      return createNode(doc, write.key, write.fields)
    case 'set':
      return write.value === undefined
        ? removeField(doc, write.key, write.field)
        : setField(doc, write.key, write.field, write.value)
    case 'delete':
      return deleteNode(doc, write.key)
  }
}
