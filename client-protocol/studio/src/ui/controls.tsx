// Buttons, fields, faces and the like: how things look and are named everywhere. No logic of any page.
import type { ComponentChildren, JSX } from 'preact'
import { initials } from '../names.ts'
import { Icon, type IconName } from './icons.tsx'

type ButtonProps = JSX.ButtonHTMLAttributes & {
  readonly kind?: 'plain' | 'primary' | 'quiet' | 'danger'
  readonly icon?: IconName
}

export function Button({ kind = 'plain', icon, children, class: more = '', ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} class={`button ${kind} ${more}`}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  )
}

/** A button that shows only an icon: its label is its name and its tooltip. */
export function IconButton({
  label,
  icon,
  class: more = '',
  ...rest
}: JSX.ButtonHTMLAttributes & {
  readonly label: string
  readonly icon: IconName
}) {
  return (
    <button type="button" aria-label={label} title={label} {...rest} class={`icon-button ${more}`}>
      <Icon name={icon} />
    </button>
  )
}

/** A person as a coloured disc with initials. */
export function Face({
  name,
  color,
  note = '',
}: {
  readonly name: string
  readonly color: string
  readonly note?: string
}) {
  return (
    <span class="face" style={{ background: color }} title={note === '' ? name : `${name} (${note})`}>
      <span aria-hidden="true">{initials(name)}</span>
      <span class="hidden">{name}</span>
    </span>
  )
}

/** Something takes a moment. */
export function Spinner({ label }: { readonly label: string }) {
  return (
    <div class="spinner" role="status">
      <span class="spinner-disc" aria-hidden="true" />
      <span>{label}</span>
    </div>
  )
}

/** A page, or a part of one, that has nothing to show, and why. */
export function Notice({
  icon,
  title,
  children,
}: {
  readonly icon: IconName
  readonly title: string
  readonly children?: ComponentChildren
}) {
  return (
    <div class="notice">
      <span class="notice-icon">
        <Icon name={icon} />
      </span>
      <h2>{title}</h2>
      {children}
    </div>
  )
}
