// Short messages at the edge of the page, read out by screen readers.
import { signal } from '@preact/signals'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { TOAST_ACTION_MS, TOAST_MS, TOASTS } from '../limits.ts'
import { explain } from '../words.ts'
import { Button, IconButton } from './controls.tsx'

interface Toast {
  readonly key: number
  readonly text: string
  readonly bad: boolean
  readonly action: { readonly label: string; readonly act: () => void } | undefined
}

const toasts = signal<readonly Toast[]>([])
let count = 0

/** Says something, and perhaps offers something to do about it. */
export function say(text: string, action?: Toast['action']): void {
  show({ text, bad: false, action })
}

/** Says what went wrong. */
export function complain(error: unknown): void {
  const { text, advice } = explain(error)
  show({ text: `${text} ${advice}`.trim(), bad: true, action: undefined })
}

export function Toasts() {
  const layer = useRef<HTMLDivElement>(null)
  const shown = toasts.value
  // The top layer is in the order of showing: above a dialog that was opened before.
  useLayoutEffect(() => {
    layer.current?.hidePopover()
    if (shown.length > 0) layer.current?.showPopover()
  }, [shown])
  return (
    <div ref={layer} class="toasts" popover="manual" role="status" aria-live="polite">
      {shown.map(({ key, text, bad, action }) => (
        <div key={key} class={bad ? 'toast bad' : 'toast'}>
          <span>{text}</span>
          {action && (
            <Button
              kind="quiet"
              onClick={() => {
                drop(key)
                action.act()
              }}
            >
              {action.label}
            </Button>
          )}
          <IconButton label="Dismiss" icon="close" onClick={() => drop(key)} />
        </div>
      ))}
    </div>
  )
}

function show(toast: Omit<Toast, 'key'>): void {
  count += 1
  const key = count
  toasts.value = [...toasts.value, { ...toast, key }].slice(-TOASTS)
  setTimeout(() => drop(key), toast.action || toast.bad ? TOAST_ACTION_MS : TOAST_MS)
}

function drop(key: number): void {
  toasts.value = toasts.value.filter((toast) => toast.key !== key)
}
