// BPMN files on their way to the server: what is sent, under which title, and where in the text a fault is.
import { type Api, ApiError, type Summary } from '../api.ts'
import { EXCERPT_CHARS, TITLE_BYTES, UPLOAD_BYTES } from '../limits.ts'
import { explain } from '../words.ts'

/** Why a file did not become a diagram. */
export interface Refused {
  readonly file: string
  readonly text: string
  readonly advice: string
  /** The line at fault, with the number of characters before the fault. */
  readonly excerpt: { readonly line: number; readonly text: string; readonly at: number } | undefined
}

/** Makes a diagram of a file. */
export async function upload(api: Api, file: File, project: string | null): Promise<Summary | Refused> {
  if (file.size > UPLOAD_BYTES) {
    const text = 'The file is too large.'
    return { file: file.name, text, advice: `The server takes ${UPLOAD_BYTES >> 20} MB.`, excerpt: undefined }
  }
  try {
    return await api.create(await file.arrayBuffer(), titleOf(file.name), project)
  } catch (error) {
    return { file: file.name, ...explain(error), excerpt: await excerptOf(file, error) }
  }
}

/** A title out of a file's name. */
export function titleOf(name: string): string {
  const title = name
    .replace(/\.(bpmn|bpmn20|xml)$/i, '')
    .replace(/\.bpmn$/i, '')
    .replaceAll(/[_\s]+/gu, ' ')
    .trim()
  return shortened(title) || 'Untitled diagram'
}

/** As much of a title as the server takes. */
export function shortened(title: string): string {
  const characters = [...title]
  while (new TextEncoder().encode(characters.join('')).length > TITLE_BYTES) characters.pop()
  return characters.join('')
}

/** The part of a text around a place, for a reader. Lines and columns begin at 1; total. */
export function excerpt(text: string, line: number, column: number): Refused['excerpt'] {
  const whole = text.split(/\r\n|\r|\n/u)[line - 1]
  if (whole === undefined) return undefined
  const characters = [...whole]
  const fault = Math.min(Math.max(column - 1, 0), characters.length)
  const start = Math.max(0, Math.min(fault - EXCERPT_CHARS / 2, characters.length - EXCERPT_CHARS))
  const shown = characters.slice(start, start + EXCERPT_CHARS).map((c) => (c === '\t' ? ' ' : c))
  return { line, text: shown.join(''), at: fault - start }
}

async function excerptOf(file: File, error: unknown): Promise<Refused['excerpt']> {
  if (!(error instanceof ApiError) || error.line === undefined) return undefined
  return excerpt(await file.text(), error.line, error.column ?? 1)
}
