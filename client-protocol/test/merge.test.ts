// Differences of two versions, and their application to a document that others edited meanwhile.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as Y from 'yjs'
import {
  type Applied,
  applyOps,
  carryRecords,
  diff,
  diffRecords,
  type Fields,
  type Op,
  place,
  type Records,
  readRecords,
  type Side,
  writeRecords,
} from '../src/document/index.ts'
import { RecordTree } from '../src/document/merge/tree.ts'
import { adding, chain, copyOf, diagram, MODEL, shape, withField, without } from './diagrams.ts'
import { seeded } from './random.ts'

function documentOf(records: Records): Y.Doc {
  const doc = new Y.Doc()
  doc.transact(() => writeRecords(doc, records))
  return doc
}

type Differ = (base: Records, next: Records) => Op[]
/** Both ways to tell versions apart must bring the same edits about, where no key changes. */
const DIFFERS: readonly Differ[] = [diff, diffRecords]

/** What leads from base to next, applied to the current state. */
function save(differ: Differ, base: Records, next: Records, current: Records, prefer: Side = 'ours') {
  const doc = documentOf(current)
  let transactions = 0
  doc.on('afterTransaction', () => transactions++)
  const applied = applyOps(doc, differ(base, next), { prefer, random: seeded(1) })
  assert.equal(transactions, 1)
  return { result: readRecords(doc), ...applied }
}

/** Runs a test for both ways. */
function forBoth(what: string, check: (differ: Differ) => void): void {
  for (const differ of DIFFERS) test(`${what} (${differ.name})`, () => check(differ))
}

const nameOf = (records: Records, key: string) => records.nodes.get(key)?.get('name')
const clashes = ({ conflicts }: Pick<Applied, 'conflicts'>) => conflicts.map(({ kind }) => kind)

forBoth('the same version is no operation', (differ) => {
  assert.deepEqual(differ(chain(), chain()), [])
})

forBoth('a rename is one operation and one write', (differ) => {
  const next = withField(chain(), 'task', 'name', 'Other')
  assert.deepEqual(differ(chain(), next), [
    { kind: 'set', key: 'task', field: 'name', base: 'Task', value: 'Other' },
  ])
  const { result, writes } = save(differ, chain(), next, chain())
  assert.equal(writes, 1)
  assert.deepEqual(result, next)
})

forBoth('a node moved to the end is one move', (differ) => {
  const next = withField(chain(), 'start_di', '#p', 'a9 plane')
  const { result, writes } = save(differ, chain(), next, chain())
  assert.equal(writes, 1)
  assert.equal(shape(result), shape(next))
})

forBoth('what others changed elsewhere stays', (differ) => {
  const next = withField(chain(), 'task', 'name', 'Ours')
  const current = withField(chain(), 'start', 'name', 'Theirs')
  const { result, conflicts } = save(differ, chain(), next, current)
  assert.deepEqual(conflicts, [])
  assert.equal(nameOf(result, 'start'), 'Theirs')
  assert.equal(nameOf(result, 'task'), 'Ours')
})

forBoth(
  'of the same field changed on both sides the preferred value stands, and the clash is told',
  (differ) => {
    const next = withField(chain(), 'task', 'name', 'Ours')
    const current = withField(chain(), 'task', 'name', 'Theirs')
    for (const [prefer, name] of [
      ['ours', 'Ours'],
      ['current', 'Theirs'],
    ] as const) {
      const { result, conflicts } = save(differ, chain(), next, current, prefer)
      assert.equal(nameOf(result, 'task'), name)
      const element = { key: 'task', type: 'task', id: 'task', name: 'Theirs' }
      const values = { base: 'Task', current: 'Theirs', ours: 'Ours' }
      assert.deepEqual(conflicts, [{ element, kind: 'field', field: 'name', ...values, kept: prefer }])
    }
  },
)

forBoth('the same new value on both sides is no conflict and no write', (differ) => {
  const next = withField(chain(), 'task', 'name', 'Both')
  const { writes, conflicts } = save(differ, chain(), next, next)
  assert.deepEqual({ writes, conflicts }, { writes: 0, conflicts: [] })
})

forBoth('what was deleted meanwhile stays deleted and is told once', (differ) => {
  const next = withField(withField(chain(), 'task', 'name', 'Ours'), 'task', 'v:x', '1')
  const saved = save(differ, chain(), next, without(chain(), 'task', 'task_di'))
  assert.equal(saved.result.nodes.has('task'), false)
  assert.deepEqual(clashes(saved), ['deleted-meanwhile'])
})

