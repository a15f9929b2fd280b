// Small diagrams for tests of differences, written as lines, and how they are told apart without keys and orders.
import { type Fields, type Namespace, place, type Records, type Value } from '../src/document/index.ts'
import { lanesOf, RecordTree, type TreeNode } from '../src/document/merge/tree.ts'

export const MODEL = 'http://www.omg.org/spec/BPMN/20100524/MODEL'
const BPMNDI = 'http://www.omg.org/spec/BPMN/20100524/DI'

/** `key tag parent order field=value …`; a value in brackets is a reference. Keys without `~` are ids, too. */
export function diagram(lines: string): Records {
  const ns = new Map<string, Namespace>()
  for (const [alias, uri] of Object.entries({ bpmn: MODEL, bpmndi: BPMNDI, v: 'urn:v' })) {
    ns.set(alias, { uri, atRoot: true })
  }
  const nodes = new Map<string, Fields>()
  for (const line of lines.split('\n').map((line) => line.trim())) {
    if (line === '') continue
    const [key = '', tag = '', parent = '', order = '', ...pairs] = line.split(' ')
    const fields: Fields = new Map([
      ['#t', tag],
      ['#p', `${order} ${parent}`],
    ])
    if (!key.startsWith('~')) fields.set('id', key)
    for (const pair of pairs) {
      const [field = '', value = ''] = pair.split('=')
      fields.set(field, value.startsWith('[') ? value.slice(1, -1).split(',') : value)
    }
    nodes.set(key, fields)
  }
  return { meta: new Map(), ns, ao: new Map(), nodes }
}

/** Start, task and end, with flows and their drawing. */
export function chain(): Records {
  return diagram(`defs bpmn:definitions # a0
    proc bpmn:process defs a0
    start bpmn:startEvent proc a0 name=Start
    task bpmn:task proc a1 name=Task
    end bpmn:endEvent proc a2
    f1 bpmn:sequenceFlow proc a3 sourceRef=[start] targetRef=[task] #i=a0 #u=a0
    f2 bpmn:sequenceFlow proc a4 sourceRef=[task] targetRef=[end] #i=a0 #u=a0
    dia bpmndi:BPMNDiagram defs a1
    plane bpmndi:BPMNPlane dia a0 bpmnElement=[proc]
    start_di bpmndi:BPMNShape plane a0 bpmnElement=[start] #b=0_0_36_36
    task_di bpmndi:BPMNShape plane a1 bpmnElement=[task] #b=100_0_100_80
    f1_di bpmndi:BPMNEdge plane a2 bpmnElement=[f1] #w=1,1_2,2`)
}

/** A copy that shares nothing. */
export function copyOf(records: Records): Records {
  const nodes = [...records.nodes].map(([key, fields]) => [key, new Map(fields)] as const)
  return {
    meta: new Map(records.meta),
    ns: new Map(records.ns),
    ao: new Map(records.ao),
    nodes: new Map(nodes),
  }
}

export function withField(records: Records, key: string, field: string, value: Value): Records {
  const changed = copyOf(records)
  changed.nodes.get(key)?.set(field, value)
  return changed
}

export function without(records: Records, ...keys: string[]): Records {
  const changed = copyOf(records)
  for (const key of keys) changed.nodes.delete(key)
  return changed
}

export function adding(records: Records, lines: string): Records {
  const changed = copyOf(records)
  for (const [key, fields] of diagram(lines).nodes) changed.nodes.set(key, fields)
  return changed
}

/** The tree as a reader sees it: no keys, no orders. */
export function shape(records: Records): string {
  const tree = new RecordTree(records)
  const identity = (node: TreeNode) => {
    const id = node.fields.get('id')
    return typeof id === 'string' ? id : `${node.local}@${node.at}`
  }
  const named = (key: string) => {
    const node = tree.get(key)
    return node === undefined ? `?${key}` : identity(node)
  }
  const lines = tree.nodes.map((node) => {
    const fields = [...node.fields].filter(([field]) => !['#p', '#i', '#u'].includes(field)).sort()
    const said = fields.map(([field, value]) => {
      if (typeof value === 'string') return `${field}=${value}`
      const keys =
        field === '#l'
          ? lanesOf(node.fields)
              .map(({ lane }) => named(lane))
              .sort()
          : value.map(named)
      return `${field}=${keys.join(',')}`
    })
    return `${identity(node)} <${named(place(node.fields)?.parent ?? '')} ${said.join(' ')}`
  })
  const lists = tree
    .lists()
    .map(({ of, owner, members }) => `${of} ${identity(owner)}: ${members.map(identity).join(' ')}`)
  return [...lines, ...lists.sort()].join('\n')
}
