// What a tag (`#t`) says about the nodes that carry it: kind, name, vocabulary, and the role in which the rules
// know the type. Tags that XML cannot show have none (N0.6).
import { isNcName, splitOnce } from '../chars.ts'
import { isA, isReferenceElement, type Vocabulary, vocabularyOf } from '../tables.ts'
import type { Kind, Name } from '../view.ts'
import type { Aliases } from './aliases.ts'

/** What the rules need to know of an element's type. */
export type Role =
  | 'sequenceFlow'
  | 'messageFlow'
  | 'association'
  | 'conversationLink'
  | 'boundaryEvent'
  | 'dataInputAssociation'
  | 'dataOutputAssociation'
  | 'flowNode'
  | 'lane'
  | 'process'
  | 'collaboration'
  | 'definitions'
  /** An element whose text is a reference. */
  | 'reference'
  | 'diagram'
  | 'plane'
  | 'shape'
  | 'edge'
  | 'label'
  | 'other'

/** A tag, shared by all nodes that carry it. */
export interface Tag {
  /** As in the record. */
  readonly field: string
  readonly kind: Kind
  /** Without namespace and local part for what is no element. */
  readonly name: Name
  readonly vocabulary: Vocabulary
  readonly role: Role
}

const MODEL_ROLES = new Map<string, Role>(
  (
    [
      'sequenceFlow',
      'messageFlow',
      'association',
      'conversationLink',
      'boundaryEvent',
      'dataInputAssociation',
      'dataOutputAssociation',
      'lane',
      'process',
      'collaboration',
      'definitions',
    ] as const
  ).map((role) => [role, role]),
)
const DRAWING_ROLES = new Map<string, Role>([
  ['BPMNDiagram', 'diagram'],
  ['BPMNPlane', 'plane'],
  ['BPMNShape', 'shape'],
  ['BPMNEdge', 'edge'],
  ['BPMNLabel', 'label'],
])
const KINDS = new Map<string, Kind>([
  ['#text', 'text'],
  ['#cdata', 'cdata'],
  ['#comment', 'comment'],
  ['#pi', 'instruction'],
])

/** The tag of a field `#t`; undefined hides its nodes. */
export function tagOf(field: string, aliases: Aliases): Tag | undefined {
  const kind = KINDS.get(field)
  if (kind !== undefined) {
    return { field, kind, name: { alias: '', local: '', uri: '' }, vocabulary: 'foreign', role: 'other' }
  }
  const name = nameOf(field, aliases)
  if (name === undefined) return undefined
  const vocabulary = vocabularyOf(name.uri)
  return { field, kind: 'element', name, vocabulary, role: roleOf(vocabulary, name.local) }
}

/** The name that `alias:local` or `local` means; undefined if XML cannot show it (N0.6). */
export function nameOf(field: string, aliases: Aliases): Name | undefined {
  const [prefix, local] = splitOnce(field, ':') ?? [undefined, field]
  if (!isNcName(local)) return undefined
  if (prefix === undefined) return { alias: '', local, uri: '' }
  const alias = aliases.get(prefix)
  return alias === undefined || alias.uri === '' ? undefined : { alias: alias.name, local, uri: alias.uri }
}

/** Whether sequence flows may start and end there. */
export function isFlowNode(role: Role): boolean {
  return role === 'flowNode' || role === 'boundaryEvent'
}

function roleOf(vocabulary: Vocabulary, local: string): Role {
  if (vocabulary === 'bpmndi') return DRAWING_ROLES.get(local) ?? 'other'
  if (vocabulary !== 'bpmn') return 'other'
  const known = MODEL_ROLES.get(local)
  if (known !== undefined) return known
  if (isA(local, 'FlowNode')) return 'flowNode'
  return isReferenceElement(local) ? 'reference' : 'other'
}
