// What the reader of XML takes and refuses (D1): the same cases as those of the reference implementation.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  MAX_ATTRIBUTES,
  MAX_DEPTH,
  MAX_ELEMENTS,
  MAX_NAME_BYTES,
  MAX_NAMESPACES,
  MAX_VALUE_BYTES,
  MAX_XML_BYTES,
} from '../src/document/limits.ts'
import { ReadError } from '../src/document/xml/error.ts'
import { parseXml } from '../src/document/xml/parse.ts'
import { elementAt, type Tree, uriOf } from '../src/document/xml/tree.ts'
import { seeded } from './random.ts'

function refusal(input: string | Uint8Array): ReadError {
  try {
    parseXml(input)
  } catch (error) {
    if (error instanceof ReadError) return error
    throw error
  }
  throw new assert.AssertionError({
    message: `taken: ${typeof input === 'string' ? input.slice(0, 200) : input}`,
  })
}

/** Each text, and line, column and reason of its refusal. */
function checkRefusals(cases: readonly (readonly [string, number, number, string])[]): void {
  for (const [text, line, column, reason] of cases) {
    for (const input of [text, new TextEncoder().encode(text)]) {
      const error = refusal(input)
      assert.deepEqual([error.line, error.column, error.reason], [line, column, reason], JSON.stringify(text))
    }
  }
}

/** A tree as a text: enough to tell two trees apart. */
function shown(tree: Tree): string {
  return tree.nodes
    .map((node) => {
      if (node.kind !== 'element') return `${node.kind}(${node.text})`
      const name = (binding: number, local: string) => `{${uriOf(tree, binding)}}${local}`
      const attributes = node.attributes.map((a) => `${name(a.name.binding, a.name.local)}=${a.value}`)
      return `<${[name(node.name.binding, node.name.local), ...attributes].join(' ')}>`
    })
    .join('')
}

const taken = (input: string | Uint8Array) => shown(parseXml(input))

test('what is not well-formed is refused with its place', () => {
  const outside = 'content outside the root element'
  checkRefusals([
    ['', 1, 1, 'there is no XML element'],
    ['  \n ', 2, 2, 'there is no XML element'],
    ['<!-- only -->', 1, 14, 'there is no XML element'],
    ['text<a/>', 1, 1, outside],
    ['<a/>text', 1, 5, outside],
    ['<a/>&amp;', 1, 5, outside],
    ['<a/><![CDATA[x]]>', 1, 5, outside],
    ['<a/>\n<b/>', 2, 1, outside],
    ['<a>\n  <b>', 2, 6, 'the text ends inside <b>'],
    ['<a></b>', 1, 4, '</b> closes <a>'],
    ['<a/></a>', 1, 5, '</a> closes nothing'],
    ['</a>', 1, 1, '</a> closes nothing'],
    ["<a></a b='c'>", 1, 4, "</a b='c'> closes <a>"],
    ["<a b='1' b='2'/>", 1, 10, 'attribute "b" appears twice'],
    ["<a xmlns:p='u' xmlns:p='v'/>", 1, 16, 'attribute "xmlns:p" appears twice'],
    ["<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", 1, 36, 'attribute "b" appears twice'],
    ["<a b='<'/>", 1, 7, '"<" in an attribute value'],
    ['<a b=c/>', 1, 6, 'an attribute value has no quotes'],
    ['<a b/>', 1, 4, 'an attribute has no value'],
    ["<a b='1'c='2'/>", 1, 9, 'white space is missing before a name'],
    ["<a $b='1'/>", 1, 4, '"$b" is not a valid name'],
    ['<1a/>', 1, 2, '"1a" is not a valid name'],
    ["<a:b:c xmlns:a='u'/>", 1, 2, '"a:b:c" is not a valid name'],
    ['<:a/>', 1, 2, '":a" is not a valid name'],
    ['< a/>', 1, 2, '"" is not a valid name'],
    ['<a/ >', 1, 2, '"a/" is not a valid name'],
  ])
})

