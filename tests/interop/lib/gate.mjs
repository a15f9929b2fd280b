// A TCP proxy between clients and a server, which can freeze or cut one side of a connection alone.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** One connection through the gate. */
class Passage {
  /** @param {import('node:net').Socket} client @param {import('node:net').Socket} upstream */
  constructor (client, upstream) {
    this.client = client
    this.upstream = upstream
    this.frozen = false
    for (const socket of [client, upstream]) socket.setNoDelay(true).on('error', () => {})
    this.pass(client, upstream)
    this.pass(upstream, client)
  }

  /** @param {import('node:net').Socket} from @param {import('node:net').Socket} to */
  pass (from, to) {
    from.on('data', bytes => { if (!this.frozen) to.write(bytes) })
    from.on('end', () => { if (!this.frozen) to.end() })
    from.on('close', () => { if (!this.frozen) to.destroy() })
  }

  /** Nothing passes any more, and neither side is told. */
  freeze () { this.frozen = true }

  /** The client loses its connection; the server is not told and keeps its end. */
  cutClient () {
    this.freeze()
    this.client.destroy()
  }

  /** The server loses its connection, if it was kept. */
  cutServer () {
    this.freeze()
    this.upstream.destroy()
  }
}

/** A gate on a port of its own. */
export class Gate {
  /** @param {() => number} port where the server listens now */
  constructor (port) {
    /** Whether connections are taken; without, they are closed at once, as by a server that is down. */
    this.open = true
    /** All that ever passed, oldest first. @type {Passage[]} */
    this.passages = []
    this.listener = createServer(client => {
      if (!this.open) {
        client.on('error', () => {}).destroy()
        return
      }
      this.passages.push(new Passage(client, connect(port(), '127.0.0.1')))
    })
  }

  /** @param {import('./server.mjs').Server} server */
  static async before (server) {
    const gate = new Gate(() => server.port)
    gate.listener.listen(0, '127.0.0.1')
    await once(gate.listener, 'listening')
    return gate
  }

  get port () {
    return /** @type {import('node:net').AddressInfo} */ (this.listener.address()).port
  }

  /** Lets nobody in any more and cuts everybody off. */
  shut () {
    this.open = false
    for (const passage of this.passages) {
      passage.cutClient()
      passage.cutServer()
    }
    this.passages = []
  }

  stop () {
    this.shut()
    this.listener.close()
  }
}
