// How the Studio is built: static files below /studio/, for a page that allows no inline script or style and
// loads nothing from elsewhere. `npm run dev` serves it on its own and passes the API on to a local server.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

const client = (path: string) => fileURLToPath(new URL(`../src/${path}`, import.meta.url))

const page = (name: string) => fileURLToPath(new URL(name, import.meta.url))

/** Where `npm run dev` finds an Atelier. */
const SERVER = 'http://127.0.0.1:8080'
/** What a smaller file saves is less than its headers cost. */
const WORTH_PACKING = 1024

export default defineConfig({
  base: '/studio/',
  build: {
    target: 'es2022',
    // No data: URLs, which the page's policy would have to allow for fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // bpmn-js and its like are one lazily loaded piece of about 900 kB; gzip sends a third of it.
    chunkSizeWarningLimit: 1000,
    // The Studio, and the description of the API that the server shows under /docs.
    rolldownOptions: { input: { index: page('index.html'), docs: page('docs.html') } },
  },
  resolve: {
    alias: [
      { find: /^atelier-client\/bpmn-js$/, replacement: client('bpmn-js/index.ts') },
      { find: /^atelier-client$/, replacement: client('index.ts') },
    ],
    dedupe: ['preact', 'yjs'],
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { proxy: { '/api': SERVER, '/openapi.json': SERVER, '/collab': { target: SERVER, ws: true } } },
  plugins: [packed()],
})

/** Puts a gzipped file beside each text file, so that the server packs nothing while it serves. */
function packed(): Plugin {
  return {
    name: 'packed',
    apply: 'build',
    async writeBundle({ dir = 'dist' }) {
      for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.(html|js|css|svg|json)$/.test(entry.name)) continue
        const path = join(entry.parentPath, entry.name)
        const bytes = await readFile(path)
        if (bytes.length > WORTH_PACKING) await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }))
      }
    },
  }
}
