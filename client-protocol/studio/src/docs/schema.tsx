// The shape of a JSON value: its members, one level at a time.
import {
  bounds,
  type Description,
  kindOf,
  type Member,
  members,
  nameOf,
  resolve,
  type Schema,
  withoutNull,
} from './model.ts'
import { Text } from './text.tsx'

interface Props {
  readonly description: Description
  readonly schema: Schema
  /** Names on the way here, so that what contains itself is not opened for ever. */
  readonly above?: readonly string[]
}

export function Shape({ description, schema, above = [] }: Props) {
  const list = members(description, schema)
  const kinds = resolve(description, schema).oneOf ?? []
  const name = nameOf(schema)
  const path = name === undefined ? above : [...above, name]
  if (list.length === 0 && kinds.length === 0) {
    return <p class="docs-kind">{kindOf(description, schema)}</p>
  }
  return (
    <>
      <ul class="docs-members">
        {list.map((member) => (
          <Line key={member.name} description={description} member={member} above={path} />
        ))}
      </ul>
      {kinds.length > 0 && (
        <>
          <p class="docs-kind">and one of</p>
          {kinds.map((kind, at) => (
            <Shape key={at} description={description} schema={kind} above={path} />
          ))}
        </>
      )}
    </>
  )
}

function Line({
  description,
  member,
  above,
}: {
  readonly description: Description
  readonly member: Member
  readonly above: readonly string[]
}) {
  const inner = withoutNull(member.schema).schema
  const held = inner.items ?? inner
  const name = nameOf(held)
  const opens =
    (name === undefined || !above.includes(name)) &&
    (members(description, held).length > 0 || (resolve(description, held).oneOf ?? []).length > 0)
  const shown = resolve(description, inner)
  const said = member.schema.description ?? inner.description ?? shown.description
  return (
    <li>
      <code>{member.name}</code> <span class="docs-kind">{kindOf(description, member.schema)}</span>
      {member.required && <span class="docs-required">required</span>}
      {said !== undefined && <Text class="docs-said">{said}</Text>}
      {bounds(shown).map((bound) => (
        <span key={bound} class="docs-bound">
          {bound}
        </span>
      ))}
      {opens && (
        <details>
          <summary>{name ?? 'Members'}</summary>
          <Shape description={description} schema={held} above={above} />
        </details>
      )}
    </li>
  )
}
