// Browsers, scripts and a script that is late on one real diagram: nothing that anyone did is lost, what two changed
// is reported, and the history shows and brings back all of it.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { newWarnings, read } from '../interop/lib/moddle.mjs'
import { until } from '../interop/lib/wait.mjs'
import { Hand } from './lib/hand.mjs'
import { fixture, Scene } from './lib/scene.mjs'

/** Real files per run, besides the project's own. */
const REAL = 4
/** Tasks that the story needs. */
const TASKS = 5

const scene = await Scene.open()

/** Tasks that have a name, a tag that a script can find, and a shape. @param {string} text */
async function tasksOf (text) {
  const { names } = await read(text)
  return [...names].filter(([id, name]) => name && tagOf(text, id) !== null && text.includes(` bpmnElement="${id}"`))
    .map(([id]) => id)
}

/** Whether all of it is on the canvas that opens. @param {string} text */
const hasOneCanvas = text => text.split(/<(?:\w+:)?BPMNDiagram\b/).length === 2 && !text.includes(' isExpanded="false"')

/** The start tag of a task with a name. @param {string} text @param {string} id */
function tagOf (text, id) {
  const tags = [...text.matchAll(/<(?:[\w-]+:)?(?:t|userT|serviceT|manualT|scriptT|sendT|receiveT)ask\s[^<>]*>/g)]
    .map(([tag]) => tag).filter(tag => tag.includes(` id="${id}"`) && / name="[^"]*"/.test(tag))
  return tags.length === 1 ? tags[0] ?? null : null
}

/** The text as a script leaves it that renames a task. @param {string} text @param {string} id @param {string} name */
function renamed (text, id, name) {
  const tag = tagOf(text, id)
  if (tag === null) throw new Error(`${id} is not in the text`)
  return text.replace(tag, tag.replace(/ name="[^"]*"/, ` name="${name}"`))
}

/** The project's own diagram and some real ones, with enough tasks. @returns {Promise<{ file: string, text: string }[]>} */
async function diagrams () {
  const own = { file: 'order-to-delivery', text: String(fixture('order-to-delivery')) }
  const folder = process.env.ATELIER_CORPUS
  if (!folder) return [own]
  const fit = []
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!/(^|\/)miwg-.*\.bpmn$/.test(file)) continue
    const text = readFileSync(join(folder, file), 'utf8')
    const clean = await read(text).then(({ warnings }) => warnings.length === 0, () => false)
    if (clean && hasOneCanvas(text) && (await tasksOf(text)).length >= TASKS) fit.push({ file, text })
  }
  assert.ok(fit.length >= REAL, `too few real files with ${TASKS} tasks below ${folder}`)
  const every = Math.floor(fit.length / REAL)
  return [own, ...fit.filter((_, at) => at % every === 0).slice(0, REAL)]
}

/** Scripts that read and save one diagram, as with curl. */
class Script {
  /** @param {string} diagram @param {string} user */
  constructor (diagram, user) {
    this.path = `/api/diagrams/${diagram}`
    this.user = user
  }

  /** @param {string} method @param {string} path @param {Record<string, string>} [headers] @param {string} [body] */
  async call (method, path, headers, body) {
    const token = await scene.server.token({ user: this.user })
    return fetch(`${scene.server.url}${this.path}${path}`,
      { method, headers: { authorization: `Bearer ${token}`, ...headers }, body: body ?? null })
  }

  async load () {
    const answer = await this.call('GET', '/xml')
    assert.equal(answer.status, 200)
    return { text: await answer.text(), tag: answer.headers.get('etag') ?? '' }
  }

  /** @param {string} path */
  async json (path) {
    const answer = await this.call('GET', path)
    assert.equal(answer.status, 200)
    return answer.json()
  }

  /** @param {string} text @param {Record<string, string>} headers @param {string} [query] @param {number} [status] */
  async save (text, headers, query = '', status = 200) {
    const answer = await this.call('PUT', `/xml${query}`, headers, text)
    const told = await answer.json()
    assert.equal(answer.status, status, JSON.stringify(told))
    return told
  }
}

/** Shows a task as large as one who edits it. @param {Hand} hand @param {string} id */
async function lookAt (hand, id) {
  const { x, y, width, height } = await hand.box(id)
  await hand.look({ x: x - 300, y: y - 200, width: width + 600, height: height + 400 })
}

/** @param {Hand} hand @param {string} id @param {string} name */
async function rename (hand, id, name) {
  await lookAt(hand, id)
  await hand.rename(id, name)
}

/** Moves a task as the modeler's own commands do. @param {Hand} hand @param {string} id */
const nudge = (hand, id) => hand.page.evaluate(id => {
  const { modeling, elementRegistry } = window.live.services
  modeling.moveElements([elementRegistry.get(id)], { x: 10, y: 20 })
}, id)

/**
 * Waits until every edit is stored and everybody has the same document; each canvas then shows the names in it.
 * How bpmn-js draws real files depends on more than their text, so that their canvases can't be compared.
 * @param {import('./lib/visitor.mjs').Visitor[]} visitors @returns {Promise<string>} the text
 */
