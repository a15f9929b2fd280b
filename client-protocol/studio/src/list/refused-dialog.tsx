// Why files did not become diagrams, with the place of the fault.
import { Button } from '../ui/controls.tsx'
import { Dialog } from '../ui/dialog.tsx'
import type { Refused } from './upload.ts'

export function RefusedDialog({
  refused,
  onClose,
}: {
  readonly refused: readonly Refused[]
  readonly onClose: () => void
}) {
  const title = refused.length === 1 ? 'This file can’t be opened' : `${refused.length} files can’t be opened`
  return (
    <Dialog title={title} wide onClose={onClose}>
      <ul class="refused">
        {refused.map(({ file, text, advice, excerpt }) => (
          <li key={file}>
            <strong>{file}</strong>
            <p>
              {text} {advice}
            </p>
            {excerpt && (
              <pre class="excerpt">
                <span class="excerpt-line">{excerpt.line}</span>
                {`${excerpt.text}\n`}
                <span class="excerpt-line" />
                <span class="excerpt-mark">{`${' '.repeat(excerpt.at)}^`}</span>
              </pre>
            )}
          </li>
        ))}
      </ul>
      <footer>
        <Button kind="primary" onClick={onClose}>
          Close
        </Button>
      </footer>
    </Dialog>
  )
}
