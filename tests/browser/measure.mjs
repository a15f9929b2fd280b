// Figures of the page, printed: how long a diagram of 500 elements takes to open, whether moving elements in it
// stalls while others edit, and what a hundred people on the canvas cost. Asserts nothing: machines differ.
//
//   node measure.mjs
import { cpus, loadavg } from 'node:os'
import { after, it } from 'node:test'
import { Hand } from './lib/hand.mjs'
import { Scene } from './lib/scene.mjs'

const TASKS = 250
const ELEMENTS = 2 * TASKS - 1
const COLUMNS = 25
const EDITS = 30
const MOVES = 30
/** Between two edits of the other person. */
const REMOTE_EVERY_MS = 50
const PEOPLE = 100
/** How often each of them moves. */
const CURSOR_EVERY_MS = 50
const CROWD_MS = 5_000
/** A frame that takes longer is a stall. */
const STALL_MS = 100

/** A chain of tasks and flows in rows. */
function chain () {
  const place = (/** @type {number} */ n) => ({ x: 100 + (n % COLUMNS) * 150, y: 100 + Math.floor(n / COLUMNS) * 120 })
  const tasks = Array.from({ length: TASKS }, (_, n) => n)
  const flows = tasks.slice(1)
  const model = [
    ...tasks.map(n => `<bpmn:task id="Task_${n}" name="Step ${n}"/>`),
    ...flows.map(n => `<bpmn:sequenceFlow id="Flow_${n}" sourceRef="Task_${n - 1}" targetRef="Task_${n}"/>`)
  ]
  const drawing = [
    ...tasks.map(n => `<bpmndi:BPMNShape id="Task_${n}_di" bpmnElement="Task_${n}"><dc:Bounds x="${place(n).x}" y="${place(n).y}" width="100" height="80"/></bpmndi:BPMNShape>`),
    ...flows.map(n => {
      const [from, to] = [place(n - 1), place(n)]
      return `<bpmndi:BPMNEdge id="Flow_${n}_di" bpmnElement="Flow_${n}"><di:waypoint x="${from.x + 100}" y="${from.y + 40}"/><di:waypoint x="${to.x}" y="${to.y + 40}"/></bpmndi:BPMNEdge>`
    })
  ]
  return `<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" id="Definitions_1" targetNamespace="http://example.com/chain">
<bpmn:process id="Process_1">${model.join('\n')}</bpmn:process>
<bpmndi:BPMNDiagram id="Diagram_1"><bpmndi:BPMNPlane id="Plane_1" bpmnElement="Process_1">${drawing.join('\n')}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</bpmn:definitions>`
}

const scene = await Scene.open()
const id = await scene.create(chain())
/** @type {string[]} */
const figures = []
after(() => console.log(figures.join('\n')))
figures.push(`${cpus().length} processors, ${loadavg()[0]?.toFixed(1)} busy before the start`)

it('opens, moves and shows a crowd', { timeout: 300_000 }, async t => {
  await studio((await scene.enter(t)).page)
  const ana = new Hand(await scene.visit(t, id, { user: 'ana' }))
  const ben = new Hand(await scene.visit(t, id, { user: 'ben' }))
  await opening(ana)
  await editing(ana, ben)
  await moving(ana, ben)
  await crowd(ana)
})

/** The Studio of a new user: the list, then the diagram. @param {import('playwright-core').Page} page */
async function studio (page) {
  const loaded = () => page.evaluate(() => ({
    ms: Math.round(performance.now()),
    kilobytes: Math.round(performance.getEntriesByType('resource').reduce((sum, entry) =>
      sum + (entry.name.endsWith('.js') ? /** @type {PerformanceResourceTiming} */ (entry).encodedBodySize : 0), 0) / 1024)
  }))
  await page.goto(scene.server.url)
  await page.getByRole('heading', { name: 'Diagrams', exact: true }).waitFor()
  const list = await loaded()
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByRole('button', { name: 'Upload' }).click()])
  await chooser.setFiles({ name: 'chain.bpmn', mimeType: 'text/xml', buffer: Buffer.from(chain()) })
  await page.locator('.djs-shape').first().waitFor()
  await page.reload()
  await page.locator('.djs-shape').first().waitFor()
  const diagram = await loaded()
  figures.push(`Studio: the list after ${list.ms} ms with ${list.kilobytes} KB of scripts, ` +
    `a diagram of ${ELEMENTS} elements after ${diagram.ms} ms with ${diagram.kilobytes} KB`)
}

/** @param {Hand} hand */
async function opening ({ page, visitor }) {
  await page.reload()
  await visitor.until('the diagram is shown', () => Boolean(window.live))
  figures.push(`test page: ${ELEMENTS} elements after ${await page.evaluate(() => Math.round(performance.now()))} ms`)
}

/** Edits one by one, each shown before the next. @param {Hand} ana @param {Hand} ben */
async function editing (ana, ben) {
  const processor = await Processor.of(ana)
  /** @param {Hand} hand */
  const edits = async hand => {
    const before = await processor.seconds()
    for (let n = 0; n < EDITS; n++) {
      await hand.page.evaluate(n => {
        const { modeling, elementRegistry } = window.live.services
        modeling.moveElements([elementRegistry.get(`Task_${n}`)], { x: 0, y: 10 })
      }, n)
      const { y } = await hand.box(`Task_${n}`)
      await ana.visitor.until('it arrived', ({ n, y }) =>
        window.live.services.elementRegistry.get(`Task_${n}`).y === y, { n, y })
      await ana.page.evaluate(() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve))))
    }
    return ((await processor.seconds() - before) * 1000 / EDITS).toFixed(1)
  }
  figures.push(`an own edit costs ${await edits(ana)} ms of a processor, one of another ${await edits(ben)} ms, the waiting for it included`)
}

