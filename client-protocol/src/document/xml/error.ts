// Why a text could not be read, and where. Sentences are for people who fix the file: they name what was
// found and, where a bound was reached, the bound.

/** A refusal of the reader. The message holds place and reason. */
export class ReadError extends Error {
  override readonly name = 'ReadError'

  constructor(
    /** 1-based; CR, LF and CR LF each end a line. */
    readonly line: number,
    /** 1-based, counted in characters. */
    readonly column: number,
    /** What is wrong, as a sentence without a full stop. */
    readonly reason: string,
  ) {
    super(`line ${line}, column ${column}: ${reason}`)
  }
}

/** The refusal at an offset of a text whose line ends are all LF. */
export function readError(text: string, offset: number, reason: string): ReadError {
  let line = 1
  let column = 1
  for (let i = 0; i < offset; i++) {
    const unit = text.charCodeAt(i)
    if (unit === 0x0a) {
      line++
      column = 1
    } else if (unit < 0xdc00 || unit > 0xdfff) column++ // The second half of a pair is no character.
  }
  return new ReadError(line, column, reason)
}

/** The start of a text that an error quotes. */
export function quoted(text: string, characters: number): string {
  return Array.from(text.slice(0, characters * 2))
    .slice(0, characters)
    .join('')
}
