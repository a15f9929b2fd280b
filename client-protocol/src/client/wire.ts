// Messages of PROTOCOL.md as bytes: what a client sends, and what it reads. Pure; knows no document.
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'

const SYNC = 0
const AWARENESS = 1
const TOKEN = 101
const BARRIER = 102
const REFUSED = 103
const ROLE = 104

/** What a server says. */
export type ServerMessage =
  | { readonly type: 'step1'; readonly vector: Uint8Array }
  | { readonly type: 'step2'; readonly update: Uint8Array }
  | { readonly type: 'update'; readonly update: Uint8Array }
  | { readonly type: 'awareness'; readonly states: Uint8Array }
  | { readonly type: 'token taken'; readonly until: string }
  | { readonly type: 'barrier'; readonly opaque: Uint8Array }
  | { readonly type: 'role'; readonly role: string }
  | { readonly type: 'refused'; readonly opaque: Uint8Array; readonly code: number; readonly reason: string }

/** Bytes that no server sends. */
export class MalformedFrame extends Error {
  override readonly name = 'MalformedFrame'
}

export const step1 = (vector: Uint8Array): Uint8Array => sync(0, vector)
export const step2 = (update: Uint8Array): Uint8Array => sync(1, update)
export const update = (bytes: Uint8Array): Uint8Array => sync(2, bytes)
export const awareness = (states: Uint8Array): Uint8Array => message(AWARENESS, states)
/** The opaque bytes are ours: a counter (A3). */
export const barrier = (number: number): Uint8Array => message(BARRIER, varUint(number))
export const token = (text: string): Uint8Array => message(TOKEN, new TextEncoder().encode(text))

/** The counter in a barrier that came back; undefined if it is none of ours. */
export function barrierNumber(opaque: Uint8Array): number | undefined {
  try {
    return decoding.readVarUint(decoding.createDecoder(opaque))
  } catch {
    return undefined
  }
}

/**
 * The messages of one frame. A message of an unknown type ends it (M1).
 * @throws {MalformedFrame}
 */
export function decode(frame: Uint8Array): ServerMessage[] {
  const decoder = decoding.createDecoder(frame)
  const messages: ServerMessage[] = []
  try {
    while (decoding.hasContent(decoder)) {
      const next = read(decoder)
      if (decoder.pos > frame.length) throw new MalformedFrame('a body is cut off')
      if (next === undefined) break
      messages.push(next)
    }
  } catch (error) {
    throw error instanceof MalformedFrame ? error : new MalformedFrame('cannot be read', { cause: error })
  }
  return messages
}

function read(decoder: decoding.Decoder): ServerMessage | undefined {
  const type = decoding.readVarUint(decoder)
  if (type === SYNC) return readSync(decoder)
  if (type === AWARENESS) return { type: 'awareness', states: decoding.readVarUint8Array(decoder) }
  if (type === TOKEN) return { type: 'token taken', until: decoding.readVarString(decoder) }
  if (type === BARRIER) return { type: 'barrier', opaque: decoding.readVarUint8Array(decoder) }
  if (type === ROLE) return { type: 'role', role: decoding.readVarString(decoder) }
  if (type !== REFUSED) return undefined
  const opaque = decoding.readVarUint8Array(decoder)
  const code = decoding.readVarUint(decoder)
  return { type: 'refused', opaque, code, reason: decoding.readVarString(decoder) }
}

function readSync(decoder: decoding.Decoder): ServerMessage {
  const step = decoding.readVarUint(decoder)
  const body = decoding.readVarUint8Array(decoder)
  if (step === 0) return { type: 'step1', vector: body }
  if (step === 1) return { type: 'step2', update: body }
  if (step === 2) return { type: 'update', update: body }
  throw new MalformedFrame('an unknown sync message')
}

function sync(step: number, body: Uint8Array): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, SYNC)
    encoding.writeVarUint(encoder, step)
    encoding.writeVarUint8Array(encoder, body)
  })
}

function message(type: number, body: Uint8Array): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, type)
    encoding.writeVarUint8Array(encoder, body)
  })
}

function varUint(number: number): Uint8Array {
  return encoding.encode((encoder) => encoding.writeVarUint(encoder, number))
}
