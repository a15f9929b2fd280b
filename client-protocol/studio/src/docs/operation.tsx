// One operation: what it is for, what it takes, what it answers, and a place to try it.
import {
  type Answer,
  bounds,
  type Description,
  kindOf,
  type Parameter,
  type Route,
  resolve,
} from './model.ts'
import { Shape } from './schema.tsx'
import { Text, Words } from './text.tsx'
import { Trial } from './trial.tsx'

/** What an address begins with comes first. */
const PLACES = ['path', 'query', 'header']

interface Props {
  readonly description: Description
  readonly route: Route
}

export function OperationPart({ description, route }: Props) {
  const { method, path, operation } = route
  const parameters = (operation.parameters ?? [])
    .map((one) => resolve(description, one))
    .sort((a, b) => PLACES.indexOf(a.in) - PLACES.indexOf(b.in))
  const body = Object.entries(operation.requestBody?.content ?? {})
  return (
    <article
      class="docs-operation"
      id={operation.operationId}
      aria-labelledby={`${operation.operationId}-title`}
    >
      <h3 id={`${operation.operationId}-title`}>
        <a href={`#${operation.operationId}`}>{operation.summary}</a>
      </h3>
      <p class="docs-route">
        <span class={`docs-method ${method.toLowerCase()}`}>{method}</span>
        <code>{path}</code>
        {operation.security === undefined && <span class="docs-open">no token</span>}
      </p>
      {operation.description !== undefined && <Text>{operation.description}</Text>}
      {parameters.length > 0 && (
        <>
          <h4>Parameters</h4>
          <ul class="docs-members">
            {parameters.map((one) => (
              <ParameterLine key={`${one.in} ${one.name}`} description={description} parameter={one} />
            ))}
          </ul>
        </>
      )}
      {body.length > 0 && <h4>Body</h4>}
      {body.map(([type, content]) => (
        <details key={type} class="docs-box">
          <summary>
            <code>{type}</code>
          </summary>
          {content.schema && <Shape description={description} schema={content.schema} />}
        </details>
      ))}
      <h4>Answers</h4>
      {Object.entries(operation.responses).map(([status, answer]) => (
        <AnswerPart
          key={status}
          description={description}
          status={status}
          answer={resolve(description, answer)}
        />
      ))}
      <Trial description={description} route={route} parameters={parameters} />
    </article>
  )
}

function ParameterLine({
  description,
  parameter,
}: {
  readonly description: Description
  readonly parameter: Parameter
}) {
  const schema = parameter.schema ?? {}
  return (
    <li>
      <code>{parameter.name}</code>{' '}
      <span class="docs-kind">
        {parameter.in}, {kindOf(description, schema)}
      </span>
      {parameter.required && <span class="docs-required">required</span>}
      {parameter.description !== undefined && <Text class="docs-said">{parameter.description}</Text>}
      {bounds(schema).map((bound) => (
        <span key={bound} class="docs-bound">
          {bound}
        </span>
      ))}
    </li>
  )
}

function AnswerPart({
  description,
  status,
  answer,
}: {
  readonly description: Description
  readonly status: string
  readonly answer: Answer
}) {
  const headers = Object.entries(answer.headers ?? {})
  return (
    <details class={`docs-box status-${status[0]}`}>
      <summary>
        <span class="docs-status">{status}</span> <Words>{answer.description.split('\n')[0] ?? ''}</Words>
      </summary>
      {answer.description.includes('\n') && <Text>{answer.description}</Text>}
      {headers.length > 0 && (
        <ul class="docs-members">
          {headers.map(([name, header]) => (
            <li key={name}>
              <code>{name}</code> <span class="docs-kind">header</span>
              <Text class="docs-said">{resolve(description, header).description ?? ''}</Text>
            </li>
          ))}
        </ul>
      )}
      {Object.entries(answer.content ?? {}).map(([type, content]) => (
        <div key={type}>
          <p class="docs-kind">{type}</p>
          {content.schema && <Shape description={description} schema={content.schema} />}
        </div>
      ))}
    </details>
  )
}