test('what names, references and markup get wrong is refused with its place', () => {
  const entity = (name: string) => `entity "${name}" is not defined`
  const reference = (text: string) => `"${text}" is not a valid reference`
  const placed = 'XML declaration: it is not at the start of the text'
  checkRefusals([
    ['<p:a/>', 1, 2, 'prefix "p" is not declared'],
    ["<a p:b='1'/>", 1, 4, 'prefix "p" is not declared'],
    ["<a><b xmlns:p='u'/><p:c/></a>", 1, 21, 'prefix "p" is not declared'],
    ["<a xmlns:p=''/>", 1, 4, 'namespace declaration: a prefix needs a namespace'],
    ["<a xmlns:xmlns='u'/>", 1, 4, 'namespace declaration: "xmlns" cannot be declared'],
    ["<a xmlns:xml='u'/>", 1, 4, 'namespace declaration: "xml" and its namespace belong together'],
    ['<a>]]></a>', 1, 4, '"]]>" in text'],
    ['<a>x ]]> y</a>', 1, 6, '"]]>" in text'],
    ['<a><!-- a -- b --></a>', 1, 11, '"--" in a comment'],
    ['<a><!-- a ---></a>', 1, 11, '"--" in a comment'],
    ['<a><!-- never</a>', 1, 4, 'a comment never ends'],
    ['<a><!--->', 1, 4, 'a comment never ends'],
    ['<a><![CDATA[never</a>', 1, 4, 'a CDATA section never ends'],
    ['<a><?never', 1, 4, 'a processing instruction never ends'],
    ['<a><?></a>?>', 1, 4, 'a processing instruction never ends'],
    ['<a><b never', 1, 4, 'a tag never ends'],
    ["<a><b c='>", 1, 4, 'an attribute value never ends'],
    ['<a>&undefined;</a>', 1, 4, entity('undefined')],
    ["<a b='é&undefined;'/>", 1, 8, entity('undefined')],
    ['<a>😀&toString;</a>', 1, 5, entity('toString')],
    ['<a>&#0;</a>', 1, 4, reference('&#0;')],
    ['<a>&#xFFFF;</a>', 1, 4, reference('&#xFFFF;')],
    ['<a>&#xD800;</a>', 1, 4, reference('&#xD800;')],
    ['<a>&#99999999999;</a>', 1, 4, reference('&#99999999999;')],
    ['<a>&#x;</a>', 1, 4, reference('&#x;')],
    ['<a>&#+1;</a>', 1, 4, reference('&#+1;')],
    ["<a b='&amp'/>", 1, 7, reference('&amp')],
    ['<a>&amp</a>', 1, 4, 'a reference has no ";"'],
    ['<a>\0</a>', 1, 4, 'character U+0000 is not allowed in XML'],
    ['<a>\r\n\u{1}</a>', 2, 1, 'character U+0001 is not allowed in XML'],
    ["<a b='\u{FFFE}'/>", 1, 7, 'character U+FFFE is not allowed in XML'],
    ['<!DOCTYPE a><a/>', 1, 1, 'document type declarations are refused'],
    ['\n<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 2, 1, 'document type declarations are refused'],
    ['<a><!ELEMENT b></a>', 1, 4, '"<!" starts no markup'],
    ["<a><?xml version='1.0'?></a>", 1, 4, placed],
    [" <?xml version='1.0'?><a/>", 1, 2, placed],
    ["<?xml version='1.1'?><a/>", 1, 1, 'XML declaration: only version 1.0 is supported'],
    ["<?xml encoding='UTF-8'?><a/>", 1, 1, 'XML declaration: it is malformed'],
    ["<?xml version='1.0'encoding='UTF-8'?><a/>", 1, 1, 'XML declaration: it is malformed'],
    ["<?xml version='1.0' foo='x'?><a/>", 1, 1, 'XML declaration: it is malformed'],
    ['<?xml?><a/>', 1, 1, 'XML declaration: the version is missing'],
    ['<a><?XML x?></a>', 1, 6, '"XML" is not a valid name'],
    ['<a><?p:q x?></a>', 1, 6, '"p:q" is not a valid name'],
    ['\u{FEFF}\u{FEFF}<a/>', 1, 1, outsideRoot],
  ])
  assert.equal(refusal('<a>\uD800</a>').message, 'line 1, column 4: character U+D800 is not allowed in XML')
})

const outsideRoot = 'content outside the root element'

test('bytes that the encoding forbids are refused with their place', () => {
  const ascii = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0))
  const place = (bytes: Uint8Array) => refusal(bytes).message
  assert.equal(place(ascii('<a>\r\n\xC3\xA9\xFF</a>')), 'line 2, column 2: invalid bytes for UTF-8')
  assert.equal(place(ascii('<a>\xEF\xBF\xBD\xE2\x82</a>')), 'line 1, column 5: invalid bytes for UTF-8')
  const american = ascii("<?xml version='1.0' encoding='US-ASCII'?><a>\xE9</a>")
  assert.equal(place(american), 'line 1, column 45: invalid bytes for US-ASCII')
  const lone = Uint8Array.from([0xff, 0xfe, 0x3c, 0, 0x61, 0, 0x2f, 0, 0x00, 0xd8, 0x3e, 0])
  assert.equal(place(lone), 'line 1, column 4: invalid bytes for UTF-16LE')
  const unknown = ascii("<?xml version='1.0' encoding='EBCDIC'?><a/>")
  assert.match(place(unknown), /^line 1, column 1: encoding "EBCDIC" is not supported/)
})

