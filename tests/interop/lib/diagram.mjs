// Editing a diagram as an editor does: through the records of its document (client-protocol/DOCUMENT.md).
import * as Y from 'yjs'

/** @typedef {Y.Map<Y.Map<any>>} Nodes */

/** Elements that editors show with a name. */
const NAMED = /^(\w+:)?(\w*[tT]ask|startEvent|endEvent|subProcess|callActivity|\w+Gateway)$/

/**
 * A node as it is now: the record at its creation, and what was written over it.
 * @param {Nodes} nodes
 * @param {string} key
 * @returns {Record<string, any> | null}
 */
export function record (nodes, key) {
  const node = nodes.get(key)
  if (!(node instanceof Y.Map)) return null
  const { '#0': created, ...written } = node.toJSON()
  return { ...JSON.parse(created ?? '{}'), ...written }
}

/**
 * What of a diagram may be edited.
 * @param {Nodes} nodes
 */
export function outline (nodes) {
  /** Flow nodes. @type {string[]} */
  const named = []
  /** Shapes with bounds. @type {string[]} */
  const shapes = []
  /** Processes, each with the tag prefix that it uses. @type {{ key: string, prefix: string }[]} */
  const processes = []
  /** Planes, each with the tag prefix that it uses. @type {{ key: string, prefix: string }[]} */
  const planes = []
  for (const key of [...nodes.keys()].sort()) {
    const fields = record(nodes, key)
    const [prefix, local] = split(fields?.['#t'] ?? '')
    if (NAMED.test(local)) named.push(key)
    if (local === 'BPMNShape' && fields?.['#b']) shapes.push(key)
    if (local === 'process') processes.push({ key, prefix })
    if (local === 'BPMNPlane') planes.push({ key, prefix })
  }
  return { named, shapes, processes, planes }
}

/**
 * Draws a task; its shape too where the diagram has a plane.
 * @param {Nodes} nodes
 * @param {ReturnType<typeof outline>} where
 * @param {string} key also its id
 * @param {string} name
 */
export function addTask (nodes, where, key, name) {
  const [process, plane] = [where.processes[0], where.planes[0]]
  if (!process) throw new Error('the diagram has no process')
  const order = `c${key.replace(/\W/g, '')}`
  const make = (/** @type {string} */ id, /** @type {object} */ fields) =>
    nodes.set(id, new Y.Map([['#0', JSON.stringify({ id, ...fields })]]))
  nodes.doc?.transact(() => {
    make(key, { '#t': `${process.prefix}task`, '#p': `${order} ${process.key}`, name })
    if (!plane) return
    make(`${key}_di`, {
      '#t': `${plane.prefix}BPMNShape`, '#p': `${order} ${plane.key}`, '#b': '100 100 100 80', bpmnElement: [key]
    })
  })
}

/** @param {Nodes} nodes @param {string} key */
export function removeTask (nodes, key) {
  nodes.doc?.transact(() => {
    nodes.delete(key)
    nodes.delete(`${key}_di`)
  })
}

/** @param {string} tag @returns {[string, string]} */
function split (tag) {
  const colon = tag.indexOf(':')
  return [tag.slice(0, colon + 1), tag.slice(colon + 1)]
}