forBoth(
  'a delete of what was changed meanwhile is told; preferring the current keeps all it needs',
  (differ) => {
    const next = without(chain(), 'start', 'task', 'task_di', 'start_di', 'f1', 'f2', 'f1_di')
    const current = withField(chain(), 'f1', 'name', 'Theirs')
    const gone = save(differ, chain(), next, current)
    assert.deepEqual(clashes(gone), ['changed-meanwhile'])
    assert.deepEqual([...gone.result.nodes.keys()].sort(), [...next.nodes.keys()].sort())
    const kept = save(differ, chain(), next, current, 'current')
    assert.deepEqual(clashes(kept), ['changed-meanwhile'])
    const left = [...current.nodes.keys()].filter((key) => key !== 'f2')
    assert.deepEqual([...kept.result.nodes.keys()].sort(), left.sort())
  },
)

forBoth('a flow to a node deleted meanwhile is told', (differ) => {
  const next = adding(chain(), 'f9 bpmn:sequenceFlow proc a9 sourceRef=[start] targetRef=[end] #i=a1 #u=a1')
  const { conflicts } = save(differ, chain(), next, without(chain(), 'end', 'f2'))
  const element = { key: 'f9', type: 'sequenceFlow', id: 'f9' }
  assert.deepEqual(conflicts, [{ element, kind: 'target-deleted', field: 'targetRef', target: 'end' }])
})

forBoth('an element put into a container deleted meanwhile is told', (differ) => {
  const base = adding(chain(), 'sub bpmn:subProcess proc a9')
  const current = without(base, 'sub')
  const created = adding(base, 'in bpmn:task sub a0')
  assert.deepEqual(clashes(save(differ, base, created, current)), ['parent-deleted'])
  const moved = withField(base, 'task', '#p', 'a0 sub')
  assert.deepEqual(clashes(save(differ, base, moved, current)), ['parent-deleted'])
})

forBoth('a new node takes its id as key and stands where we have it', (differ) => {
  const next = adding(chain(), 'mid bpmn:task proc a05 name=Mid')
  const { result } = save(differ, chain(), next, chain())
  assert.equal(shape(result), shape(next))
  assert.equal(nameOf(result, 'mid'), 'Mid')
})

forBoth('what is applied twice changes nothing twice', (differ) => {
  const created = adding(chain(), 'mid bpmn:task proc a05 name=Mid\n sub bpmn:subProcess proc a9')
  const next = withField(withField(created, 'task', '#p', 'a0 sub'), 'start_di', '#p', 'a9 plane')
  const doc = documentOf(chain())
  const ops = differ(chain(), next)
  assert.equal(applyOps(doc, ops).writes, 4)
  const once = readRecords(doc)
  assert.deepEqual(applyOps(doc, ops), { writes: 0, conflicts: [] })
  assert.deepEqual(readRecords(doc), once)
})

forBoth('a key that another type took meanwhile is not overwritten', (differ) => {
  const next = adding(chain(), 'mid bpmn:task proc a05 name=Mid')
  const current = adding(chain(), 'mid bpmn:exclusiveGateway proc a8 name=Gate')
  const { result } = save(differ, chain(), next, current)
  assert.equal(nameOf(result, 'mid'), 'Gate')
  const others = [...result.nodes].filter(([, fields]) => fields.get('name') === 'Mid')
  assert.equal(others.length, 1)
  assert.match(others[0]?.[0] ?? '', /^~[0-9A-Za-z]{8}$/)
})

forBoth('a replaced type is the same node', (differ) => {
  const next = withField(chain(), 'task', '#t', 'bpmn:userTask')
  assert.deepEqual(differ(chain(), next), [
    { kind: 'set', key: 'task', field: '#t', base: 'bpmn:task', value: 'bpmn:userTask' },
  ])
})

test('a shape with a new id is the same shape, an element with a new id the same element', () => {
  const renamed = (old: string, id: string): Records => {
    const next = without(chain(), old)
    next.nodes.set(id, new Map(chain().nodes.get(old)).set('id', id))
    for (const fields of next.nodes.values()) {
      for (const [field, value] of fields)
        if (typeof value !== 'string' && value[0] === old) fields.set(field, [id])
    }
    return next
  }
  for (const [key, id] of [
    ['task_di', 'Activity_9_di'],
    ['task', 'Check'],
  ] as const) {
    const ops = diff(chain(), renamed(key, id))
    assert.deepEqual(ops, [{ kind: 'set', key, field: 'id', base: key, value: id }])
  }
})

test('another prefix is one operation', () => {
  const next = copyOf(chain())
  next.ns.delete('bpmn')
  next.ns.set('bpmn2', { uri: MODEL, atRoot: true })
  for (const fields of next.nodes.values())
    fields.set('#t', String(fields.get('#t')).replace('bpmn:', 'bpmn2:'))
  const namespace = { uri: MODEL, atRoot: true, prefix: 'bpmn2' }
  assert.deepEqual(diff(chain(), next), [{ kind: 'ns', alias: 'bpmn', namespace }])
})

