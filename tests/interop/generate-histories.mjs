// Writes seeded histories of stock Yjs clients, one JSON line each, for tests/it/lint_differential.rs.
//
// usage: node generate-histories.mjs FIRST_SEED COUNT
//
// A history is what 2 to 5 clients send to one server: single updates, merged offline updates, Step2
// diffs, whole states, doubled frames, and now and then an update whose causes another client still
// holds back. Each frame says what a server that has everything before it must think of it: "ok"
// (it fits, or adds nothing), "dup" (it adds nothing) or "gap" (Yjs itself would park it).
import * as Y from 'yjs'

const [first, count] = process.argv.slice(2).map(Number)

// mulberry32
const rng = seed => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

const KEYS = ['a', 'b', 'Task_1', 'Task_2', 'ä€😀', '']
const WORDS = ['x', 'hello', '😀', 'a😀b', 'ä', 'line\nbreak', '\u{10ffff}', ' ', 'e\u0301', 'wörd 漢字']
const MAX_DEPTH = 6

class History {
  constructor (seed) {
    this.random = rng(seed)
    this.seed = seed
    this.frames = []
    this.server = serverDoc()
    this.clients = Array.from({ length: this.int(2, 5) }, (_, index) => this.client(index))
  }

  int (low, high) { return low + Math.floor(this.random() * (high - low + 1)) }
  pick (list) { return list[Math.floor(this.random() * list.length)] }
  chance (p) { return this.random() < p }

  client (index) {
    const doc = new Y.Doc({ gc: this.chance(0.8) })
    doc.clientID = index + 1 + (this.chance(0.5) ? this.int(1, 4_000_000) * 1000 : 0)
    const client = { doc, online: this.chance(0.7), outbox: [], foreign: false }
    const roots = [doc.getMap('m'), doc.getArray('a'), doc.getText('t'), doc.getXmlFragment('x')]
    client.undo = new Y.UndoManager(roots, { trackedOrigins: new Set(['me']), captureTimeout: 0 })
    doc.on('update', (update, origin) => {
      if (origin !== 'remote') client.outbox.push(update)
    })
    return client
  }

  // What the server gets, and what Yjs in its place would make of it.
  send (client, update) {
    const before = Y.encodeStateVector(this.server)
    Y.applyUpdate(this.server, update)
    const store = this.server.store
    const gap = store.pendingStructs !== null || store.pendingDs !== null
    this.frames.push({ e: gap ? 'gap' : 'ok', u: b64(update) })
    if (gap) {
      // Yjs takes the part that fits; a server drops the frame, and asks.
      this.server = serverDoc()
      for (const { e, u } of this.frames) {
        if (e === 'ok') Y.applyUpdate(this.server, Buffer.from(u, 'base64'))
      }
      this.send(client, Y.encodeStateAsUpdate(client.doc, before))
    } else if (this.chance(0.1)) {
      this.frames.push({ e: 'dup', u: b64(update) })
    }
  }

  flush (client) {
    const updates = client.outbox.splice(0)
    if (updates.length === 0) return
    const serverHas = Y.encodeStateVector(this.server)
    const how = this.random()
    if (how < 0.4) {
      updates.forEach(update => this.send(client, update))
    } else if (how < 0.6) {
      this.send(client, Y.mergeUpdates(updates))
    } else if (how < 0.7 && updates.length > 2) {
      // Overlapping merges: the middle arrives twice.
      const middle = this.int(1, updates.length - 2)
      this.send(client, Y.mergeUpdates(updates.slice(0, middle + 1)))
      this.send(client, Y.mergeUpdates(updates.slice(middle - 1)))
    } else if (how < 0.85) {
      this.send(client, Y.encodeStateAsUpdate(client.doc, serverHas))
    } else if (how < 0.95) {
      this.send(client, Y.encodeStateAsUpdate(client.doc))
    } else {
      this.send(client, Y.diffUpdate(Y.encodeStateAsUpdate(client.doc), serverHas))
    }
  }

  pull (client) {
    const has = Y.encodeStateVector(client.doc)
    Y.applyUpdate(client.doc, Y.encodeStateAsUpdate(this.server, has), 'remote')
  }

