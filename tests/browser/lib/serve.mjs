// A few files, served on a port of their own, to a page that may do as little as the Studio's.
import { createServer } from 'node:http'
import { extname } from 'node:path'

/** @type {Record<string, string>} */
const TYPES = { '': 'text/html', '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.woff2': 'font/woff2' }

/** No inline script, no inline style. Only the server under test is elsewhere. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
  "font-src 'self' data:; connect-src http://127.0.0.1:* ws://127.0.0.1:*; base-uri 'none'; form-action 'none'"

/**
 * @param {ReadonlyMap<string, Uint8Array>} files by path, without the slash; the page's is empty
 * @returns {Promise<{ origin: string, stop: () => void }>}
 */
export async function serveFiles (files) {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://page').pathname.slice(1)
    const found = files.get(path)
    response.writeHead(found ? 200 : 404, {
      'content-type': found ? TYPES[extname(path)] ?? 'application/octet-stream' : 'text/plain',
      'content-security-policy': POLICY
    }).end(found)
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