test('an alias that another namespace took meanwhile gives way', () => {
  const next = adding(chain(), '~n w:prop task a0 w:x=1')
  next.ns.set('w', { uri: 'urn:ours', atRoot: true })
  const current = copyOf(chain())
  current.ns.set('w', { uri: 'urn:theirs', atRoot: true })
  const { result } = save(diff, chain(), next, current)
  assert.deepEqual(result.ns.get('w'), { uri: 'urn:theirs', atRoot: true })
  assert.deepEqual(result.ns.get('w$2'), { uri: 'urn:ours', atRoot: true, prefix: 'w' })
  const [added] = [...result.nodes.values()].filter((fields) => fields.get('#t') === 'w$2:prop')
  assert.equal(added?.get('w$2:x'), '1')
})

forBoth('a list entry in another place is one write', (differ) => {
  const base = adding(
    chain(),
    `f3 bpmn:sequenceFlow proc a5 sourceRef=[start] targetRef=[end] #i=a1 #u=a1
     f4 bpmn:sequenceFlow proc a6 sourceRef=[start] targetRef=[end] #i=a2 #u=a2`,
  )
  const next = withField(base, 'f3', '#i', 'a3')
  const { result, writes } = save(differ, base, next, base)
  assert.equal(writes, 1)
  assert.equal(shape(result), shape(next))
})

forBoth('lanes follow, and a change of them on both sides is told', (differ) => {
  const lanes = 'set bpmn:laneSet proc a9\n l1 bpmn:lane set a0\n l2 bpmn:lane set a1\n l3 bpmn:lane set a2'
  const base = withField(adding(chain(), lanes), 'task', '#l', ['l1', 'a0'])
  const next = withField(base, 'task', '#l', ['l2', 'a0'])
  assert.equal(shape(save(differ, base, next, base).result), shape(next))
  const saved = save(differ, base, next, withField(base, 'task', '#l', ['l3', 'a0']))
  assert.deepEqual(clashes(saved), ['field'])
  assert.equal(saved.result.nodes.get('task')?.get('#l')?.[0], 'l2')
})

forBoth('our order alone never undoes a change of parent', (differ) => {
  const base = adding(chain(), 'sub bpmn:subProcess proc a9')
  const next = withField(base, 'start', '#p', 'a8 proc')
  const { result, conflicts } = save(differ, base, next, withField(base, 'start', '#p', 'a0 sub'))
  assert.equal(result.nodes.get('start')?.get('#p'), 'a0 sub')
  assert.deepEqual(conflicts, [])
})

test('edits below a deleted container are carried over: undoing the delete shows them', () => {
  const base = adding(chain(), 'sub bpmn:subProcess proc a9\n in bpmn:task sub a0 name=In')
  const orphaned = without(base, 'sub')
  const mine = adding(withField(orphaned, 'in', 'name', 'Mine'), 'more bpmn:task sub a1')
  const target = documentOf(base)
  carryRecords(documentOf(orphaned), documentOf(mine), target)
  assert.equal(
    shape(readRecords(target)),
    shape(adding(withField(base, 'in', 'name', 'Mine'), 'more bpmn:task sub a1')),
  )
})

test('a title is carried over, the schema version and the epoch never', () => {
  const [base, mine] = [chain(), chain()]
  for (const [name, value] of [
    ['title', 'Mine'],
    ['epoch', 'e1'],
    ['v', '9'],
  ] as const)
    mine.meta.set(name, value)
  const target = documentOf(base)
  carryRecords(documentOf(base), documentOf(mine), target)
  assert.deepEqual(readRecords(target).meta, new Map([['title', 'Mine']]))
})

// ---- random versions ----

/** Changes of a random tree in which every reference resolves. */
class Mutator {
  readonly #random: () => number
  readonly #mark: string
  #fresh = 0

  constructor(random: () => number, mark: string) {
    this.#random = random
    this.#mark = mark
  }

