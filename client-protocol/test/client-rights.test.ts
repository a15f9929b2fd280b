// Tokens and rights against the real binary.
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { Server } from '../../tests/interop/lib/server.mjs'
import { until } from '../../tests/interop/lib/wait.mjs'
import { type Access, type Connection, type FetchAccess, NotSaved } from '../src/index.ts'
import { becomes, reaches, visit, write } from './live/scene.ts'

const KEY = 'StartEvent_1'
const BOSS = { user: 'boss', role: 'admin' } as const

describe('rights', { concurrency: true }, async () => {
  const server = await Server.start()
  after(() => server.stop())

  /** Room tokens, of which the first lives so long, and what the client is told of each. */
  const tokens = (id: string, first: string, told: (count: number) => Partial<Access> = () => ({})) => {
    let count = 0
    const access: FetchAccess = async () => {
      count += 1
      const given = await server.collaborate(id)
      const token = count === 1 ? await server.roomToken(id, first) : given.token
      return { ...given, token, role: 'editor', ...told(count) }
    }
    return { access, count: () => count }
  }

  const giveRole = async (user: string, role: string) => {
    const body = { type: 'application/json', content: JSON.stringify({ role }) }
    const answer = await server.request('PATCH', `/api/orgs/me/members/${user}`, BOSS, body)
    assert.equal(answer.status, 200)
  }

  it('a session outlives its tokens without a gap, as each is renewed in band', async (t) => {
    const id = await server.create()
    const begin = Date.now()
    // The first one ends after 8 s; early enough for a busy machine the client is told to renew.
    const { access, count } = tokens(id, '8s', (count) => {
      return { expiresAt: new Date(count === 1 ? begin + 4_000 : begin + 3_600_000).toISOString() }
    })
    const ana = await visit(t, server, id, { access })
    const states: string[] = []
    ana.connection.subscribe(({ state }) => states.push(state))
    await until('the first token has ended', () => Date.now() > begin + 8_500)
    write(ana.doc, KEY, 'name', 'still here')
    await ana.flush()
    assert.deepEqual([states, count()], [['connecting', 'online'], 2])
  })

  it('a session whose token ended unexpectedly comes back with another one', async (t) => {
    const id = await server.create()
    const { access, count } = tokens(id, '2s')
    const ana = await visit(t, server, id, { access })
    // Before it is ready: a busy machine may let the first token end by then.
    await reaches(ana, 'offline')
    await reaches(ana, 'online')
    assert.equal(count(), 2)
  })

  it('a viewer sees everything, is told that it is read-only, and has nothing to save', async (t) => {
    const id = await server.create()
    const ana = await visit(t, server, id)
    const vic = await visit(t, server, id, { user: 'vic', role: 'viewer' })
    await Promise.all([ana.ready, vic.ready])
    assert.deepEqual(vic.rights.value, { role: 'viewer', readOnly: 'viewer' })
    assert.deepEqual(ana.rights.value, { role: 'editor', readOnly: null })
    write(ana.doc, KEY, 'name', 'Pay')
    await becomes('the name is seen', vic.document, (doc) =>
      JSON.stringify(doc.getMap('nodes')).includes('Pay'),
    )
    await vic.flush()
  })

  it('an edit of somebody who became a viewer is kept as unsaved, and saved when they may write again', async (t) => {
    const id = await server.create()
    let mayWrite = false
    const access: FetchAccess = async () => {
      const given = await server.collaborate(id, { role: mayWrite ? 'member' : 'viewer' })
      return { ...given, role: 'editor' }
    }
    const ana = await visit(t, server, id, { access })
    await ana.ready
    write(ana.doc, KEY, 'name', 'Pay')
    mayWrite = true
    await becomes('it is refused', ana.saved, ({ problem }) => problem === 'read only')
    assert.deepEqual([ana.saved.value.unsaved, ana.rights.value.readOnly], [1, 'viewer'])
    await ana.flush()
    assert.deepEqual(ana.rights.value, { role: 'editor', readOnly: null })
    assert.match(await server.xml(id), /name="Pay"/)
  })

  it('edits that may not be saved can be thrown away', async (t) => {
    const id = await server.create()
    const ana = await visit(t, server, id, {
      access: async () => ({
        ...(await server.collaborate(id, { role: 'viewer' })),
        role: 'editor' as const,
      }),
    })
    await ana.ready
    write(ana.doc, KEY, 'name', 'mine')
    await becomes('it is refused', ana.saved, ({ problem }) => problem === 'read only')
    const old = ana.doc
    await ana.discard()
    await becomes('the document is loaded anew', ana.document, (doc) => doc !== old)
    assert.equal(ana.saved.value.unsaved, 0)
    assert.doesNotMatch(JSON.stringify(ana.doc.getMap('nodes')), /mine/)
  })

  it('somebody who is made a viewer is read-only at once, without an edit, and may write again when made a member', async (t) => {
    const id = await server.create()
    const dan = await visit(t, server, id, { user: 'dan' })
    await dan.ready
    write(dan.doc, KEY, 'name', 'before')
    await dan.flush()
    const states: string[] = []
    dan.connection.subscribe(({ state }) => states.push(state))
    await giveRole('dan', 'viewer')
    await becomes('dan may only look', dan.rights, ({ readOnly }) => readOnly === 'viewer')
    await giveRole('dan', 'member')
    await becomes('dan may write', dan.rights, ({ readOnly }) => readOnly === null)
    write(dan.doc, KEY, 'name', 'after')
    await dan.flush()
    assert.deepEqual(states, ['online'], 'on one socket')
    assert.match(await server.xml(id), /name="after"/)
  })

  it('somebody who is removed from the organisation is told so, and stays out', async (t) => {
    const id = await server.create()
    const eva = await visit(t, server, id, { user: 'eva' })
    await eva.ready
    const path = '/api/orgs/me/members/eva'
    assert.equal((await server.request('DELETE', path, BOSS)).status, 204)
    const { reason, text } = await reaches(eva, 'refused')
    assert.deepEqual([reason.code, text], [4403, 'You have no access to this diagram any more.'])
    assert.equal(eva.rights.value.readOnly, 'refused')
    let asked = 0
    eva.connection.subscribe(({ state }) => {
      if (state === 'connecting') asked += 1
    })
    eva.reconnect()
    const again = await becomes(
      'the way back is refused',
      eva.connection,
      (now): now is Extract<Connection, { state: 'refused' }> => asked === 1 && now.state === 'refused',
    )
    assert.equal(again.reason.code, 4403)
  })

  it('a diagram that does not exist is refused in words, and nobody waits for it', async (t) => {
    const ana = await visit(t, server, '0193b6a0-0000-7000-8000-000000000000')
    await assert.rejects(ana.ready, /does not exist/)
    const { reason } = await reaches(ana, 'refused')
    assert.deepEqual([reason.code, ana.rights.value.readOnly], [4404, 'refused'])
  })

  it('a diagram that is deleted under an open page is refused, and what is unsaved is told', async (t) => {
    const id = await server.create()
    const ana = await visit(t, server, id)
    await ana.ready
    assert.equal((await server.request('DELETE', `/api/diagrams/${id}`)).status, 204)
    const { reason } = await reaches(ana, 'refused')
    assert.equal(reason.code, 4404)
    write(ana.doc, KEY, 'name', 'too late')
    await assert.rejects(ana.flush(), NotSaved)
    assert.equal(ana.saved.value.unsaved, 1)
  })

  it('a document of a newer schema is read-only', async (t) => {
    const id = await server.create()
    const ana = await visit(t, server, id)
    await ana.ready
    ana.doc.getMap('meta').set('v', '2')
    await ana.flush()
    const bob = await visit(t, server, id, { user: 'bob' })
    await bob.ready
    assert.equal(bob.rights.value.readOnly, 'newer schema')
    ana.doc.getMap('meta').set('v', '1')
    await becomes('bob may write', bob.rights, ({ readOnly }) => readOnly === null)
  })
})