  // One client hands another what it has, past the server.
  gossip () {
    const [from, to] = [this.pick(this.clients), this.pick(this.clients)]
    const has = Y.encodeStateVector(to.doc)
    Y.applyUpdate(to.doc, Y.encodeStateAsUpdate(from.doc, has), 'remote')
  }

  value () {
    switch (this.int(0, 11)) {
      case 0: return this.int(-5, 5)
      case 1: return this.int(0, 1e6) / 16
      case 2: return null
      case 3: return this.chance(0.5)
      case 4: return { x: this.int(0, 99), tags: ['a', { deep: [1, [2]] }] }
      case 5: return [1, 'two', [null]]
      case 6: return new Uint8Array([1, 2, this.int(0, 255)])
      case 7: return this.int(2 ** 31, 2 ** 40)
      case 8: return undefined
      case 9: return BigInt(this.int(-9, 9))
      default: return this.pick(WORDS)
    }
  }

  type (depth) {
    if (depth >= MAX_DEPTH) return this.value()
    switch (this.int(0, 3)) {
      case 0: return new Y.Map([['k', this.value()]])
      case 1: return Y.Array.from([this.int(0, 9), this.int(0, 9)])
      case 2: return new Y.Text(this.pick(WORDS))
      default: return new Y.Map()
    }
  }

  anything (depth) { return this.chance(0.35) ? this.type(depth) : this.value() }

  // Yjs takes neither undefined nor a BigInt as an element of an array.
  element (depth) {
    const value = this.anything(depth)
    return value === undefined || typeof value === 'bigint' ? 7 : value
  }

  // A random shared type below a root, with its depth.
  descend (type, depth) {
    while (this.chance(0.7)) {
      const children = []
      if (type instanceof Y.Map) type.forEach(value => children.push(value))
      else if (type instanceof Y.Array) type.forEach(value => children.push(value))
      else if (type instanceof Y.XmlFragment) children.push(...type.toArray())
      const next = children.filter(child => child instanceof Y.AbstractType)
      if (next.length === 0) break
      type = this.pick(next)
      depth++
    }
    return [type, depth]
  }

  edit (doc) {
    const root = this.pick([doc.getMap('m'), doc.getArray('a'), doc.getText('t'), doc.getXmlFragment('x')])
    const [type, depth] = this.descend(root, 1)
    if (type instanceof Y.XmlText || type instanceof Y.Text) this.editText(type)
    else if (type instanceof Y.XmlFragment) this.editXml(type, depth)
    else if (type instanceof Y.Array) this.editArray(type, depth)
    else this.editMap(type, depth)
  }

  editMap (map, depth) {
    const key = this.pick(KEYS)
    if (this.chance(0.25)) map.delete(key)
    else if (this.chance(0.02)) map.clear()
    else map.set(key, this.anything(depth))
  }

  editArray (array, depth) {
    if (array.length > 0 && this.chance(0.35)) {
      const at = this.int(0, array.length - 1)
      array.delete(at, this.int(1, Math.min(3, array.length - at)))
    } else {
      const at = this.pick([0, array.length, this.int(0, array.length)])
      array.insert(at, Array.from({ length: this.int(1, 3) }, () => this.element(depth)))
    }
  }

  editText (text) {
    const length = text.length
    const at = this.int(0, length)
    const span = this.int(0, Math.min(4, length - at))
    const format = () => ({ [this.pick(['bold', 'color'])]: this.pick([true, null, 'red', { r: [1] }]) })
    switch (this.int(0, 6)) {
      case 0: case 1: text.insert(at, this.pick(WORDS)); break
      case 2: text.insert(at, this.pick(WORDS), format()); break
      case 3: if (span > 0) text.delete(at, span); break
      case 4: if (span > 0) text.format(at, span, format()); break
      case 5: text.insertEmbed(at, { image: this.pick(WORDS) }); break
      default: text.applyDelta([{ retain: at }, { insert: this.pick(WORDS), attributes: format() }])
    }
  }

