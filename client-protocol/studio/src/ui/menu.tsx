// A button with a menu: arrow keys move in it, Escape and going elsewhere close it.
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Icon, type IconName } from './icons.tsx'

export interface Item {
  readonly label: string
  readonly icon: IconName
  readonly danger?: boolean
  readonly act: () => void
}

export function Menu({
  label,
  class: look,
  about,
  items,
  children,
}: {
  readonly label: string
  readonly class: string
  /** Stands above the entries. */
  readonly about?: string
  readonly items: readonly Item[]
  readonly children: ComponentChildren
}) {
  const [open, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  // Before anything else can be pressed.
  useLayoutEffect(() => {
    if (!open) return
    root.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus()
    const elsewhere = (event: Event) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false)
    }
    document.addEventListener('pointerdown', elsewhere)
    document.addEventListener('focusin', elsewhere)
    return () => {
      document.removeEventListener('pointerdown', elsewhere)
      document.removeEventListener('focusin', elsewhere)
    }
  }, [open])
  const close = () => {
    setOpen(false)
    button.current?.focus()
  }
  const move = (event: KeyboardEvent) => {
    if (event.key === 'Escape') return close()
    const entries = [...(root.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])]
    const at = entries.indexOf(document.activeElement as HTMLElement)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    entries.at(to % entries.length)?.focus()
  }
  return (
    <div class="menu" ref={root}>
      <button
        type="button"
        ref={button}
        class={look}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {children}
      </button>
      {open && (
        <div class="menu-items" role="menu" aria-label={label} tabIndex={-1} onKeyDown={move}>
          {about !== undefined && <p class="menu-about">{about}</p>}
          {items.map((item) => (
            <Entry key={item.label} item={item} onDone={close} />
          ))}
        </div>
      )}
    </div>
  )
}

function Entry({ item, onDone }: { readonly item: Item; readonly onDone: () => void }) {
  return (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      class={item.danger ? 'danger' : ''}
      onClick={() => {
        onDone()
        item.act()
      }}
    >
      <Icon name={item.icon} />
      {item.label}
    </button>
  )
}
