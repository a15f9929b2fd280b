// The real binary: started on a free port with a data folder of its own, killed, started again.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { within } from './wait.mjs'

const run = promisify(execFile)
const target = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../../../target')

/** The binary under test: `ATELIER_BIN`, else what the test profile built, else the debug build. */
export const BINARY = resolve(process.env.ATELIER_BIN ??
  [join(target, 'ci/atelier'), join(target, 'debug/atelier')].find(existsSync) ??
  join(target, 'ci/atelier'))

// The server refuses variables that it does not know, so it gets none of the tests' own.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('ATELIER_')))

/** @typedef {'admin' | 'member' | 'viewer'} OrgRole */
/** @typedef {{ user?: string, org?: string, role?: OrgRole }} Who */

/** A server process and its data folder; both go with `stop`. */
export class Server {
  /** @param {string} data @param {Record<string, string>} settings */
  constructor (data, settings) {
    this.data = data
    this.settings = settings
    this.port = 0
    /** @type {import('node:child_process').ChildProcess | null} */
    this.process = null
    /** The last lines of its log. @type {string[]} */
    this.log = []
    /** Every line that says `panicked`, over all lives of this server. @type {string[]} */
    this.panics = []
    /** @type {Map<string, Promise<string>>} */
    this.tokens = new Map()
  }

  /**
   * A new server with an empty data folder.
   * @param {Record<string, string>} [settings] environment variables
   */
  static async start (settings = {}) {
    if (!existsSync(BINARY)) {
      throw new Error(`${BINARY} is missing: build it, or name it in ATELIER_BIN`)
    }
    const server = new Server(await mkdtemp(join(tmpdir(), 'atelier-interop-')), settings)
    await server.launch()
    return server
  }

  get url () { return `http://127.0.0.1:${this.port}` }

  /** Starts the process: on a free port the first time, on the same one later. */
  async launch () {
    const child = spawn(BINARY, ['serve', '--listen', `127.0.0.1:${this.port}`, '--data', this.data], {
      env: { ...environment, ATELIER_LOG__FILTER: 'warn', ...this.settings },
      stdio: ['ignore', 'pipe', 'pipe']
    })
    this.process = child
    createInterface({ input: child.stderr }).on('line', line => {
      if (line.includes('panicked')) this.panics.push(line)
      this.log.push(line)
      if (this.log.length > 200) this.log.shift()
    })
    const lines = createInterface({ input: child.stdout })
    const first = await within('the line that tells the address', Promise.race([
      once(lines, 'line').then(([line]) => String(line)),
      once(child, 'exit').then(([code, signal]) => `exit ${code ?? signal}`)
    ]))
    const address = /^listening on http:\/\/127\.0\.0\.1:(\d+)$/.exec(first)
    if (!address) throw new Error(`the server did not start: ${first}\n${this.log.join('\n')}`)
    this.port = Number(address[1])
  }

  /**
   * Ends the process. It must not have ended before.
   * @param {'SIGKILL' | 'SIGTERM'} signal
   * @returns {Promise<number | null>} the exit code
   */
  async kill (signal) {
    const child = this.process
    if (!child || child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`the server was not running any more:\n${this.log.join('\n')}`)
    }
    const exited = once(child, 'exit')
    child.kill(signal)
    const [code] = await within(`the end by ${signal}`, exited)
    this.process = null
    return code
  }

  /** Ends what is left, and removes the data. */
  async stop () {
    if (this.process?.exitCode === null && this.process.signalCode === null) await this.kill('SIGKILL')
    await rm(this.data, { recursive: true, force: true })
  }

  /**
   * An access token, by the command line.
   * @param {Who} [who]
   * @returns {Promise<string>}
   */
  token (who = {}) {
    const { user = 'ana', org = 'acme', role = 'member' } = who
    const key = `${user} ${org} ${role}`
    let token = this.tokens.get(key)
    if (!token) {
      token = this.command('token', '--user', user, '--org', org, '--role', role)
      this.tokens.set(key, token)
    }
    return token
  }

  /**
   * A room token with a life of its own, by the command line.
   * @param {string} diagram
   * @param {string} ttl as `3s`
   * @param {Who} [who]
   */
  roomToken (diagram, ttl, { user = 'ana', org = 'acme', role = 'member' } = {}) {
    return this.command('token', '--user', user, '--org', org, '--role', role,
      '--diagram', diagram, '--ttl', ttl)
  }

  /** @param {string[]} args */
  async command (...args) {
    const { stdout } = await run(BINARY, [...args, '--data', this.data], {
      env: { ...environment, ...this.settings }
    })
    return stdout.trim()
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {Who} [who]
   * @param {{ type: string, content: string | Buffer }} [body]
   */
  async request (method, path, who, body) {
    return fetch(this.url + path, {
      method,
      headers: {
        authorization: `Bearer ${await this.token(who)}`,
        ...(body && { 'content-type': body.type })
      },
      body: body?.content
    })
  }

  /**
   * Creates a diagram and gives its id.
   * @param {string | Buffer} [xml] an empty diagram without it
   * @param {Who} [who]
   * @returns {Promise<string>}
   */
  async create (xml, who) {
    const body = xml === undefined
      ? { type: 'application/json', content: '{}' }
      : { type: 'application/xml', content: xml }
    const answer = await this.request('POST', '/api/diagrams', who, body)
    if (answer.status !== 201) throw new Error(`not created: ${answer.status} ${await answer.text()}`)
    return (await answer.json()).id
  }

  /**
   * The diagram as BPMN XML.
   * @param {string} id
   * @param {Who} [who]
   */
  async xml (id, who) {
    const answer = await this.request('GET', `/api/diagrams/${id}/xml`, who)
    if (answer.status !== 200) throw new Error(`no XML: ${answer.status} ${await answer.text()}`)
    return answer.text()
  }

  /**
   * What a provider needs to join.
   * @param {string} id
   * @param {Who} [who]
   * @returns {Promise<{ url: string, token: string, role: string, expiresAt: string }>}
   */
  async collaborate (id, who) {
    const answer = await this.request('POST', `/api/diagrams/${id}/collaborate`, who)
    if (answer.status !== 200) throw new Error(`no way in: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }
}
