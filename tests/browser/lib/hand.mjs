// A person's mouse and keyboard on a bpmn-js canvas: one method per gesture, none of which calls the modeler to
// change anything.

/** @typedef {import('./visitor.mjs').Visitor} Visitor */
/** @typedef {{ x: number, y: number }} Point */
/** @typedef {Point & { width: number, height: number }} Box */

export class Hand {
  /** @param {Visitor} visitor */
  constructor (visitor) {
    this.visitor = visitor
    this.page = visitor.page
  }

  /** Where on the screen a point of the diagram is. @param {Point} point @returns {Promise<Point>} */
  onScreen ({ x, y }) {
    return this.page.evaluate(({ x, y }) => {
      const canvas = window.live.modeler.get('canvas')
      const box = canvas.viewbox()
      const { left, top } = canvas.getContainer().getBoundingClientRect()
      return { x: left + (x - box.x) * box.scale, y: top + (y - box.y) * box.scale }
    }, { x, y })
  }

  /** Shows a part of the diagram. @param {Box} box */
  async look (box) {
    await this.page.evaluate(box => { window.live.modeler.get('canvas').viewbox(box) }, box)
  }

  /** The box of a shape. @param {string} id @returns {Promise<Box>} */
  box (id) {
    return this.page.evaluate(id => {
      const { x, y, width, height } = window.live.modeler.get('elementRegistry').get(id)
      return { x, y, width, height }
    }, id)
  }

  /** The waypoints of a connection. @param {string} id @returns {Promise<Point[]>} */
  waypoints (id) {
    return this.page.evaluate(id => window.live.modeler.get('elementRegistry').get(id)
      .waypoints.map((/** @type {Point} */ { x, y }) => ({ x, y })), id)
  }

  /** Waits for an element of this name, and returns its id. @param {string} name @returns {Promise<string>} */
  called (name) {
    return this.visitor.until(`something is called ${name}`, name => window.live.modeler.get('elementRegistry')
      .find((/** @type {any} */ element) => element.businessObject?.name === name && !element.labelTarget)?.id, name)
  }

  /** Clicks a shape near its upper left corner, where nothing lies on it, or a connection in its middle. @param {string} id */
  async select (id) {
    const { x, y } = await this.onScreen(await this.grip(id))
    await this.page.mouse.click(x, y)
    await this.visitor.until(`${id} is selected`, id =>
      window.live.modeler.get('selection').get().some((/** @type {any} */ element) => element.id === id), id)
  }

  /** A point by which an element can be taken. @param {string} id @returns {Promise<Point>} */
  grip (id) {
    return this.page.evaluate(id => {
      const { x, y, width, height, waypoints } = window.live.modeler.get('elementRegistry').get(id)
      if (!waypoints) return { x: x + Math.min(width / 2, 12), y: y + Math.min(height / 2, 12) }
      const [a, b] = waypoints
      return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }
    }, id)
  }

  /** Presses at one point of the diagram and lets go at another. @param {Point} from @param {Point} to */
  async drag (from, to) {
    const [start, end] = [await this.onScreen(from), await this.onScreen(to)]
    await this.page.mouse.move(start.x, start.y)
    await this.page.mouse.down()
    await this.page.mouse.move(end.x, end.y, { steps: 6 })
    await this.page.mouse.up()
  }

  /** @param {string} id @param {number} dx @param {number} dy */
  async move (id, dx, dy) {
    const from = await this.grip(id)
    await this.drag(from, { x: from.x + dx, y: from.y + dy })
  }

  /** Drags the lower right handle. @param {string} id @param {number} dx @param {number} dy */
  async resize (id, dx, dy) {
    await this.select(id)
    const handle = await this.page.locator('#canvas .djs-resizer-se .djs-resizer-hit').boundingBox()
    if (!handle) throw new Error(`${id} has no handle`)
    const [x, y] = [handle.x + handle.width / 2, handle.y + handle.height / 2]
    await this.page.mouse.move(x, y)
    await this.page.mouse.down()
    await this.page.mouse.move(x + dx, y + dy, { steps: 6 })
    await this.page.mouse.up()
  }

  /** Takes something from the palette and puts it down, with a name. @param {string} entry @param {Point} at @param {string} [name] */
  async create (entry, at, name) {
    await this.page.locator(`#canvas .djs-palette [data-action="create.${entry}"]`).click()
    const { x, y } = await this.onScreen(at)
    await this.page.mouse.move(x - 10, y - 10)
    await this.page.mouse.move(x, y, { steps: 3 })
    await this.page.mouse.click(x, y)
    if (name !== undefined) await this.type(name)
  }

  /** An entry of an element's context pad. @param {string} id @param {string} action */
  async pad (id, action) {
    await this.select(id)
    await this.page.locator(`#canvas .djs-context-pad.open [data-action="${action}"]`).click()
  }

  /** Appends something, with a name. @param {string} id @param {string} what @param {string} [name] */
  async append (id, what, name) {
    await this.pad(id, `append.${what}`)
    if (name !== undefined) await this.type(name)
  }

  /** @param {string} from @param {string} to */
  async connect (from, to) {
    await this.pad(from, 'connect')
    const { x, y } = await this.onScreen(await this.grip(to))
    await this.page.mouse.move(x - 3, y)
    await this.page.mouse.move(x, y, { steps: 3 })
    await this.page.mouse.click(x, y)
  }

  /** Changes the type of an element by its menu. @param {string} id @param {string} entry */
  async replace (id, entry) {
    await this.pad(id, 'replace')
    await this.page.locator(`#canvas .djs-popup [data-id="${entry}"]`).click()
  }

  /** @param {string} id @param {string} name */
  async rename (id, name) {
    const { x, y } = await this.onScreen(await this.grip(id))
    await this.page.mouse.dblclick(x, y)
    await this.type(name)
  }

  /** Writes into the label that is open, and closes it. @param {string} name */
  async type (name) {
    await this.page.locator('#canvas .djs-direct-editing-content').waitFor()
    await this.page.keyboard.press('Control+a')
    await this.page.keyboard.type(name)
    await this.page.keyboard.press('Enter')
    await this.page.locator('#canvas .djs-direct-editing-content').waitFor({ state: 'detached' })
  }

  /** @param {string} id */
  async delete (id) {
    await this.select(id)
    await this.page.keyboard.press('Delete')
  }

  /** @param {string} keys as playwright names them */
  async press (keys) {
    await this.page.locator('#canvas .djs-container > svg').focus()
    await this.page.keyboard.press(keys)
  }

  undo () { return this.press('Control+z') }
  redo () { return this.press('Control+y') }
}
