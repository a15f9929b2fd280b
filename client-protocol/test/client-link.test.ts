// How a client holds its connection: on a made-up network and clock.
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type Access, AccessDenied } from '../src/client/access.ts'
import * as limits from '../src/client/limits.ts'
import { Link } from '../src/client/link.ts'
import * as wire from '../src/client/wire.ts'

const HOUR = 3_600_000

/** A socket whose other end is the test. */
class FakeSocket {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  readyState = 0
  binaryType = ''
  sent: Uint8Array[] = []
  onopen = () => {}
  onmessage = (_: { data: unknown }) => {}
  onerror = () => {}
  onclose = (_: { code: number }) => {}

  constructor(readonly url: string) {}

  send(frame: Uint8Array): void {
    this.sent.push(frame)
  }

  close(): void {
    this.readyState = 3
  }

  open(): void {
    this.readyState = 1
    this.onopen()
  }

  hear(): void {
    this.onmessage({ data: Uint8Array.of(1, 1, 0).buffer })
  }

  drop(code: number): void {
    this.readyState = 3
    this.onclose({ code })
  }
}

/** A link on that network, with an application that gives tokens `t1`, `t2` … */
function scene(t: TestContext, { life = HOUR, deny }: { life?: number; deny?: () => unknown } = {}) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 })
  t.mock.method(Math, 'random', () => 1)
  const sockets: FakeSocket[] = []
  class Socket extends FakeSocket {
    constructor(url: string) {
      super(url)
      sockets.push(this)
    }
  }
  let tokens = 0
  const access = async (): Promise<Access> => {
    const error = deny?.()
    if (error) throw error
    tokens += 1
    const expiresAt = new Date(Date.now() + life).toISOString()
    return { url: 'ws://room', token: `t${tokens}`, role: 'editor', expiresAt }
  }
  const calls = { opened: 0, lost: 0, histories: 0 }
  const link = new Link(access, Socket as unknown as typeof WebSocket, {
    opened: () => void calls.opened++,
    received: () => {},
    lost: () => void calls.lost++,
    otherHistory: async () => void calls.histories++,
    idle: () => true,
  })
  t.after(() => link.close())
  link.connect()
  const online = async () => {
    await turn()
    const socket = sockets.at(-1)
    assert.ok(socket)
    socket.open()
    link.synced()
    return socket
  }
  /** Time passes on a connection that lives. */
  const pass = (socket: FakeSocket, ms: number) => {
    for (let passed = 0; passed < ms; passed += 10_000) {
      t.mock.timers.tick(Math.min(10_000, ms - passed))
      socket.hear()
    }
  }
  return {
    link,
    sockets,
    calls,
    online,
    pass,
    tick: (ms: number) => t.mock.timers.tick(ms),
    tokens: () => tokens,
  }
}

