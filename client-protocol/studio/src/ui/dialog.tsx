// Modal dialogs on the browser's own <dialog>, which keeps the focus inside and gives it back.
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { IconButton } from './controls.tsx'

export function Dialog({
  title,
  wide = false,
  onClose,
  children,
}: {
  readonly title: string
  readonly wide?: boolean
  readonly onClose: () => void
  readonly children: ComponentChildren
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  const name = useId()
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  return (
    <dialog
      ref={dialog}
      class={wide ? 'dialog wide' : 'dialog'}
      aria-labelledby={name}
      onClose={onClose}
      // A click beside it closes it, where the browser knows how.
      {...{ closedby: 'any' }}
    >
      <div class="dialog-inside">
        <header>
          <h2 id={name}>{title}</h2>
          <IconButton label="Close" icon="close" onClick={() => dialog.current?.close()} />
        </header>
        {children}
      </div>
    </dialog>
  )
}