async function inStep (visitors) {
  const [first] = visitors
  if (!first) throw new Error('nobody is there')
  await Promise.all(visitors.map(({ page }) => page.evaluate(() => window.live.diagram.flush())))
  const text = await first.page.evaluate(() => window.live.xmlOfNewcomer())
  await until('all have the same document', async () => {
    const texts = await Promise.all(visitors.map(({ page }) => page.evaluate(() => window.live.xml())))
    return texts.every(other => other === text)
  })
  const { names } = await read(text)
  for (const { page, name } of visitors) {
    const shown = await page.evaluate(() => {
      window.live.binding.flush()
      return window.live.services.elementRegistry.getAll()
        .map((/** @type {any} */ { businessObject }) => [businessObject.id, businessObject.name])
    })
    for (const [id, title] of shown) assert.equal(title, names.get(id), `${id} on the canvas of ${name}`)
    assert.deepEqual(await page.evaluate(() => window.live.fallbacks), [])
  }
  return text
}

/** @param {any} told @returns {string[]} ids of elements that two changed */
const conflicting = told =>
  told.conflicts.map((/** @type {any} */ { element }) => element.id).sort()

/** @param {string} text @param {Record<string, string | undefined>} wanted names by id */
async function assertNames (text, wanted) {
  const { names } = await read(text)
  assert.deepEqual(Object.fromEntries(Object.keys(wanted).map(id => [id, names.get(id)])), wanted)
}

for (const { file, text } of await diagrams()) {
  it(`nothing is lost between two browsers and two scripts on ${file}`, async t => {
    const [both, moved, saved, live, own] = /** @type {[string, string, string, string, string]} */ (
      (await tasksOf(text)).slice(0, TASKS))
    const id = await scene.create(text)
    const [bea, dora] = [new Script(id, 'bea'), new Script(id, 'dora')]
    const first = await bea.load()
    assert.equal(first.text, text, 'what was uploaded comes back byte for byte')

    const ana = new Hand(await scene.visit(t, id, { user: 'ana' }))
    const cem = new Hand(await scene.visit(t, id, { user: 'cem' }))
    const visitors = [ana.visitor, cem.visitor]
    await rename(ana, both, 'Ana wrote this')
    await nudge(ana, moved)
    await dora.save(renamed(text, saved, 'Dora saved this'), { 'if-match': first.tag })
    await rename(cem, live, 'Cem wrote this')
    await inStep(visitors)

    const edited = [[both, 'Bea saved this'], [saved, 'Bea saved this too'], [own, 'Only Bea saved this']]
      .reduce((all, [task = '', name = '']) => renamed(all, task, name), text)
    const stale = await bea.save(edited, { 'if-match': first.tag }, '', 412)
    assert.equal(stale.code, 'stale')
    assert.deepEqual(conflicting(stale), [both, saved].sort(), 'a refusal tells what two changed')
    await inStep(visitors)
    const merged = await bea.save(edited, { 'if-match': first.tag, prefer: 'merge' })
    assert.deepEqual(conflicting(merged), [both, saved].sort(), 'and so does a merge')
    const current = merged.conflicts.map((/** @type {any} */ { current }) => current).sort()
    assert.deepEqual(current, ['Ana wrote this', 'Dora saved this'], 'with what it replaced')

    const all = {
      [both]: 'Bea saved this', [saved]: 'Bea saved this too', [own]: 'Only Bea saved this', [live]: 'Cem wrote this'
    }
    const whole = await inStep(visitors)
    assert.equal(await scene.server.xml(id), whole, 'scripts read what people see')
    await assertNames(whole, all)
    const diff = await bea.json(`/diff?from=1`)
    const ids = (/** @type {any[]} */ changes) => changes.map(({ element }) => element.id)
    assert.deepEqual(ids(diff.renamed).sort(), Object.keys(all).sort())
    assert.deepEqual([diff.added, diff.removed], [[], []])
    assert.ok(ids(diff.layout).includes(moved), 'what Ana moved has moved')

    await bea.save(text, {}, '?mode=replace')
    await inStep(visitors)
    const { names } = await read(text)
    await assertNames(await scene.server.xml(id), Object.fromEntries(Object.keys(all).map(task => [task, names.get(task)])))
    const restored = await dora.call('POST', `/versions/${merged.version}/restore`)
    assert.equal(restored.status, 200)
    assert.equal(await inStep(visitors), whole, 'a restore brings all of it back')

    await assertHistory(bea, ana, text)
  })
}

/**
 * Every version tells who made it, and opens everywhere.
 * @param {Script} script @param {Hand} hand @param {string} source
 */
async function assertHistory (script, hand, source) {
  const { versions } = await script.json('/versions')
  const kinds = versions.map((/** @type {any} */ { kind }) => kind)
  assert.deepEqual(['restored', 'saved', 'uploaded'].filter(kind => !kinds.includes(kind)), [])
  const authors = new Set(versions.flatMap((/** @type {any} */ { authors }) => authors.map((/** @type {any} */ { id }) => id)))
  assert.deepEqual([...authors].sort(), ['ana', 'bea', 'cem', 'dora'])
  const replaced = []
  const before = await read(source)
  const known = await hand.page.evaluate(xml => window.live.warningsOf(xml), source)
  for (const { version, xmlUrl } of versions) {
    const answer = await script.call('GET', xmlUrl.slice(script.path.length))
    const text = await answer.text()
    const { warnings, names } = await read(text)
    assert.deepEqual(newWarnings(warnings, before.warnings), [], `version ${version}`)
    const shown = await hand.page.evaluate(xml => window.live.warningsOf(xml), text)
    assert.deepEqual(newWarnings(shown, known), [], `version ${version} in a modeler`)
    replaced.push(...names.values())
  }
  for (const name of ['Ana wrote this', 'Dora saved this']) {
    assert.ok(replaced.includes(name), `a version still holds “${name}”`)
  }
}
