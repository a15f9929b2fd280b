// The properties of what is selected; of the whole diagram where nothing is. A field is written when one leaves it.
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Button, IconButton } from '../ui/controls.tsx'
import { COLORS, changeId, describe, factsOf, objection, paint, rename } from './modeling.ts'
import type { CanvasElement } from './services.ts'
import type { Stage } from './stage.ts'

export function Properties({
  stage,
  mayEdit,
  onClose,
}: {
  readonly stage: Stage
  readonly mayEdit: boolean
  readonly onClose: () => void
}) {
  // Read, so that remote and own changes show up.
  stage.drawn.value
  const selected = stage.selected.value.map((element) => element.labelTarget ?? element)
  const [only] = selected
  const { bpmnJs } = stage
  return (
    <aside class="panel-side" aria-label="Properties">
      <header>
        <h2>Properties</h2>
        <IconButton label="Close properties" icon="close" onClick={onClose} />
      </header>
      {selected.length > 1 ? (
        <>
          <p class="quiet-text">{selected.length} elements</p>
          <Colors value={undefined} disabled={!mayEdit} onPick={(name) => paint(bpmnJs, selected, name)} />
        </>
      ) : (
        <One stage={stage} element={only ?? bpmnJs.get('canvas').getRootElement()} mayEdit={mayEdit} />
      )}
    </aside>
  )
}

function One({
  stage,
  element,
  mayEdit,
}: {
  readonly stage: Stage
  readonly element: CanvasElement
  readonly mayEdit: boolean
}) {
  const { bpmnJs } = stage
  const facts = factsOf(element)
  return (
    // Another element has other fields, even where they look alike.
    <div class="properties" key={element.id}>
      <Field label="Type">
        <div class="type-line">
          <span>{facts.type}</span>
          {facts.canReplace && mayEdit && (
            <Button kind="quiet" onClick={(event) => openReplace(stage, element, event.currentTarget)}>
              Change
            </Button>
          )}
        </div>
      </Field>
      {facts.name !== undefined && (
        <Field label={element.type === 'bpmn:TextAnnotation' ? 'Text' : 'Name'}>
          <Text
            value={facts.name}
            lines={2}
            disabled={!mayEdit}
            onLeave={(name) => rename(bpmnJs, element, name)}
          />
        </Field>
      )}
      <Field label="Id">
        <Text
          value={facts.id}
          disabled={!mayEdit}
          objection={(id) => objection(element, id)}
          onLeave={(id) => changeId(bpmnJs, element, id)}
        />
      </Field>
      <Field label="Documentation">
        <Text
          value={facts.documentation}
          lines={5}
          disabled={!mayEdit}
          onLeave={(text) => describe(bpmnJs, element, text)}
        />
      </Field>
      {facts.canColor && (
        <Colors value={facts.color} disabled={!mayEdit} onPick={(name) => paint(bpmnJs, [element], name)} />
      )}
    </div>
  )
}

function Field({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    // The control is one of the children.
    // biome-ignore lint/a11y/noLabelWithoutControl: it is inside
    <label class="field">
      {label}
      {children}
    </label>
  )
}

function Text({
  value,
  lines = 1,
  disabled,
  objection,
  onLeave,
}: {
  readonly value: string
  readonly lines?: number
  readonly disabled: boolean
  readonly objection?: (text: string) => string | null
  readonly onLeave: (text: string) => void
}) {
  const [text, setText] = useState(value)
  const [writing, setWriting] = useState(false)
  // Somebody else's change shows up, unless one is writing oneself.
  useEffect(() => {
    if (!writing) setText(value)
  }, [value, writing])
  const why = writing && objection ? objection(text) : null
  const leave = () => {
    setWriting(false)
    if (objection?.(text)) setText(value)
    else if (text !== value) onLeave(text)
  }
  const common = {
    value: text,
    disabled,
    'aria-invalid': why !== null,
    onFocus: () => setWriting(true),
    onBlur: leave,
  }
  return (
    <>
      {lines > 1 ? (
        <textarea {...common} rows={lines} onInput={(event) => setText(event.currentTarget.value)} />
      ) : (
        <input
          {...common}
          type="text"
          spellcheck={false}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
        />
      )}
      {why !== null && <span class="field-fault">{why}</span>}
    </>
  )
}

function Colors({
  value,
  disabled,
  onPick,
}: {
  readonly value: string | null | undefined
  readonly disabled: boolean
  readonly onPick: (name: string | null) => void
}) {
  return (
    <fieldset class="colors" disabled={disabled}>
      <legend>Colour</legend>
      <button
        type="button"
        class="swatch none"
        aria-label="No colour"
        title="No colour"
        aria-pressed={value === null}
        onClick={() => onPick(null)}
      />
      {COLORS.map(({ name, fill, stroke }) => (
        <button
          key={name}
          type="button"
          class="swatch"
          style={{ background: fill, borderColor: stroke }}
          aria-label={name}
          title={name}
          aria-pressed={value === name}
          onClick={() => onPick(name)}
        />
      ))}
    </fieldset>
  )
}

/** bpmn-js's own menu of what the element can become, beside the button. */
function openReplace(stage: Stage, element: CanvasElement, button: HTMLElement): void {
  const { left, bottom } = button.getBoundingClientRect()
  const position = { x: left - 220, y: bottom + 4 }
  stage.bpmnJs
    .get('popupMenu')
    .open(element, 'bpmn-replace', position, { title: 'Change type', width: 300, search: true })
}