  below(n: number): number {
    return Math.floor(this.#random() * n)
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T
  }

  mutate(records: Records): void {
    const keys = [...records.nodes.keys()]
    const key = this.#pick(keys)
    const fields = records.nodes.get(key) as Fields
    const order = () => `a${100 + this.below(900)}`
    const isContainer = (key: string) => /Process|:process/.test(String(records.nodes.get(key)?.get('#t')))
    const container = this.#pick(keys.filter(isContainer))
    const id = `${this.#mark}${this.#fresh++}`
    const add = (line: string) => {
      for (const [key, fields] of diagram(line).nodes) records.nodes.set(key, fields)
    }
    const tag = (...tags: string[]) => this.#pick(tags)
    const parent = place(fields)?.parent ?? '#'
    const kind = this.below(9)
    if (kind < 2) {
      const type = tag('bpmn:task', 'bpmn:subProcess', 'bpmn:userTask')
      add(`n${id} ${type} ${container} ${order()} name=N${id}`)
    } else if (kind === 2) {
      const type = tag('v:prop', 'bpmn:documentation', '#comment')
      add(`~x${id} ${type} ${key} ${order()} #x=t${this.below(3)}`)
    } else if (kind === 3) {
      const ends = `sourceRef=[${this.#pick(keys)}] targetRef=[${this.#pick(keys)}] #i=${order()} #u=${order()}`
      add(`fl${id} bpmn:sequenceFlow ${container} ${order()} ${ends}`)
    } else if (kind === 4) fields.set('name', `M${id}`)
    else if (kind < 7 && parent !== '#') fields.set('#p', `${order()} ${parent}`)
    else if (kind === 7 && fields.get('#t') === 'bpmn:sequenceFlow')
      fields.set('targetRef', [this.#pick(keys)])
    else if (kind === 8) remove(records, key)
  }
}

/** Removes a node and whatever then hangs in the air. */
function remove(records: Records, key: string): void {
  if (key === 'defs' || key === 'proc') return
  records.nodes.delete(key)
  for (const [other, fields] of records.nodes) {
    const parent = place(fields)?.parent ?? '#'
    const referred = [...fields.values()].map((value) => (typeof value === 'string' ? undefined : value[0]))
    const needed = [...referred, parent === '#' ? undefined : parent].filter((key) => key !== undefined)
    if (needed.some((key) => !records.nodes.has(key))) remove(records, other)
  }
}

/** What an importer makes of a text: the same tree under other keys and orders. */
function importedAnew(records: Records): Records {
  const tree = new RecordTree(records)
  const keys = new Map(tree.nodes.map(({ key, fields, at }) => [key, String(fields.get('id') ?? `~${at}`)]))
  const nodes = tree.nodes.map(({ key, fields }): [string, Fields] => {
    const at = place(fields)
    const fresh = new Map(fields).set('#p', `b${at?.order} ${keys.get(at?.parent ?? '') ?? at?.parent}`)
    for (const [field, value] of fresh) {
      if (typeof value !== 'string')
        fresh.set(
          field,
          value.map((key) => keys.get(key) ?? key),
        )
    }
    return [keys.get(key) ?? key, fresh]
  })
  return { ...records, nodes: new Map(nodes) }
}

forBoth('any version over any other gives that version, and then nothing is left to do', (differ) => {
  let operations = 0
  for (let seed = 0; seed < 300; seed++) {
    const mutator = new Mutator(seeded(seed), '')
    const base = chain()
    for (let i = mutator.below(20); i > 0; i--) mutator.mutate(base)
    const changed = copyOf(base)
    for (let i = 1 + mutator.below(20); i > 0; i--) mutator.mutate(changed)
    const next = differ === diff ? importedAnew(changed) : changed
    operations += differ(base, next).length
    const { result, conflicts } = save(differ, base, next, base)
    assert.equal(shape(result), shape(next), `seed ${seed}`)
    assert.deepEqual(conflicts, [], `seed ${seed}`)
    assert.deepEqual(differ(result, next), [], `seed ${seed}`)
  }
  assert.ok(operations > 300)
})

forBoth('beside concurrent edits no field of either is lost untold', (differ) => {
  let told = 0
  for (let seed = 0; seed < 300; seed++) {
    const random = seeded(seed)
    const [mine, theirs] = [new Mutator(random, 'm'), new Mutator(random, 't')]
    const [base, next, current] = [chain(), chain(), chain()]
    for (let i = 1 + mine.below(11); i > 0; i--) {
      mine.mutate(next)
      theirs.mutate(current)
    }
    const { result, conflicts } = save(differ, base, next, current)
    const clashing = new Set(conflicts.map(({ element }) => element.key))
    told += conflicts.length
    for (const key of result.nodes.keys()) {
      if (key.startsWith('~')) continue
      const [was, ours, now] = [base, next, current].map((records) => nameOf(records, key))
      assert.ok([ours, now].includes(nameOf(result, key)), `seed ${seed}: ${key}`)
      const both = ours !== was && now !== was && ours !== now
      const known = [base, next, current].every(({ nodes }) => nodes.has(key))
      assert.ok(!both || !known || clashing.has(key), `seed ${seed}: ${key} is not told`)
    }
  }
  assert.ok(told > 20, `${told}`)
})
