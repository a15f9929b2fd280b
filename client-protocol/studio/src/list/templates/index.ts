// What a new diagram may start from: the project's own BPMN texts.
import approval from './approval.bpmn?raw'
import collaboration from './collaboration.bpmn?raw'
import empty from './empty.bpmn?raw'

export interface Template {
  readonly name: string
  readonly about: string
  readonly title: string
  readonly bpmn: string
  /** What its picture shows, as the picture of a diagram without one does. */
  readonly shape: { readonly steps: number; readonly decisions: number; readonly pools: number }
}

export const TEMPLATES: readonly Template[] = [
  {
    name: 'Empty',
    about: 'A start event and all the room you need.',
    title: 'Untitled diagram',
    bpmn: empty,
    shape: { steps: 0, decisions: 0, pools: 0 },
  },
  {
    name: 'Approval',
    about: 'Check, decide, carry out or refuse.',
    title: 'Approval',
    bpmn: approval,
    shape: { steps: 3, decisions: 1, pools: 0 },
  },
  {
    name: 'Collaboration',
    about: 'Two parties in pools that send messages.',
    title: 'Order and delivery',
    bpmn: collaboration,
    shape: { steps: 4, decisions: 0, pools: 2 },
  },
]
