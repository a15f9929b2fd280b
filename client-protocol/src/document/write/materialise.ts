// Records to XML: namespaces in scope (N9) and canonical bytes (N10) of what `project` shows. The same bytes as the
// server writes; nothing has to be written into a document for its XML to be valid.
import { parseBounds, parseWaypoints } from '../geometry.ts'
import { MAX_INDENT_LEVELS } from '../limits.ts'
import { type Records, text } from '../model.ts'
import { Aliases } from '../repair/aliases.ts'
import { project } from '../repair/project.ts'
import type { Name, ShownNode, View } from '../view.ts'
import { type Attribute, type Named, Shapes } from './shapes.ts'
import { Style } from './style.ts'
import { type Opened, Tags } from './tags.ts'

/** The XML of a diagram; empty if the records hold no element. */
export function materialise(records: Records): string {
  return writeView(records, project(records))
}

/** The XML of a view of these records. */
export function writeView(records: Records, view: View): string {
  return view.root === undefined ? '' : new Writer(records, view).document()
}

class Writer {
  readonly #records: Records
  readonly #view: View
  readonly #aliases: Aliases
  readonly #style: Style
  readonly #shapes: Shapes
  readonly #tags: Tags
  readonly #names = new Map<Name, Named>()
  readonly #parts: string[] = []
  /** Among the parts, where the root declares what turned out to be needed. */
  #rootDeclarations = 0

  constructor(records: Records, view: View) {
    this.#records = records
    this.#view = view
    this.#aliases = new Aliases(records)
    this.#style = new Style(records)
    this.#shapes = new Shapes(records, this.#aliases)
    this.#tags = new Tags(this.#aliases, this.#style)
  }

  document(): string {
    const { declaration, eol, topBreak, finalBreak } = this.#style
    if (declaration !== '') this.#put(declaration)
    for (const key of this.#view.top) {
      if (topBreak && this.#parts.length > 0) this.#put(eol)
      this.#node(key, 0)
    }
    if (finalBreak) this.#put(eol)
    this.#parts[this.#rootDeclarations] = this.#tags.usedAtRoot()
    return this.#parts.join('')
  }

  #put(text: string): void {
    this.#parts.push(text)
  }