test('every encoding says the same, and a string whatever encoding it declares', () => {
  const text = (name: string) => `<?xml version="1.0" encoding="${name}"?>\r\n<a b="é">ü\r\n</a>`
  const utf16 = (big: boolean, mark: string) => {
    const units = Uint16Array.from(mark + text('UTF-16'), (char) => char.charCodeAt(0))
    const bytes = new DataView(new ArrayBuffer(units.length * 2))
    units.forEach((unit, i) => {
      bytes.setUint16(i * 2, unit, !big)
    })
    return new Uint8Array(bytes.buffer)
  }
  const latin = (name: string) => Uint8Array.from(text(name), (char) => char.charCodeAt(0))
  for (const input of [
    text('EBCDIC'),
    `\uFEFF${text('UTF-8')}`,
    new TextEncoder().encode(text('UTF-8')),
    new TextEncoder().encode(`\uFEFF${text('utf-8')}`),
    utf16(false, '\uFEFF'),
    utf16(true, '\uFEFF'),
    utf16(false, ''),
    utf16(true, ''),
    latin('ISO-8859-1'),
    latin('windows-1252'),
  ]) {
    assert.equal(taken(input), '<{}a {}b=é>text(ü\n)')
  }
  const of = (name: string) =>
    Uint8Array.from(`<?xml version='1.0' encoding='${name}'?><a>\x80\x9F\xFF</a>`, (char) =>
      char.charCodeAt(0),
    )
  assert.equal(taken(of('cp1252')), '<{}a>text(€Ÿÿ)')
  assert.equal(taken(of('latin1')), '<{}a>text(\x80\x9F\xFF)', 'ISO-8859-1 is not windows-1252')
})

test('line ends and values are normalised', () => {
  assert.equal(taken('<a>1\r\n2\r3\n4</a>'), '<{}a>text(1\n2\n3\n4)')
  assert.equal(taken("<a b='1\r\n2\t3&#10;4&#9;5'/>"), '<{}a {}b=1 2 3\n4\t5>')
  assert.equal(taken('<a>&#13;&lt;&gt;&amp;&quot;&apos;&#x1F600;</a>'), '<{}a>text(\r<>&"\'😀)')
  assert.equal(taken('<a>x<![CDATA[<&]]>y</a>'), '<{}a>text(x)cdata(<&)text(y)')
})

test('namespaces follow their scopes', () => {
  const tree = parseXml("<p:a xmlns:p='u' xmlns='d'><b/><p:c xmlns:p='v' xmlns=''><d/></p:c><p:e/></p:a>")
  const uris = tree.nodes.map((_, i) => uriOf(tree, elementAt(tree, i)?.name.binding ?? -1))
  assert.deepEqual(uris, ['u', 'd', 'v', '', 'u'])
})

