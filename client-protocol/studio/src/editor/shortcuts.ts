// Keys of the editor: those of bpmn-js, which act on the canvas, and the page's own.
import { useEffect } from 'preact/hooks'
import type { Stage } from './stage.ts'

const COMMAND = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl'

/** For people to read. */
export const SHORTCUTS: readonly {
  readonly group: string
  readonly entries: readonly { readonly keys: readonly string[]; readonly does: string }[]
}[] = [
  {
    group: 'Edit',
    entries: [
      { keys: [COMMAND, 'Z'], does: 'Undo your last edit' },
      { keys: [COMMAND, 'Shift', 'Z'], does: 'Redo' },
      { keys: [COMMAND, 'C'], does: 'Copy' },
      { keys: [COMMAND, 'V'], does: 'Paste' },
      { keys: [COMMAND, 'A'], does: 'Select everything' },
      { keys: ['Del'], does: 'Delete' },
      { keys: ['E'], does: 'Edit the label' },
      { keys: ['N'], does: 'Create an element' },
      { keys: ['A'], does: 'Append an element' },
      { keys: ['R'], does: 'Change the type' },
    ],
  },
  {
    group: 'Tools',
    entries: [
      { keys: ['H'], does: 'Hand' },
      { keys: ['L'], does: 'Lasso' },
      { keys: ['S'], does: 'Make space' },
      { keys: ['C'], does: 'Connect' },
    ],
  },
  {
    group: 'View',
    entries: [
      { keys: [COMMAND, '+'], does: 'Zoom in' },
      { keys: [COMMAND, '−'], does: 'Zoom out' },
      { keys: [COMMAND, '0'], does: 'Original size' },
      { keys: [COMMAND, 'F'], does: 'Find an element' },
      { keys: ['Shift', '1'], does: 'Fit the diagram into the window' },
      { keys: ['?'], does: 'These shortcuts' },
    ],
  },
]

/** The page's own keys, wherever nothing is being written. */
export function useShortcuts({
  help,
  stage,
}: {
  readonly help: () => void
  readonly stage: Stage | null
}): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return
      if (event.key === '?') help()
      else if (event.code === 'Digit1' && event.shiftKey) stage?.fit()
      else return
      event.preventDefault()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  })
}

function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || target.closest('input, textarea, select, dialog') !== null
}
