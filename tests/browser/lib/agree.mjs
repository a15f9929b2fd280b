// Whether everybody shows the same diagram as the server has.
import assert from 'node:assert/strict'
import { until } from '../../interop/lib/wait.mjs'

/** @typedef {import('./visitor.mjs').Visitor} Visitor */

/**
 * Waits until every edit is stored and seen, then compares all copies with what the server gives a newcomer, and
 * all canvases with what a fresh modeler makes of that.
 * @param {Visitor[]} visitors
 * @param {Visitor} [actor] whose canvas may differ: what bpmn-js draws itself is not always what it imports
 * @returns {Promise<{ text: string, lines: string[] }>} the text, and what a modeler shows of it
 */
export async function agree (visitors, actor) {
  const [first] = visitors
  if (!first) throw new Error('nobody is there')
  await Promise.all(visitors.map(({ page }) => page.evaluate(() => window.live.diagram.flush())))
  const text = await first.page.evaluate(() => window.live.xmlOfNewcomer())
  await until('all have the same document', async () => {
    const texts = await Promise.all(visitors.map(({ page }) => page.evaluate(() => window.live.xml())))
    return texts.every(other => other === text)
  })
  const fresh = await first.page.evaluate(xml => window.live.pictureOf(xml), text)
  for (const visitor of visitors) {
    const shown = await visitor.page.evaluate(() => window.live.picture())
    const lines = difference(shown, fresh).filter(line => visitor !== actor || /^. model/.test(line))
    assert.equal(lines.length, 0, `${visitor.name} sees another diagram (+) than the server's text shows (-):\n${lines.join('\n')}`)
    assert.deepEqual(visitor.complaints, [], `the page of ${visitor.name} complained`)
    assert.deepEqual(await visitor.page.evaluate(() => window.live.fallbacks), [])
  }
  return { text, lines: fresh }
}

/**
 * The same, and the server's REST interface gives that text. It stores a version of the diagram for that, and takes
 * its time when asked often.
 * @param {import('../../interop/lib/server.mjs').Server} server @param {string} diagram @param {Visitor[]} visitors
 */
export async function agreeWithRest (server, diagram, visitors) {
  const { text } = await agree(visitors)
  assert.equal(await server.xml(diagram), text, 'the server has what the pages have')
  return text
}

/** A text is too long to be shown when it is not as expected. @param {string} text @param {RegExp} expected */
export function has (text, expected) {
  assert.ok(expected.test(text), `the text matches ${expected}`)
}

/** Lines that only one has. @param {string[]} shown @param {string[]} expected */
export function difference (shown, expected) {
  const left = [...expected]
  const more = shown.filter(line => {
    const at = left.indexOf(line)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
  return [...more.map(line => `+ ${line}`), ...left.map(line => `- ${line}`)]
}
