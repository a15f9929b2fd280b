// What the tests of one file share: a server and a browser. Visitors leave when their test ends, and a
// page that complained fails it.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { after } from 'node:test'
import { chromium } from 'playwright-core'
import { Server } from '../../interop/lib/server.mjs'
import { serveTestPage } from './bundle.mjs'
import { Visitor } from './visitor.mjs'

/** @typedef {import('../../interop/lib/server.mjs').Who} Who */
/** @typedef {import('node:test').TestContext} TestContext */

/** Where Debian has Chromium. */
const EXECUTABLE = '/usr/bin/chromium'
const WINDOW = { width: 1280, height: 800 }
/** Of visitors, in turns. */
const COLORS = ['#d32f2f', '#1976d2', '#388e3c', '#fbc02d']

/** One of the project's BPMN fixtures. @param {string} name */
export const fixture = name => readFileSync(new URL(`../../fixtures/${name}.bpmn`, import.meta.url))

export class Scene {
  /** Use `Scene.open`. @param {Server} server @param {string} origin @param {import('playwright-core').Browser} browser */
  constructor (server, origin, browser) {
    this.server = server
    /** Of the test page. */
    this.origin = origin
    this.browser = browser
    this.visitors = 0
  }

  /** For one test file; ends behind its last test. @param {Record<string, string>} [settings] of the server */
  static async open (settings) {
    if (!existsSync(EXECUTABLE)) throw new Error(`${EXECUTABLE} is missing: install Chromium`)
    const page = await serveTestPage()
    after(() => page.stop())
    const server = await Server.start({ ATELIER_SERVER__ORIGINS: page.origin, ...settings })
    after(() => server.stop())
    // As root, as in most containers, Chromium starts only without its sandbox; it sees nothing but our pages.
    const browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox'] })
    after(() => browser.close())
    return new Scene(server, page.origin, browser)
  }

  /** Sample actions and the diagrams that they need. */
  async samples () {
    const page = await this.browser.newPage()
    await page.goto(this.origin)
    const samples = await page.evaluate(() => window.samples)
    await page.close()
    return samples
  }

  /**
   * A diagram made from a text or a fixture.
   * @param {string | Buffer} [xml] an empty diagram without it
   */
  create (xml) {
    return this.server.create(xml)
  }

  /**
   * Somebody with a browser of their own, who has the test page open on the diagram.
   * @param {TestContext} t @param {string} diagram @param {Who} [who]
   * @param {import('../../interop/lib/gate.mjs').Gate} [gate] the way to the server
   */
  async visit (t, diagram, who, gate) {
    const visitor = await this.enter(t, who)
    const address = gate ? `http://127.0.0.1:${gate.port}` : this.server.url
    await visitor.openTestPage(this.origin, address, await this.server.token(who), diagram)
    return visitor
  }

  /** The page with two modelers side by side, whose documents are in step without a server. @param {TestContext} t */
  async enterPair (t) {
    const visitor = await this.enter(t)
    await visitor.page.goto(`${this.origin}/pair.html`)
    await visitor.until('the page is ready', () => Boolean(window.pair))
    return visitor
  }

  /** Somebody with a browser of their own and an empty page. @param {TestContext} t @param {Who} [who] */
  async enter (t, who = {}) {
    const context = await this.browser.newContext({ viewport: WINDOW, reducedMotion: 'reduce' })
    const visitor = new Visitor(await context.newPage(), who, COLORS[this.visitors++ % COLORS.length] ?? '')
    t.after(async () => {
      await context.close()
      assert.deepEqual(visitor.complaints, [], `the page of ${visitor.name} complained`)
    })
    return visitor
  }
}
