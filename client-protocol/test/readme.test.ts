// The front page of the package shows what really runs.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

it('the app in README.md is the one that is installed, built and opened by a test', () => {
  const [, code] = /```ts\n(import[\s\S]*?)```/.exec(read('README.md')) ?? []
  assert.equal(code, read('test/plain-app/main.ts'))
})
