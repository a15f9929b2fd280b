// What stands inside an element: geometry, children, derived lists, text (N8, N10.3, N10.4).
import { onlySpace } from '../chars.ts'
import { isBounds, isWaypoints } from '../geometry.ts'
import { MAX_DEPTH } from '../limits.ts'
import { text } from '../model.ts'
import { isDrawing, standsBeforeLists } from '../tables.ts'
import type { ShownNode } from '../view.ts'
import { type Decisions, reference, type Shown } from './attributes.ts'
import type { Node } from './graph.ts'
import { type Lists, NO_LISTS } from './lists.ts'

/** The regular children that are fields (D11). */
type Geometry = Pick<ShownNode, 'bounds' | 'label' | 'waypoints'>

/** The content of an element. */
export interface Content {
  readonly geometry: Geometry
  readonly children: readonly Node[]
  readonly leading: number
  readonly lists: Lists
  readonly block: boolean
  /** Its own text, with the key that it refers to. */
  readonly text: Shown | undefined
}

const NO_GEOMETRY: Geometry = { bounds: undefined, label: undefined, waypoints: undefined }
const NO_CHILDREN: readonly Node[] = []

/** Collects the content of an element with so many ancestors; `preserve`: white space in it counts. */
export function contentOf(
  decisions: Decisions,
  derived: Lists,
  node: Node,
  depth: number,
  preserve: boolean,
): Content {
  // As deep as a reader goes there is room for text only.
  const levels = MAX_DEPTH - depth - 1
  const geometry = levels > 0 ? geometryOf(node, levels) : NO_GEOMETRY
  const lists = levels > 0 ? derived : NO_LISTS
  const own = ownText(decisions, node)
  const children = shownChildren(node, geometry)
  const beside = geometry !== NO_GEOMETRY || lists !== NO_LISTS || children.some((child) => !isText(child))
  const real = (own !== undefined && (isCdata(node) || !onlySpace(own.value))) || children.some(isRealText)
  const block = beside && !real && !preserve
  return {
    geometry,
    children: block && children.some(isText) ? children.filter((child) => !isText(child)) : children,
    leading: leadingOf(node, children),
    lists,
    block,
    text: block ? undefined : own,
  }
}

/** The text of a text, comment or instruction. */
export function dataOf(node: Node): string {
  return text(node.fields, '#x') ?? ''
}

/** Whether its own text was one CDATA section. */
export function isCdata(node: Node): boolean {
  return text(node.fields, '#cd') === '1'
}

/** `#x`, which on reference elements may be a reference. */
function ownText(decisions: Decisions, node: Node): Shown | undefined {
  const value = node.fields.get('#x')
  if (value === undefined) return undefined
  if (typeof value !== 'string') {
    return node.tag.role === 'reference' ? reference(decisions, node, '#x', value) : undefined
  }
  return value === '' && !isCdata(node) ? undefined : { value, target: undefined }
}

/** The fields for regular children, where they are of their form. */
function geometryOf({ fields, tag: { role } }: Node, levels: number): Geometry {
  if (role !== 'shape' && role !== 'edge' && role !== 'label') return NO_GEOMETRY
  const bounds = role === 'edge' ? undefined : text(fields, '#b')
  const waypoints = role === 'edge' ? text(fields, '#w') : undefined
  const label = role === 'label' ? undefined : text(fields, '#lb')
  const sound = label === '' || (label !== undefined && isBounds(label))
  const geometry = {
    bounds: bounds !== undefined && isBounds(bounds) ? bounds : undefined,
    label: sound ? (levels > 1 ? label : '') : undefined,
    waypoints: waypoints !== undefined && isWaypoints(waypoints) ? waypoints : undefined,
  }
  const { bounds: b, label: l, waypoints: w } = geometry
  return b === undefined && l === undefined && w === undefined ? NO_GEOMETRY : geometry
}

/** The children that neither a field stands for nor nothing is in. */
function shownChildren(node: Node, geometry: Geometry): readonly Node[] {
  if (node.children.length === 0) return NO_CHILDREN
  return node.children.filter((child) => child.live && !isEmptyText(child) && !isHidden(child, geometry))
}

/** The fields win over child nodes that say the same (N8). */
function isHidden(child: Node, geometry: Geometry): boolean {
  if (!isDrawing(child.tag.vocabulary)) return false
  const { local } = child.tag.name
  return (
    (local === 'Bounds' && geometry.bounds !== undefined) ||
    (local === 'waypoint' && geometry.waypoints !== undefined) ||
    (local === 'BPMNLabel' && geometry.label !== undefined)
  )
}

function isText(node: Node): boolean {
  return node.tag.kind === 'text' || node.tag.kind === 'cdata'
}

function isRealText(node: Node): boolean {
  return node.tag.kind === 'cdata' || (node.tag.kind === 'text' && !onlySpace(dataOf(node)))
}

/** An empty text is absent; an empty CDATA section is not. */
function isEmptyText(node: Node): boolean {
  return node.tag.kind === 'text' && dataOf(node) === ''
}

/** N8: the derived lists stand behind the run of children that the schema puts first. */
function leadingOf(node: Node, children: readonly Node[]): number {
  const lane = node.tag.role === 'lane'
  const leads = ({ tag }: Node) => tag.vocabulary === 'bpmn' && standsBeforeLists(tag.name.local, lane)
  const end = children.findIndex((child) => !leads(child))
  return end < 0 ? children.length : end
}
