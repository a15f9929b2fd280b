// The test page, bundled from page/ and the client's sources, and served on a port of its own.
import { readFileSync } from 'node:fs'
import { build } from 'esbuild'
import { serveFiles } from './serve.mjs'

const here = new URL('../page/', import.meta.url)
const client = new URL('../../../client-protocol/node_modules/', import.meta.url).pathname

/** Each is a page of its own. */
const ENTRIES = ['main', 'pair']

/** Of bpmn-js's icons. */
const FONTS = ['.eot', '.svg', '.ttf', '.woff', '.woff2']

/** Serves the page. */
export async function serveTestPage () {
  return serveFiles(await bundle())
}

async function bundle () {
  const { outputFiles } = await build({
    entryPoints: ENTRIES.map(name => new URL(`${name}.ts`, here).pathname),
    outdir: '/',
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    sourcemap: 'inline',
    nodePaths: [client],
    loader: Object.fromEntries(FONTS.map(extension => [extension, 'file'])),
    assetNames: '[name]',
    logLevel: 'silent'
  })
  const pages = /** @type {const} */ ([['', 'index.html'], ['pair.html', 'pair.html']])
  return new Map([
    ...pages.map(([path, name]) => /** @type {const} */ ([path, readFileSync(new URL(name, here))])),
    ...outputFiles.map(({ path, contents }) => /** @type {const} */ ([path.slice(1), contents]))
  ])
}
