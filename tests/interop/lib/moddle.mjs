// What an independent reader makes of an export.
import { BpmnModdle } from 'bpmn-moddle'

/**
 * @param {string} xml
 * @returns {Promise<{ warnings: string[], names: Map<string, string | undefined> }>} warnings of the
 *   import, sorted, and the names of elements by id; throws what is not well-formed BPMN
 */
export async function read (xml) {
  const { warnings, elementsById } = await new BpmnModdle().fromXML(xml)
  return {
    warnings: warnings.map(({ message }) => steady(message)).sort(),
    names: new Map(Object.entries(elementsById).map(([id, element]) => [id, element.name]))
  }
}

/**
 * The warnings of an export that its input did not have, each as often as it is new.
 * @param {string[]} exported
 * @param {string[]} input
 */
export function newWarnings (exported, input) {
  const known = [...input]
  return exported.filter(warning => {
    const at = known.indexOf(warning)
    if (at >= 0) known.splice(at, 1)
    return at < 0
  })
}

/** A warning without places, which an edit moves. @param {string} message */
const steady = message => message.replace(/\s*\n\s*(line|column|nested error): .*/g, '')
