// How a text is written (D10): what `meta.style` and `meta.decl` keep. Read from our own output, every entry comes
// out as it went in or has no effect.
import { write } from '../json.ts'
import { MAX_INDENT, MAX_INDENT_LEVELS } from '../limits.ts'
import type { Tree } from '../xml/tree.ts'
import type { Source } from './source.ts'

/** `meta.decl`; undefined without an XML declaration. */
export function declaration(tree: Tree): string | undefined {
  if (tree.decl === undefined) return undefined
  const { encoding, standalone } = tree.decl
  const fields: [string, string][] = []
  if (encoding !== undefined) fields.push(['encoding', encoding])
  if (standalone !== undefined) fields.push(['standalone', standalone])
  return write(fields)
}

/** `meta.style`: only what differs from the default. */
export function style(source: Source): string | undefined {
  const { lexical, decl } = source.tree
  const differences: readonly (readonly [boolean | undefined, string, string])[] = [
    [lexical.crlf, 'eol', '\r\n'],
    [lexical.spacedEmpty, 'sc', ' />'],
    [decl?.singleQuotes, 'q', "'"],
    [lexical.hexadecimal, 'ch', 'x'],
    [lexical.textGt, 'gt', '1'],
    [lexical.textQuot, 'tq', '1'],
    [lexical.textApos, 'ta', '1'],
    [lexical.attributeGt, 'ag', '1'],
    [lexical.attributeApos, 'aa', '1'],
    [lexical.topBreak === false, 'dnl', '0'],
    [!lexical.finalBreak, 'nl', '0'],
  ]
  const fields = differences.filter(([differs]) => differs).map(([, name, value]) => [name, value] as const)
  const unit = indentation(source)
  if (unit === 'flat') fields.push(['flat', '1'])
  else if (unit !== undefined && unit !== '  ') fields.push(['indent', unit])
  return fields.length === 0 ? undefined : write(fields)
}

/** One level of the indentation of the first element with block layout; `flat` where its children follow at once. */
function indentation(source: Source): string | undefined {
  const block = [...source.tree.nodes.keys()].find((index) => source.layout(index) === 'block')
  if (block === undefined) return undefined
  let depth = 1
  for (let at = source.parent(block); at !== undefined; at = source.parent(at)) depth++
  const first = source.tree.nodes[block + 1]
  const lineEnd = first?.kind === 'text' ? first.text.lastIndexOf('\n') : -1
  if (first?.kind !== 'text' || lineEnd < 0) return 'flat'
  const space = first.text.slice(lineEnd + 1)
  const levels = Math.min(depth, MAX_INDENT_LEVELS)
  const unit = space.length % levels === 0 ? space.slice(0, space.length / levels) : space
  return unit.length <= MAX_INDENT ? unit : undefined
}
