// The npm package as somebody else's front end gets it: packed, installed into a plain Vite app, built, opened.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { until } from '../interop/lib/wait.mjs'
import { Scene } from './lib/scene.mjs'
import { serveFiles } from './lib/serve.mjs'

const run = promisify(execFile)
const client = fileURLToPath(new URL('../../client-protocol', import.meta.url))

const app = await serveFiles(await buildPlainApp())
after(() => app.stop())
const scene = await Scene.open({ ATELIER_SERVER__ORIGINS: app.origin })

/** Everything that the app's build made, by path. */
async function buildPlainApp () {
  const folder = await mkdtemp(join(tmpdir(), 'atelier-plain-app-'))
  try {
    await cp(join(client, 'test/plain-app'), folder, { recursive: true })
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: client })
    const [{ filename }] = JSON.parse(stdout)
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${filename}`], { cwd: folder })
    await run('npm', ['run', 'build'], { cwd: folder })
    const dist = join(folder, 'dist')
    const names = (await readdir(dist, { recursive: true })).filter(name => name.includes('.'))
    const files = await Promise.all(names.map(async name =>
      /** @type {const} */ ([name === 'index.html' ? '' : name, await readFile(join(dist, name))])))
    return new Map(files)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Somebody who opens the app. @param {import('node:test').TestContext} t @param {string} id @param {string} user */
async function open (t, id, user) {
  const visitor = await scene.enter(t, { user })
  const token = await scene.server.token({ user })
  const place = new URLSearchParams({ server: scene.server.url, diagram: id, user, token })
  await visitor.page.goto(`${app.origin}/#${place}`)
  const shows = async (/** @type {string} */ name, /** @type {string} */ text) =>
    visitor.page.locator(`#${name}`, { hasText: new RegExp(`^${text}$`) }).waitFor({ state: 'attached' })
  await shows('connection', 'online')
  return Object.assign(visitor, { shows, rename: () => visitor.page.click('#rename') })
}

it('whoever only connects bundles no document model and no bpmn-js', async () => {
  const { metafile } = await build({
    stdin: { contents: "import { openDiagram, roomAccess } from './src/index.ts'; export { openDiagram, roomAccess }", resolveDir: client },
    bundle: true,
    format: 'esm',
    minify: true,
    metafile: true,
    write: false,
    outdir: '/'
  })
  const [output] = Object.values(metafile.outputs)
  const parts = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  assert.deepEqual(parts.map(([path]) => path).filter(path => /src\/(document|bpmn-js)\/|node_modules\/bpmn/.test(path)), [])
  assert.ok(parts.some(([path]) => path.endsWith('src/client/diagram.ts')))
})

it('a plain app shows who is there, and that an edit is saved when the server has it on disk', async t => {
  const id = await scene.create()
  const ana = await open(t, id, 'ana')
  const bob = await open(t, id, 'bob')
  await Promise.all([ana.shows('people', 'bob'), bob.shows('people', 'ana')])
  await ana.rename()
  await ana.shows('saved', 'saved')
  await until('it is in the XML', async () => /renamed by ana/.test(await scene.server.xml(id)))
})

it('an edit made while the server is away survives a reload of the page in a real browser', async t => {
  const id = await scene.create()
  const ana = await open(t, id, 'ana')
  ana.expect(/ERR_CONNECTION|ERR_EMPTY_RESPONSE|WebSocket/)
  await ana.shows('saved', 'saved')
  await scene.server.kill('SIGKILL')
  await ana.shows('connection', 'offline')
  await ana.rename()
  await ana.shows('saved', '1 unsaved')
  /** @type {string[]} */
  const questions = []
  ana.page.on('dialog', dialog => {
    questions.push(dialog.type())
    void dialog.accept()
  })
  await ana.page.reload()
  assert.deepEqual(questions, ['beforeunload'], 'the page asks before it is left')
  await ana.shows('saved', '1 unsaved')
  await scene.server.launch()
  await ana.shows('saved', 'saved')
  assert.match(await scene.server.xml(id), /renamed by ana/)
})