/** Lets everything that was promised happen. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('a lost connection', () => {
  it('is tried again after waits that double, up to the longest', async (t) => {
    const { link, sockets, tick } = scene(t)
    const waits: number[] = []
    for (let attempt = 0; attempt < 10; attempt++) {
      await turn()
      sockets.at(-1)?.drop(1006)
      const now = link.state.value
      assert.ok(now.state === 'offline' && now.retryAt)
      waits.push(now.retryAt - Date.now())
      tick(now.retryAt - Date.now() - 1)
      await turn()
      assert.equal(sockets.length, attempt + 1, 'not earlier')
      tick(1)
    }
    const half = limits.RETRY_FIRST_MS
    assert.deepEqual(waits.slice(0, 4), [half, 2 * half, 4 * half, 8 * half])
    assert.equal(waits.at(-1), limits.RETRY_LONGEST_MS)
  })

  it('that had held is tried again soon, and one that flaps is not', async (t) => {
    const { link, online, tick } = scene(t)
    const wait = () =>
      link.state.value.state === 'offline' ? (link.state.value.retryAt ?? 0) - Date.now() : Number.NaN
    for (const expected of [500, 1_000, 2_000]) {
      const socket = await online()
      socket.drop(1006)
      assert.equal(wait(), expected)
      tick(expected)
    }
    const socket = await online()
    tick(limits.STEADY_MS + 1)
    socket.drop(1006)
    assert.equal(wait(), 500)
  })

  it('is tried at once when the network is back', async (t) => {
    const { link, sockets, online } = scene(t)
    const socket = await online()
    socket.drop(1006)
    link.nudge()
    await turn()
    assert.equal(sockets.length, 2)
    link.nudge()
    await turn()
    assert.equal(sockets.length, 2, 'one socket at a time')
  })

  it('still is one when its old socket speaks again', async (t) => {
    const { link, sockets, online, tick, calls } = scene(t)
    const old = await online()
    old.drop(1006)
    tick(500)
    await online()
    old.onopen()
    old.hear()
    old.drop(4404)
    assert.equal(link.state.value.state, 'online')
    assert.deepEqual([sockets.length, calls.opened, calls.lost], [2, 2, 1])
  })
})

describe('silence', () => {
  it('of 45 s ends the socket; a keepalive does not let it come so far', async (t) => {
    const { link, online, tick } = scene(t)
    const socket = await online()
    for (let i = 0; i < 10; i++) {
      tick(limits.SILENCE_MS - 1)
      socket.hear()
    }
    assert.equal(link.state.value.state, 'online')
    tick(limits.SILENCE_MS)
    assert.equal(link.state.value.state, 'offline')
    assert.equal(socket.readyState, 3)
  })

  it('after a sleep is doubted: the socket must answer soon', async (t) => {
    const { link, online, tick } = scene(t)
    const socket = await online()
    tick(limits.DOUBTFUL_MS)
    link.nudge()
    assert.equal(socket.sent.length, 0, 'not quiet for long enough')
    tick(1)
    link.nudge()
    assert.deepEqual(socket.sent, [wire.token('t1')])
    tick(limits.PROBE_MS)
    assert.equal(link.state.value.state, 'offline')
  })

  it('while a socket opens ends the attempt', async (t) => {
    const { link, tick } = scene(t)
    await turn()
    tick(limits.OPEN_TIMEOUT_MS)
    assert.equal(link.state.value.state, 'offline')
  })
})

describe('a room token', () => {
  it('is renewed in band well before its end, again and again', async (t) => {
    const { online, pass } = scene(t)
    const socket = await online()
    for (const token of ['t2', 't3']) {
      pass(socket, HOUR * limits.REFRESH_AT)
      await turn()
      assert.deepEqual(socket.sent.at(-1), wire.token(token))
    }
    assert.equal(socket.sent.length, 2)
  })

  it('whose renewal fails is tried again, and the socket stays', async (t) => {
    let away = false
    const { link, online, pass, tick } = scene(t, { deny: () => away && new Error('no network') })
    const socket = await online()
    away = true
    pass(socket, HOUR * limits.REFRESH_AT)
    await turn()
    assert.equal(socket.sent.length, 0)
    away = false
    tick(limits.REFRESH_RETRY_MS)
    await turn()
    assert.deepEqual(socket.sent, [wire.token('t2')])
    assert.equal(link.state.value.state, 'online')
  })

  it('is used again on a reconnect, and not when it was refused', async (t) => {
    const { sockets, online, tick } = scene(t)
    ;(await online()).drop(1006)
    tick(500)
    ;(await online()).drop(4401)
    tick(limits.RETRY_LONGEST_MS)
    await online()
    assert.deepEqual(
      sockets.map(({ url }) => url),
      ['ws://room?token=t1', 'ws://room?token=t1', 'ws://room?token=t2'],
    )
  })

  it('that is refused three times in a row ends the attempts', async (t) => {
    const { link, sockets, tick, tokens } = scene(t)
    for (let i = 0; i < limits.TOKEN_ATTEMPTS; i++) {
      await turn()
      sockets.at(-1)?.drop(4401)
      tick(limits.RETRY_LONGEST_MS)
    }
    await turn()
    assert.equal(link.state.value.state, 'refused')
    assert.deepEqual([sockets.length, tokens()], [3, 3])
  })

  it('that the application is denied ends the attempts, with its words', async (t) => {
    const { link, sockets } = scene(t, { deny: () => new AccessDenied(4401, 'Please sign in.') })
    await turn()
    const now = link.state.value
    assert.ok(now.state === 'refused')
    assert.deepEqual([now.reason.code, now.text, sockets.length], [4401, 'Please sign in.', 0])
  })
})

describe('a permanent refusal', () => {
  for (const code of [1009, 4400, 4403, 4404, 4499]) {
    it(`${code} is final, until somebody asks for another attempt`, async (t) => {
      const { link, sockets, online, tick } = scene(t)
      ;(await online()).drop(code)
      const now = link.state.value
      assert.ok(now.state === 'refused')
      assert.equal(now.reason.code, code)
      tick(HOUR)
      link.nudge()
      await turn()
      assert.equal(sockets.length, 1)
      link.connect()
      await online()
      assert.equal(link.state.value.state, 'online')
    })
  }

  it('4409 asks for another document first, and is final the third time in a row', async (t) => {
    const { link, sockets, calls, tick } = scene(t)
    for (let i = 0; i < limits.HISTORY_ATTEMPTS; i++) {
      await turn()
      sockets.at(-1)?.open()
      sockets.at(-1)?.drop(4409)
      await turn()
      tick(limits.RETRY_LONGEST_MS)
    }
    await turn()
    assert.equal(link.state.value.state, 'refused')
    assert.deepEqual([sockets.length, calls.histories], [3, 2])
  })
})

it('clients of a stopping node come back at once, but not in one instant', async (t) => {
  const { link, online } = scene(t)
  ;(await online()).drop(1012)
  const now = link.state.value
  assert.ok(now.state === 'offline' && now.retryAt)
  assert.equal(now.retryAt - Date.now(), limits.RESTART_SPREAD_MS)
})

it('a closed link does nothing any more', async (t) => {
  const { link, sockets, online, tick } = scene(t)
  const socket = await online()
  link.close()
  assert.equal(socket.readyState, 3)
  tick(HOUR)
  link.nudge()
  link.connect()
  await turn()
  assert.deepEqual([sockets.length, link.state.value.state], [1, 'closed'])
})
