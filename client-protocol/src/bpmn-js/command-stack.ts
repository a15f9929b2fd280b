// bpmn-js's command stack without a memory: commands run as ever, undo and redo belong to the document.
import type { UndoStack } from './undo.ts'

/** What it needs of a bpmn-js instance. */
export interface Services {
  get<T>(service: string): T
}

/** bpmn-js's service `commandStack`, as far as it is replaced here. */
interface CommandStack {
  undo(): void
  redo(): void
  canUndo(): boolean
  canRedo(): boolean
  clear(emit?: boolean): void
  /** Remembers a command; it is called once per command. */
  _executedAction(): void
}

interface EventBus {
  fire(event: 'commandStack.changed', data: { trigger: 'clear' | 'undo' | 'redo' }): void
}

/**
 * Whoever asks bpmn-js to undo (keys, editor actions, buttons) undoes a step of the document instead. Commands
 * hold elements that remote edits replace: none is kept, so none is ever played again. Returns how to end that.
 */
export function undoInDocument(services: Services, steps: UndoStack): () => void {
  const stack = services.get<CommandStack>('commandStack')
  const eventBus = services.get<EventBus>('eventBus')
  stack.clear()
  const replaced: CommandStack = {
    undo() {
      if (steps.undo()) eventBus.fire('commandStack.changed', { trigger: 'undo' })
    },
    redo() {
      if (steps.redo()) eventBus.fire('commandStack.changed', { trigger: 'redo' })
    },
    canUndo: () => steps.canUndo,
    canRedo: () => steps.canRedo,
    // Called before every import: steps name no elements, and outlive them.
    clear(emit = true) {
      if (emit) eventBus.fire('commandStack.changed', { trigger: 'clear' })
    },
    _executedAction() {},
  }
  Object.assign(stack, replaced)
  return () => {
    for (const method of Object.keys(replaced)) Reflect.deleteProperty(stack, method)
  }
}