test('odd but well-formed texts are taken', () => {
  for (const text of [
    "<a xmlns='relative'/>",
    "<a xmlns:p='not a uri at all'/>",
    '<a  b = \'1\'\n\tc="2" />',
    '<a ></a >',
    "<é:ü xmlns:é='u' é:ö='1'/>",
    "<a b='>'>></a>",
    '<a>]]</a>',
    '<a><!----></a>',
    '<a><?p?><?q  x ?></a>',
    '<?p?><!-- c --><a/><!-- d --><?q?>\n',
    "<a xml:space='preserve' xml:lang='x'/>",
    "<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
    "<a b='&#x10FFFF;'/>",
  ]) {
    assert.ok(taken(text).length > 0, text)
  }
})

test('every bound is held, and a text at the bound is read quickly', () => {
  const deep = (n: number) => '<a>'.repeat(n) + '</a>'.repeat(n)
  parseXml(deep(MAX_DEPTH))
  assert.match(refusal(deep(MAX_DEPTH + 1)).reason, /nested deeper than 256/)
  assert.match(refusal(`<a>${'<b/>'.repeat(MAX_ELEMENTS)}</a>`).reason, /more than 250000 elements/)
  const many = (n: number) => `<a${Array.from({ length: n }, (_, i) => ` b${i}=''`).join('')}/>`
  parseXml(many(MAX_ATTRIBUTES))
  assert.match(refusal(many(MAX_ATTRIBUTES + 1)).reason, /more than 256 attributes/)
  const long = 'x'.repeat(MAX_VALUE_BYTES + 1)
  for (const text of [
    `<a b='${long}'/>`,
    `<a>${long}</a>`,
    `<a>${'ü'.repeat(MAX_VALUE_BYTES / 2)}&amp;</a>`,
    `<a><![CDATA[${long}]]></a>`,
    `<a><!--${long}--></a>`,
    `<a><?p ${long}?></a>`,
  ]) {
    assert.match(refusal(text).reason, /longer than 4194304 bytes/)
  }
  parseXml(`<a>${'&gt;'.repeat(MAX_VALUE_BYTES / 4)}</a>`)
  const prefixes = Array.from({ length: MAX_NAMESPACES + 1 }, (_, i) => `<b xmlns:p${i}='u'/>`)
  assert.match(refusal(`<a>${prefixes.join('')}</a>`).reason, /more than 1024 namespaces/)
  assert.match(refusal(`<a xmlns='${'u'.repeat(MAX_NAME_BYTES + 1)}'/>`).reason, /namespace is too long/)
  assert.match(refusal(new Uint8Array(MAX_XML_BYTES + 1).fill(0x20)).reason, /longer than 16777216 bytes/)
})

test('damaged texts are read or refused, never anything else', () => {
  const sample = `<?xml version='1.0'?><a xmlns:p='u' p:b='&lt;'><!-- c --><![CDATA[x]]>é&#65;<p:d/></a>`
  const random = seeded(3)
  const below = (n: number) => Math.floor(random() * n)
  let refused = 0
  for (let run = 0; run < 20_000; run++) {
    let bytes = [...new TextEncoder().encode(sample)]
    for (let damage = 0; damage <= below(3); damage++) {
      const at = below(bytes.length)
      const kind = below(4)
      if (kind === 0) bytes = bytes.slice(0, Math.max(at, 1))
      else if (kind === 1) bytes[at] = below(256)
      else if (kind === 2) bytes.splice(at, 0, '<>&;\'"/!?-]['.charCodeAt(below(12)))
      else if (bytes.length > 1) bytes.splice(at, 1)
    }
    try {
      parseXml(Uint8Array.from(bytes))
    } catch (error) {
      assert.ok(error instanceof ReadError && error.line >= 1 && error.column >= 1, String(error))
      refused++
    }
  }
  assert.ok(refused > 5_000 && refused < 20_000, `${refused}`)
})
