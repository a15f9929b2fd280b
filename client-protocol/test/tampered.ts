// Texts that nobody would write: real ones, tampered with. Most stay well-formed; references, ids, lists and layout don't
// stay regular.

/** What is put in somewhere. */
const PIECES = [
  '<!-- c -->',
  '<![CDATA[x]]>',
  '<?p data?>',
  '&gt;&#x20;',
  '\t',
  'é😀',
  ']]>',
  '&nope;',
  '<q/>',
  '</q>',
  ' a="&#xA;"',
]

/** A text with some places changed. */
export function tampered(text: string, random: () => number): string {
  const below = (n: number) => Math.floor(random() * n)
  let changed = text
  for (let times = 1 + below(4); times > 0; times--) {
    const pick = (pattern: RegExp) => {
      const found = [...changed.matchAll(pattern)]
      return found[below(found.length)] ?? { 0: '', index: 0 }
    }
    const put = (at: { index: number; 0: string }, piece: string) => {
      changed = changed.slice(0, at.index) + piece + changed.slice(at.index + at[0].length)
    }
    const element = pick(/<[A-Za-z][^<>]*\/>/g)
    const value = pick(/="[^"]*"/g)
    const content = pick(/>[^<]*</g)
    const kind = below(8)
    if (kind === 0) put(value, pick(/="[^"]*"/g)[0])
    else if (kind === 1) put(value, value[0].replace('"', '" '))
    else if (kind === 2) put(element, '')
    else if (kind === 3) put(element, element[0] + pick(/<[A-Za-z][^<>]*\/>/g)[0])
    else if (kind === 4) put(element, element[0].replace(/ [A-Za-z:]+="[^"]*"/, ' x:y="z" xmlns:x="urn:x"'))
    else if (kind === 5) put(content, `>${content[0].slice(1, -1)}${PIECES[below(PIECES.length)]}<`)
    else if (kind === 6) put({ index: below(changed.length), 0: '' }, PIECES[below(PIECES.length)] ?? '')
    else put({ index: below(changed.length), 0: 'x' }, '')
  }
  return changed
}
