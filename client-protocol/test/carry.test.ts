// Own edits carried over into another history of the diagram: whatever they are, they show there as they did here.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import * as Y from 'yjs'
import {
  carryRecords,
  createNode,
  deleteNode,
  diffRecords,
  importXml,
  materialise,
  place,
  ReadError,
  type Records,
  readRecords,
  removeField,
  setField,
  writeRecords,
} from '../src/document/index.ts'
import { seeded } from './random.ts'
import { difference, texts } from './texts.ts'

const RUNS = 300

const fixtures = (texts()[0]?.[1] ?? []).flatMap(({ path, name }) => {
  try {
    return [{ name, records: importXml(readFileSync(path)) }]
  } catch (error) {
    if (error instanceof ReadError) return []
    throw error
  }
})

function documentOf(records: Records): Y.Doc {
  const doc = new Y.Doc()
  doc.transact(() => writeRecords(doc, records))
  return doc
}

/** One edit of any kind: types, places in cycles, references into nowhere, deletes that leave orphans. */
function edit(doc: Y.Doc, random: () => number, mark: string): void {
  const { nodes } = readRecords(doc)
  const below = (n: number) => Math.floor(random() * n)
  const oneOf = <T>(...items: T[]): T => items[below(items.length)] as T
  const anyKey = () => oneOf(...nodes.keys())
  const anyTag = () => String(oneOf(...nodes.values()).get('#t'))
  if (nodes.size === 0) return
  const key = anyKey()
  const fields = nodes.get(key) ?? new Map()
  const { order, parent } = place(fields) ?? { order: 'a0', parent: key }
  const edits = [
    () => setField(doc, key, 'name', `name ${mark}`),
    () => setField(doc, key, 'id', oneOf('one', 'other')),
    () => setField(doc, key, '#t', anyTag()),
    () => setField(doc, key, '#p', `${order} ${anyKey()}`),
    () => setField(doc, key, '#p', `${oneOf('Zz', 'a0V', 'b99')} ${parent}`),
    () => setField(doc, key, oneOf('sourceRef', 'targetRef', 'bpmnElement', 'attachedToRef'), [anyKey()]),
    () => setField(doc, key, '#l', [anyKey(), 'a5', anyKey(), 'a6']),
    () => setField(doc, key, oneOf('#i', '#u'), `a${below(9)}`),
    () => removeField(doc, key, oneOf(...fields.keys())),
    () => deleteNode(doc, key),
    () => {
      const ends = [
        ['sourceRef', [anyKey()]],
        ['targetRef', [anyKey()]],
        ['#i', 'b0'],
        ['#u', 'b1'],
      ] as const
      const first = [
        ['#t', anyTag()],
        ['#p', `b0${below(9)} ${anyKey()}`],
        ['id', `new${mark}`],
      ] as const
      return createNode(doc, `~new${mark}`, new Map<string, string | readonly string[]>([...first, ...ends]))
    },
  ]
  oneOf(...edits)()
}

test('any edits, carried over onto the state that they started from, show the same; nothing is left to carry', () => {
  let operations = 0
  for (let seed = 0; seed < RUNS; seed++) {
    const random = seeded(seed)
    const { name, records } = fixtures[seed % fixtures.length] ?? assert.fail('there are no fixtures')
    const [base, mine, target] = [documentOf(records), documentOf(records), documentOf(records)]
    for (let i = Math.floor(random() * 8); i >= 0; i--) edit(mine, random, `${i}`)
    const { writes, conflicts } = carryRecords(base, mine, target, { random: seeded(seed) })
    operations += writes
    assert.deepEqual(
      conflicts.filter(({ kind }) => kind !== 'target-deleted'),
      [],
      `seed ${seed}`,
    )
    const [shown, wanted] = [target, mine].map((doc) => materialise(readRecords(doc)))
    assert.ok(shown === wanted, `seed ${seed}, ${name}: ${difference(shown ?? '', wanted ?? '')}`)
    assert.deepEqual(diffRecords(readRecords(target), readRecords(mine)), [], `seed ${seed}, ${name}`)
  }
  assert.ok(operations > RUNS)
})

test('carried over onto a state that others changed, all that both have is told, and twice is as once', () => {
  let told = 0
  for (let seed = 0; seed < RUNS; seed++) {
    const random = seeded(seed + RUNS)
    const { name, records } = fixtures[seed % fixtures.length] ?? assert.fail('there are no fixtures')
    const [base, mine, target] = [documentOf(records), documentOf(records), documentOf(records)]
    for (let i = Math.floor(random() * 6); i >= 0; i--) {
      edit(mine, random, `m${i}`)
      edit(target, random, `t${i}`)
    }
    told += carryRecords(base, mine, target, { random: seeded(seed) }).conflicts.length
    const once = materialise(readRecords(target))
    carryRecords(base, mine, target, { random: seeded(seed + 1) })
    const twice = materialise(readRecords(target))
    assert.ok(once === twice, `seed ${seed}, ${name}: ${difference(twice, once)}`)
  }
  assert.ok(told > 20, `${told}`)
})