  /** The start of a piece of an element's content, or of its end tag. */
  #line({ block }: ShownNode, depth: number): void {
    const { flat, eol, indent } = this.#style
    if (block && !flat) this.#put(eol + indent.repeat(Math.min(depth, MAX_INDENT_LEVELS)))
  }

  #node(key: string, depth: number): void {
    const node = this.#view.nodes.get(key)
    const data = node?.text ?? ''
    if (node === undefined) return
    if (node.kind === 'element') this.#element(node, depth)
    else if (node.kind === 'text') this.#text(data)
    else if (node.kind === 'cdata') this.#put(this.#style.cdata(data))
    else if (node.kind === 'comment') this.#put(this.#style.comment(data))
    else this.#put(this.#style.instruction(text(node.fields, '#pn') ?? '', data))
  }

  /** What is in the last two parts is all that `]]>` may begin with. */
  #text(data: string): void {
    this.#put(this.#style.text(data, this.#parts.slice(-2).join('').slice(-2)))
  }

  #element(node: ShownNode, depth: number): void {
    const opened = this.#open(node)
    if (isEmpty(node)) {
      this.#put(this.#style.emptyEnd)
      this.#tags.leave(opened)
      return
    }
    this.#put('>')
    if (node.text !== undefined && node.cdata) this.#put(this.#style.cdata(node.text))
    else if (node.text !== undefined) this.#text(node.text)
    this.#geometry(node, depth + 1)
    this.#children(node, 0, node.leading, depth + 1)
    this.#list(node, 'incoming', node.incoming, depth + 1)
    this.#list(node, 'outgoing', node.outgoing, depth + 1)
    this.#list(node, 'flowNodeRef', node.members, depth + 1)
    this.#children(node, node.leading, node.children.length, depth + 1)
    this.#line(node, depth)
    this.#close(opened)
  }

  #children(node: ShownNode, start: number, end: number, depth: number): void {
    for (const key of node.children.slice(start, end)) {
      this.#line(node, depth)
      this.#node(key, depth)
    }
  }

  /** Bounds or waypoints, then the label. */
  #geometry(node: ShownNode, depth: number): void {
    const { bounds, label, waypoints } = node
    if (bounds !== undefined) this.#bounds(node, bounds, depth)
    const way = waypoints === undefined ? undefined : parseWaypoints(waypoints)
    for (const [x, y] of way?.points ?? []) {
      this.#line(node, depth)
      this.#leaf(this.#shapes.waypointName, this.#shapes.waypoint(way?.typed ?? false, x, y))
    }
    if (label === undefined) return
    this.#line(node, depth)
    if (label === '') this.#leaf(this.#shapes.labelName, [])
    else this.#label({ ...node, block: !node.preserve }, label, depth)
  }

  #bounds(node: ShownNode, bounds: string, depth: number): void {
    const parsed = parseBounds(bounds)
    if (parsed === undefined) return
    this.#line(node, depth)
    this.#leaf(this.#shapes.boundsName, this.#shapes.bounds(parsed))
  }

  /** A label with bounds, which has block layout wherever white space does not count. */
  #label(layout: ShownNode, bounds: string, depth: number): void {
    const opened = this.#tags.open(this.#shapes.labelName, [])
    this.#put(`${opened.text}>`)
    this.#bounds(layout, bounds, depth + 1)
    this.#line(layout, depth)
    this.#close(opened)
  }

  /** An element without content. */
  #leaf(named: Named, attributes: readonly Attribute[]): void {
    const opened = this.#tags.open(named, attributes)
    this.#put(opened.text + this.#style.emptyEnd)
    this.#tags.leave(opened)
  }

  /** The entries of a derived list (N8), with the alias of their holder. */
  #list(node: ShownNode, local: string, keys: readonly string[] = [], depth: number): void {
    for (const key of keys) {
      this.#line(node, depth)
      const opened = this.#tags.open({ alias: this.#named(node.name).alias, local }, [])
      this.#put(`${opened.text}>`)
      this.#text(this.#view.nodes.get(key)?.id ?? '')
      this.#close(opened)
    }
  }

  #close(opened: Opened): void {
    this.#put(`</${opened.name}>`)
    this.#tags.leave(opened)
  }

  #open(node: ShownNode): Opened {
    const named = this.#named(node.name)
    const attributes: Attribute[] = []
    for (const [field, { name, value }] of node.attributes) {
      const { alias, local } = this.#named(name)
      attributes.push({ field, alias, local, value })
    }
    if (node.key !== this.#view.root) {
      const opened = this.#tags.open(named, attributes, text(node.fields, '#n')?.split(' '))
      this.#put(opened.text)
      return opened
    }
    const opened = this.#tags.openRoot(named, attributes, this.#records)
    this.#put(opened.text)
    this.#rootDeclarations = this.#parts.length
    this.#parts.push('', opened.behind)
    return opened
  }

  /** The alias behind a name; names are shared by all that have them. */
  #named(name: Name = NO_NAME): Named {
    const known = this.#names.get(name)
    if (known !== undefined) return known
    const { alias, local, uri } = name
    const named = { alias: uri === '' ? undefined : this.#aliases.get(alias), local }
    this.#names.set(name, named)
    return named
  }
}

const NO_NAME: Name = { alias: '', local: '', uri: '' }

function isEmpty(node: ShownNode): boolean {
  const { children, text, bounds, label, waypoints, incoming, outgoing, members } = node
  const pieces = [text, bounds, label, waypoints, incoming, outgoing, members]
  return children.length === 0 && pieces.every((piece) => piece === undefined)
}
