// The messages of PROTOCOL.md against the golden vectors that the server reads too.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import * as Y from 'yjs'
import { closeReason } from '../src/client/close.ts'
import * as wire from '../src/client/wire.ts'

interface Frame {
  readonly name: string
  readonly hex: string
}
interface ServerFrame extends Frame {
  readonly frame:
    | 'keepalive'
    | 'step1'
    | 'step2'
    | 'update'
    | 'awareness'
    | 'barrier'
    | 'token'
    | 'role'
    | 'refused'
  readonly vector?: Record<string, number>
  readonly update?: string
  readonly opaque?: string
  readonly expiresAt?: string
  readonly role?: string
  readonly why?: string
}

const vectors = <T>(name: string): T[] =>
  JSON.parse(readFileSync(new URL(`../vectors/wire/${name}.json`, import.meta.url), 'utf8'))
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))
const hex = (from: Uint8Array) => Buffer.from(from).toString('hex')

const CODES: Record<string, number> = { 'read-only': 1, gap: 2, 'too-large': 3, busy: 4 }

describe('what a server sends', () => {
  for (const vector of vectors<ServerFrame>('server-frames')) {
    it(`is read: ${vector.name}`, () => {
      const [message, ...rest] = wire.decode(bytes(vector.hex))
      assert.deepEqual(rest, [])
      assert.ok(message)
      assert.deepEqual(told(message), expected(vector))
    })

    it(`is malformed when it is cut off: ${vector.name}`, () => {
      const whole = bytes(vector.hex)
      for (let length = 1; length < whole.length; length++) {
        // Also where bytes of somebody else follow in memory.
        assert.throws(() => wire.decode(whole.subarray(0, length)), wire.MalformedFrame)
      }
    })
  }

  it('may be several messages in one frame, and a type of tomorrow ends it', () => {
    const types = wire.decode(bytes('00000100010100c8010102')).map(({ type }) => type)
    assert.deepEqual(types, ['step1', 'awareness'])
  })

  it('is malformed where a sync message is unknown', () => {
    assert.throws(() => wire.decode(bytes('000300')), wire.MalformedFrame)
  })
})

function told(message: wire.ServerMessage): unknown {
  if (message.type === 'step1') return Object.fromEntries(Y.decodeStateVector(message.vector))
  if (message.type === 'step2' || message.type === 'update') return [message.type, hex(message.update)]
  if (message.type === 'awareness') return 'awareness'
  if (message.type === 'token taken') return message.until
  if (message.type === 'role') return message.role
  if (message.type === 'barrier') return hex(message.opaque)
  return [hex(message.opaque), message.code]
}

function expected({ frame, vector, update, opaque, expiresAt, role, why }: ServerFrame): unknown {
  if (frame === 'step1') return vector
  if (frame === 'step2' || frame === 'update') return [frame, update]
  if (frame === 'awareness' || frame === 'keepalive') return 'awareness'
  if (frame === 'token') return expiresAt
  if (frame === 'role') return role
  return frame === 'barrier' ? opaque : [opaque, CODES[why ?? '']]
}

describe('what a client sends', () => {
  const frames = new Map(vectors<Frame>('frames').map((frame) => [frame.name, frame.hex]))
  const sent: Record<string, Uint8Array> = {
    'Step1 of an empty document': wire.step1(Y.encodeStateVector(new Y.Doc())),
    'Step1 with client and server ids': wire.step1(
      bytes('04ffffffffffffff0f0285808080108407ffffffff0f010703'),
    ),
    'Step2 of an empty document': wire.step2(bytes('0000')),
    'update that sets a key': wire.update(bytes('010107002801016d016b0177017800')),
    'keepalive: awareness of nobody': wire.awareness(bytes('00')),
    token: wire.token('eyJ.x.y'),
    barrier: wire.barrier(5),
  }
  for (const [name, frame] of Object.entries(sent)) {
    it(`has the bytes of the golden vector: ${name}`, () => assert.equal(hex(frame), frames.get(name)))
  }
})

describe('a close code', () => {
  it('is permanent as PROTOCOL.md R1 says, also where nobody defined it', () => {
    const permanent = [1009, 4400, 4401, 4403, 4404, 4409, 4477, 4499]
    for (const code of permanent) assert.ok(closeReason(code).permanent, `${code}`)
    for (const code of [1000, 1006, 1012, 1013, 4399, 4500, 4503, 4999])
      assert.ok(!closeReason(code).permanent, `${code}`)
  })

  it('is tried again only with what can change the answer', () => {
    const retry = (code: number) => closeReason(code).retry
    assert.deepEqual([4400, 4403, 4404, 1009, 4477].map(retry), Array(5).fill('never'))
    assert.deepEqual([4401, 4409, 1012].map(retry), ['with another token', 'with a new document', 'at once'])
    assert.deepEqual([1013, 4503, 4500, 1006].map(retry), ['later', 'later', 'soon', 'soon'])
  })
})
