// Real BPMN texts for tests: the project's fixtures and, where ATELIER_CORPUS names a folder, those in it. And what the
// binary makes of them: ATELIER_BIN, as in the tests against a server.
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { BINARY } from '../../tests/interop/lib/server.mjs'

/** What the binary may write: the largest text that it takes, and room. */
const MAX_OUTPUT = 64 << 20
/** Processes at once. */
const PARALLEL = 2

/** A file. */
export interface Text {
  readonly path: string
  /** Below its folder. */
  readonly name: string
}

/** The files, by what the folder is called. */
export function texts(): [string, Text[]][] {
  const fixtures = fileURLToPath(new URL('../../tests/fixtures', import.meta.url))
  const corpus = process.env.ATELIER_CORPUS
  const folders = [['fixtures', filesIn(fixtures)] as [string, Text[]]]
  return corpus === undefined ? folders : [...folders, ['corpus', filesIn(corpus)]]
}

function filesIn(folder: string): Text[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && /\.(bpmn|bpmn2|xml)$/.test(entry.name))
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort()
  return paths.map((path) => ({ path, name: relative(folder, path) }))
}

/** Runs the binary. */
export async function atelier(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    const { stdout, stderr } = await promisify(execFile)(BINARY, args, { maxBuffer: MAX_OUTPUT })
    return { code: 0, stdout, stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string }
    if (typeof code !== 'number') throw error
    return { code, stdout, stderr }
  }
}

/** Does something with all items, a few at once. */
export async function forEachOf<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const left = items[Symbol.iterator]()
  const worker = async () => {
    for (let next = left.next(); !next.done; next = left.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
}

/** Where two texts part. */
export function difference(ours: string, theirs: string): string {
  let at = 0
  while (at < ours.length && ours[at] === theirs[at]) at++
  const around = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 60), at + 60))
  return `${around(ours)} / ${around(theirs)}`
}