  editXml (parent, depth) {
    const element = parent instanceof Y.XmlElement
    if (element && this.chance(0.4)) {
      if (this.chance(0.3)) parent.removeAttribute(this.pick(['id', 'name']))
      else parent.setAttribute(this.pick(['id', 'name']), this.pick(WORDS))
    } else if (parent.length > 0 && this.chance(0.3)) {
      parent.delete(this.int(0, parent.length - 1), 1)
    } else if (depth < MAX_DEPTH) {
      const child = this.chance(0.6) ? new Y.XmlElement(this.pick(['p', 'bpmn:task'])) : new Y.XmlText(this.pick(WORDS))
      parent.insert(this.int(0, parent.length), [child])
    }
  }

  step () {
    const client = this.pick(this.clients)
    const what = this.random()
    if (what < 0.7) {
      const edits = this.chance(0.8) ? 1 : this.int(2, 6)
      client.doc.transact(() => {
        for (let i = 0; i < edits; i++) this.edit(client.doc)
      }, this.chance(0.7) ? 'me' : null)
    } else if (what < 0.78) {
      client.undo.undo()
    } else if (what < 0.82) {
      client.undo.redo()
    } else if (what < 0.87) {
      this.gossip()
    } else if (what < 0.93) {
      client.online = !client.online
    } else if (client.online) {
      this.flush(client)
      this.pull(client)
    }
    if (client.online) {
      this.flush(client)
      if (this.chance(0.3)) this.pull(this.pick(this.clients))
    }
  }

  run () {
    const steps = this.int(10, 60)
    for (let i = 0; i < steps; i++) this.step()
    for (const client of this.clients) this.flush(client)
    const step2 = []
    for (const client of this.clients) {
      this.pull(client)
      // Unless it tidied text formats, it has nothing that the server lacks.
      if (client.outbox.length === 0) step2.push(b64(Y.encodeStateAsUpdate(client.doc, Y.encodeStateVector(this.server))))
    }
    const clocks = {}
    Y.decodeStateVector(Y.encodeStateVector(this.server)).forEach((clock, id) => { clocks[id] = clock })
    return { seed: this.seed, frames: this.frames, step2, clocks, json: content(this.server) }
  }
}

// A document that only takes in what it is given: Yjs tidies text formats by itself after a remote
// change, and those deletions would be the server's own.
const serverDoc = () => {
  const doc = new Y.Doc()
  doc.on('beforeTransaction', transaction => {
    Object.defineProperty(transaction, '_needFormattingCleanup', { get: () => false, set () {} })
  })
  return doc
}

const b64 = bytes => Buffer.from(bytes).toString('base64')

// Plain values, with bytes as lists and without what JSON drops.
const plain = value => {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Uint8Array) return [...value]
  if (value instanceof Y.AbstractType) return render(value)
  if (Array.isArray(value)) return value.map(item => item === undefined ? null : plain(item))
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined).map(([k, v]) => [k, plain(v)]))
  }
  return value === undefined ? null : value
}

const render = type => {
  if (type instanceof Y.XmlText || type instanceof Y.Text) {
    return type.toDelta().map(({ insert, attributes }) => [plain(insert), plain(attributes ?? {})])
  }
  if (type instanceof Y.XmlElement) {
    return { tag: type.nodeName, attributes: plain(type.getAttributes()), children: type.toArray().map(render) }
  }
  if (type instanceof Y.XmlFragment) return type.toArray().map(render)
  if (type instanceof Y.Array) return type.toArray().map(plain)
  return Object.fromEntries([...type.entries()].map(([key, value]) => [key, plain(value)]))
}

const content = doc => ({
  m: render(doc.getMap('m')),
  a: render(doc.getArray('a')),
  t: render(doc.getText('t')),
  x: render(doc.getXmlFragment('x'))
})

process.stdout.on('error', () => process.exit(0))
for (let seed = first; seed < first + count; seed++) {
  const line = JSON.stringify(new History(seed).run()) + '\n'
  if (!process.stdout.write(line)) await new Promise(resolve => process.stdout.once('drain', resolve))
}
