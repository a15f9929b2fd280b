// The title of the diagram, which becomes a field when one clicks on it.
import { useEffect, useRef, useState } from 'preact/hooks'
import { TITLE_CHARS } from '../limits.ts'
import { api } from '../session.ts'
import { complain } from '../ui/toasts.tsx'

export function Title({
  id,
  title,
  mayRename,
  onRenamed,
}: {
  readonly id: string
  readonly title: string
  readonly mayRename: boolean
  readonly onRenamed: (title: string) => void
}) {
  const [text, setText] = useState(title)
  const [editing, setEditing] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    document.title = `${title} – Atelier`
    setText(title)
  }, [title])
  useEffect(() => {
    if (editing) field.current?.select()
  }, [editing])

  if (!editing) {
    if (!mayRename) return <h1 class="title">{title}</h1>
    return (
      <h1 class="title">
        <button type="button" title="Rename the diagram" onClick={() => setEditing(true)}>
          {title}
        </button>
      </h1>
    )
  }
  const save = async () => {
    setEditing(false)
    const wanted = text.trim()
    if (wanted === '' || wanted === title) return setText(title)
    onRenamed(wanted)
    try {
      onRenamed((await api.rename(id, wanted)).title)
    } catch (error) {
      onRenamed(title)
      complain(error)
    }
  }
  return (
    <input
      ref={field}
      class="title"
      aria-label="Title of the diagram"
      value={text}
      maxLength={TITLE_CHARS}
      onInput={(event) => setText(event.currentTarget.value)}
      onBlur={() => void save()}
      onKeyDown={(event) => {
        if (event.key === 'Enter') event.currentTarget.blur()
        if (event.key === 'Escape') {
          setText(title)
          setEditing(false)
        }
      }}
    />
  )
}
