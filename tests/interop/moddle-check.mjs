// Reads pairs of BPMN files with stock bpmn-moddle and tells what it warns of in an output that it
// did not warn of in the input: exports must never be worse than what they were made from.
//
//   node moddle-check.mjs FOLDER     NAME.in.bpmn (and NAME.in-2.bpmn …) and NAME.out.bpmn
//
// Prints one line per new warning; exit code 1 if there is any, 2 if the folder holds no pair.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BpmnModdle } from 'bpmn-moddle';

const folder = process.argv[2];
const files = folder ? readdirSync(folder).sort() : [];
const inputs = new Map();
for (const file of files) {
  const match = /^(.*)\.in(?:-\d+)?\.bpmn$/.exec(file);
  if (match) inputs.set(match[1], [...(inputs.get(match[1]) ?? []), file]);
}

const moddle = new BpmnModdle();

// Warnings without what differs from one serialisation to the next: lines, columns and markers.
async function warnings(file) {
  try {
    const { warnings } = await moddle.fromXML(readFileSync(join(folder, file), 'utf8'));
    return warnings.map(({ message }) => message.replace(/line: \d+|column: \d+/g, '').replace(/\s+/g, ' ').replace(/<unknown[^>]*>/g, '<unknown>'));
  } catch (error) {
    return [`does not open: ${error.message.replace(/line: \d+|column: \d+/g, '').replace(/\s+/g, ' ')}`];
  }
}

let pairs = 0;
let worse = 0;
let warned = 0;
for (const [name, sources] of inputs) {
  const known = new Set((await Promise.all(sources.map(warnings))).flat());
  const found = await warnings(`${name}.out.bpmn`);
  pairs += 1;
  warned += found.length;
  for (const message of new Set(found.filter((message) => !known.has(message)))) {
    worse += 1;
    console.log(`${name}: ${message}`);
  }
}
console.error(`${pairs} pairs, ${warned} warnings in the outputs, ${worse} of them new`);
process.exit(pairs === 0 ? 2 : worse > 0 ? 1 : 0);
