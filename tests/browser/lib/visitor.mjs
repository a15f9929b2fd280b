// One person in front of one browser page, and everything that the page complained about.
/** Longer than anything takes; only a bug makes a test wait for it. */
const PATIENCE_MS = 30_000

/** What bpmn-js says of itself, whoever uses it: its replace menu asks for its own pad by an old name. */
const OF_BPMN_JS = [/ContextPad#getPad is deprecated/]

/** @typedef {import('../../interop/lib/server.mjs').Who} Who */

export class Visitor {
  /**
   * Use `Scene.visit`.
   * @param {import('playwright-core').Page} page @param {Who} who @param {string} color
   */
  constructor (page, who, color) {
    this.page = page
    this.who = who
    this.color = color
    /** Console errors and warnings, and errors that nobody caught. @type {string[]} */
    this.complaints = []
    /** What may be complained about, because the test provokes it. @type {RegExp[]} */
    this.expected = [...OF_BPMN_JS]
    page.setDefaultTimeout(PATIENCE_MS)
    page.on('console', message => {
      if (message.type() !== 'error' && message.type() !== 'warning') return
      this.#complain(`${message.type()}: ${message.text()} (${message.location().url})`)
    })
    page.on('pageerror', error => this.#complain(error.stack ?? error.message))
    page.on('crash', () => this.#complain('the page crashed'))
  }

  /**
   * Opens the test page on a diagram and waits until it shows it.
   * @param {string} origin of the page @param {string} server its address @param {string} token @param {string} diagram
   */
  async openTestPage (origin, server, token, diagram) {
    const place = new URLSearchParams({ server, diagram, token, user: this.name, color: this.color })
    await this.page.goto(`${origin}/#${place}`)
    await this.until('the diagram is shown', () => Boolean(window.live))
  }

  /**
   * Waits in the page until `condition` gives something truthy, and returns that.
   * @template T, A
   * @param {string} what for the message when it never does
   * @param {(argument: A) => T} condition runs in the page
   * @param {A} [argument]
   */
  async until (what, condition, argument) {
    try {
      const handle = await this.page.waitForFunction(/** @type {any} */ (condition), argument)
      return /** @type {NonNullable<Awaited<T>>} */ (await handle.jsonValue())
    } catch (cause) {
      throw new Error(
        `${this.name} waited in vain until ${what}; the page says: ${this.complaints[0] ?? 'nothing'}`, { cause })
    }
  }

  /** From now on such complaints are no failure. @param {RegExp[]} complaints */
  expect (...complaints) {
    this.expected.push(...complaints)
  }

  /** From now on it is no failure that the page can't reach the server: browsers always write that down. */
  expectNoConnection () {
    this.expect(/WebSocket connection to .* failed/, /Failed to load resource: net::ERR_/)
  }

  get name () { return this.who.user ?? 'ana' }

  /** @param {string} complaint */
  #complain (complaint) {
    if (this.expected.some(expected => expected.test(complaint))) return
    this.complaints.push(complaint.replaceAll(/token=[^'&\s]+/g, 'token=…'))
  }
}