/** @param {Hand} ana @param {Hand} ben */
async function moving (ana, ben) {
  await ana.look({ x: 60, y: 60, width: 1300, height: 800 })
  await watchFrames(ana)
  // Ben keeps to the lower rows, at the pace of many.
  await ben.page.evaluate(({ every, tasks }) => {
    const { modeling, elementRegistry } = window.live.services
    let n = 0
    Object.assign(window, { editing: setInterval(() => {
      const shape = elementRegistry.get(`Task_${tasks - 1 - n++ % 100}`)
      modeling.moveElements([shape], { x: n % 2 ? 10 : -10, y: 0 })
    }, every) })
  }, { every: REMOTE_EVERY_MS, tasks: TASKS })
  for (let n = 0; n < MOVES; n++) await ana.move(`Task_${n % 8 + COLUMNS * (n % 4)}`, n % 2 ? 20 : -20, n % 2 ? -10 : 10)
  const updates = await ben.page.evaluate(() => {
    clearInterval(/** @type {any} */ (window).editing)
    return window.live.undo.canUndo
  })
  const { stalls, tasks, longest, frames, seconds } = await frameFigures(ana)
  figures.push(`moves ${MOVES} elements by mouse in ${seconds} s while others edit ${1000 / REMOTE_EVERY_MS} times a second` +
    `${updates ? '' : ' (they did not)'}: ${stalls} of ${frames} frames over ${STALL_MS} ms, longest ${longest} ms; ` +
    `${tasks.length} long tasks, longest ${Math.max(0, ...tasks)} ms`)
}

/** @param {Hand} hand */
async function watchFrames ({ page }) {
  await page.evaluate(() => {
    /** @type {{ gaps: number[], tasks: number[], start: number }} */
    const seen = { gaps: [], tasks: [], start: performance.now() }
    new PerformanceObserver(list => {
      for (const { duration } of list.getEntries()) seen.tasks.push(Math.round(duration))
    }).observe({ type: 'longtask' })
    let last = performance.now()
    const frame = (/** @type {number} */ now) => {
      seen.gaps.push(now - last)
      last = now
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
    Object.assign(window, { seen })
  })
}

/** @param {Hand} hand */
const frameFigures = ({ page }) => page.evaluate(stall => {
  const { gaps, tasks, start } = /** @type {any} */ (window).seen
  return {
    stalls: gaps.filter((/** @type {number} */ gap) => gap > stall).length,
    longest: Math.round(Math.max(...gaps)),
    frames: gaps.length,
    /** @type {number[]} */
    tasks,
    seconds: Math.round((performance.now() - start) / 100) / 10
  }
}, STALL_MS)

/** @param {Hand} hand */
async function crowd (hand) {
  const { page } = hand
  // With everything that moves.
  await page.emulateMedia({ reducedMotion: 'no-preference' })
  const processor = await Processor.of(hand)
  /** Seconds of a processor in `CROWD_MS`. */
  const busy = async () => {
    const before = await processor.seconds()
    await page.evaluate(ms => new Promise(resolve => setTimeout(resolve, ms)), CROWD_MS)
    return await processor.seconds() - before
  }
  const alone = await busy()
  await page.evaluate(({ people, every }) => {
    const plane = window.live.binding.keyOf(window.live.services.canvas.getRootElement())
    /** @type {((others: object[]) => void)[]} */
    const listeners = []
    const others = { value: /** @type {object[]} */ ([]), subscribe: (/** @type {() => void} */ listener) => {
      listeners.push(listener)
      return () => {}
    } }
    const Presence = window.live.presence.constructor
    new Presence(window.live.modeler, { others, show: () => {} }, window.live.binding)
    let step = 0
    setInterval(() => {
      step++
      others.value = Array.from({ length: people }, (_, n) => ({
        client: n,
        plane,
        user: { id: `${n}`, name: `Person ${n}`, color: `#${(n * 99991 % 0xffffff).toString(16).padStart(6, '0')}` },
        cursor: { x: 100 + (n * 37 + step * 9) % 1200, y: 100 + (n * 53 + step * 5) % 700 },
        selection: [`Task_${n}`]
      }))
      for (const listener of listeners) listener(others.value)
    }, every)
  }, { people: PEOPLE, every: CURSOR_EVERY_MS })
  const crowded = await busy()
  const share = (crowded - alone) / (CROWD_MS / 1000)
  figures.push(`${PEOPLE} cursors that move ${1000 / CURSOR_EVERY_MS} times a second: ${(100 * share).toFixed(1)} % of a processor`)
}

/** What the thread of a page costs: the same on a busy machine. */
class Processor {
  /** @param {import('playwright-core').CDPSession} session */
  constructor (session) {
    this.session = session
  }

  /** @param {Hand} hand */
  static async of ({ page }) {
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable', { timeDomain: 'threadTicks' })
    return new Processor(session)
  }

  async seconds () {
    const { metrics } = await this.session.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0
  }
}
