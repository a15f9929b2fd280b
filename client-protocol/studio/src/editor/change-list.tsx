// What changed between two versions, to read and to click on: what the diagram says first, its layout folded away.
import type { Change, Changes, Mark } from './changes.ts'

export function ChangeList({
  changes: { meaning, layout },
  pointed,
  onShow,
}: {
  readonly changes: Changes
  readonly pointed: Change | null
  readonly onShow: (change: Change) => void
}) {
  if (meaning.length === 0 && layout.length === 0) return <p class="quiet-text">Nothing is different.</p>
  return (
    <>
      <Tally meaning={meaning} layout={layout} />
      {meaning.length > 0 && <Lines label="Changes" changes={meaning} pointed={pointed} onShow={onShow} />}
      {layout.length > 0 && (
        <details class="fold" open={meaning.length === 0}>
          <summary>{`Layout: ${counted(layout.length, 'element', 'elements')}`}</summary>
          <Lines label="Layout" changes={layout} pointed={pointed} onShow={onShow} />
        </details>
      )}
    </>
  )
}

/** How much of what; the legend of the marks as well. */
function Tally({ meaning, layout }: Changes) {
  const count = (mark: Mark) => meaning.filter((change) => change.mark === mark).length
  const parts: readonly (readonly [Mark, string, number])[] = [
    ['added', 'added', count('added')],
    ['removed', 'removed', count('removed')],
    ['changed', 'changed', count('changed')],
    ['layout', 'layout only', layoutOnly({ meaning, layout })],
  ]
  return (
    <p class="tally">
      {parts
        .filter(([, , number]) => number > 0)
        .map(([mark, word, number]) => (
          <span key={mark} class={`tally-part ${mark}`}>{`${number} ${word}`}</span>
        ))}
    </p>
  )
}

function layoutOnly({ meaning, layout }: Changes): number {
  const told = new Set(meaning.map(({ key }) => key))
  return layout.filter(({ key }) => !told.has(key)).length
}

function Lines({
  label,
  changes,
  pointed,
  onShow,
}: {
  readonly label: string
  readonly changes: readonly Change[]
  readonly pointed: Change | null
  readonly onShow: (change: Change) => void
}) {
  return (
    <ul class="changes" aria-label={label}>
      {changes.map((change) => (
        <li key={change.key}>
          <button
            type="button"
            class={`change ${change.mark}`}
            aria-current={change.mark === pointed?.mark && change.key === pointed.key}
            onClick={() => onShow(change)}
          >
            <span class="change-what">
              <strong>{change.what}</strong> {change.type}
            </span>
            {change.how.map((line) => (
              <span key={line}>{line}</span>
            ))}
          </button>
        </li>
      ))}
    </ul>
  )
}

function counted(number: number, one: string, more: string): string {
  return `${number} ${number === 1 ? one : more}`
}
