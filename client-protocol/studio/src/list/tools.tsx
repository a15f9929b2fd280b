// What stands over the list: search, order, upload.
import { useRef } from 'preact/hooks'
import { SEARCH_PAUSE_MS } from '../limits.ts'
import { Button } from '../ui/controls.tsx'
import { Icon } from '../ui/icons.tsx'
import type { Diagrams, Sort } from './catalog.ts'

export function Search({ diagrams }: { readonly diagrams: Diagrams }) {
  const pause = useRef<ReturnType<typeof setTimeout>>()
  const type = (words: string) => {
    diagrams.words.value = words
    clearTimeout(pause.current)
    pause.current = setTimeout(() => void diagrams.load(), SEARCH_PAUSE_MS)
  }
  return (
    <label class="search">
      <Icon name="search" />
      <span class="hidden">Search titles</span>
      <input
        type="search"
        placeholder="Search titles"
        value={diagrams.words.value}
        onInput={(event) => type(event.currentTarget.value)}
      />
    </label>
  )
}

export function Sorting({ diagrams }: { readonly diagrams: Diagrams }) {
  const choose = (sort: string) => {
    diagrams.sort.value = sort as Sort
    void diagrams.load()
  }
  return (
    <label class="sorting">
      <span class="hidden">Sort by</span>
      <select value={diagrams.sort.value} onChange={(event) => choose(event.currentTarget.value)}>
        <option value="updated">Last changed</option>
        <option value="created">Newest</option>
        <option value="title">Title</option>
      </select>
    </label>
  )
}

export function UploadButton({
  progress,
  take,
}: {
  /** While files are on their way: what is said of them. */
  readonly progress: string | null
  readonly take: (files: readonly File[]) => Promise<void>
}) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <input
        ref={input}
        class="hidden"
        type="file"
        tabIndex={-1}
        aria-hidden="true"
        accept=".bpmn,.bpmn20,.xml"
        multiple
        onChange={(event) => {
          const files = [...(event.currentTarget.files ?? [])]
          // The same file again shall be a change again.
          event.currentTarget.value = ''
          void take(files)
        }}
      />
      <Button icon="upload" disabled={progress !== null} onClick={() => input.current?.click()}>
        {progress ?? 'Upload'}
      </Button>
    </>
  )
}
