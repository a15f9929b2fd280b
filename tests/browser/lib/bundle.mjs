// The test page, bundled from page/ and the client's sources, and served on a port of its own.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname } from 'node:path'
import { build } from 'esbuild'

const here = new URL('../page/', import.meta.url)
const client = new URL('../../../client-protocol/node_modules/', import.meta.url).pathname

/** Each is a page of its own. */
const ENTRIES = ['main', 'pair']

/** Of bpmn-js's icons. */
const FONTS = ['.eot', '.svg', '.ttf', '.woff', '.woff2']

/** @type {Record<string, string>} */
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.woff2': 'font/woff2' }

/** As strict as the Studio's: no inline script, no inline style. Only the server under test is elsewhere. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
  "font-src 'self' data:; connect-src http://127.0.0.1:* ws://127.0.0.1:*; base-uri 'none'; form-action 'none'"

/** Serves the page. @returns {Promise<{ origin: string, stop: () => void }>} */
export async function serveTestPage () {
  const files = await bundle()
  const server = createServer((request, response) => {
    const found = files.get(new URL(request.url ?? '/', 'http://page').pathname.slice(1))
    response.writeHead(found ? 200 : 404, {
      'content-type': found?.type ?? 'text/plain', 'content-security-policy': POLICY
    }).end(found?.body)
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    origin: `http://127.0.0.1:${port}`,
    stop: () => {
      server.close()
      server.closeAllConnections()
    }
  }
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
  return new Map([...pages.map(([place, name]) =>
    /** @type {const} */ ([place, file(name, readFileSync(new URL(name, here)))])), ...outputFiles.map(({ path, contents }) =>
    /** @type {const} */ ([path.slice(1), file(path, Buffer.from(contents))]))])
}

/** @param {string} name @param {Buffer} body */
const file = (name, body) => ({ type: TYPES[extname(name)] ?? 'application/octet-stream', body })
