// What stands inside an element: geometry, children, derived lists, text (N8, N10.3, N10.4).
import { onlySpace } from '../chars.ts'
import { parseBounds, parseWaypoints } from '../geometry.ts'
import { MAX_DEPTH } from '../limits.ts'
import { text } from '../model.ts'
import { isDrawing, standsBeforeLists } from '../tables.ts'
import type { ShownNode } from '../view.ts'
import { type Decisions, reference } from './attributes.ts'
import type { Node } from './graph.ts'
import type { Lists } from './lists.ts'

/** The content of an element. */
export interface Content {
  readonly geometry: Pick<ShownNode, 'bounds' | 'label' | 'waypoints'>
  readonly children: Node[]
  readonly leading: number
  readonly lists: Lists
  readonly block: boolean
  /** Its own text, with the key that it refers to. */
  readonly text: { readonly value: string; readonly target?: string } | undefined
}

/** Collects the content of an element with so many ancestors; `preserve`: white space in it counts. */
export function contentOf(
  decisions: Decisions,
  lists: Lists,
  node: Node,
  depth: number,
  preserve: boolean,
): Content {
  // As deep as a reader goes there is room for text only.
  const levels = MAX_DEPTH - depth - 1
  const geometry = levels > 0 ? geometryOf(node, levels) : {}
  const derived = levels > 0 ? lists : {}
  const own = ownText(decisions, node)
  const children = node.children.filter(
    (child) => child.live && !isEmptyText(child) && !isHidden(child, geometry),
  )
  const leading = leadingOf(node, children)
  const texts = children.filter(isText)
  const real =
    (own !== undefined && (isCdata(node) || !onlySpace(own.value))) ||
    texts.some((child) => child.tag.kind === 'cdata' || !onlySpace(dataOf(child)))
  const beside =
    children.length > texts.length || Object.keys(geometry).length > 0 || Object.keys(derived).length > 0
  const block = beside && !real && !preserve
  return {
    geometry,
    children: block ? children.filter((child) => !isText(child)) : children,
    leading,
    lists: derived,
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
function ownText(decisions: Decisions, node: Node): Content['text'] {
  const value = node.fields.get('#x')
  if (value === undefined) return undefined
  if (typeof value !== 'string') {
    return node.tag.role === 'reference' ? reference(decisions, node, '#x', value) : undefined
  }
  return value === '' && !isCdata(node) ? undefined : { value }
}

/** The regular children that are fields (D11), where they are of their form. */
function geometryOf(node: Node, levels: number): Content['geometry'] {
  const { role } = node.tag
  const geometry: { bounds?: string; label?: string; waypoints?: string } = {}
  const bounds = text(node.fields, '#b')
  const waypoints = text(node.fields, '#w')
  const label = text(node.fields, '#lb')
  if ((role === 'shape' || role === 'label') && bounds !== undefined && parseBounds(bounds)) {
    geometry.bounds = bounds
  }
  if (role === 'edge' && waypoints !== undefined && parseWaypoints(waypoints)) geometry.waypoints = waypoints
  if ((role === 'shape' || role === 'edge') && label !== undefined && (label === '' || parseBounds(label))) {
    geometry.label = levels > 1 ? label : ''
  }
  return geometry
}

/** The fields win over child nodes that say the same (N8). */
function isHidden(child: Node, geometry: Content['geometry']): boolean {
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
