import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  type Description,
  kindOf,
  members,
  type Operation,
  resolve,
  routes,
  type Schema,
  sample,
} from '../src/docs/model.ts'

const description: Description = JSON.parse(
  readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8'),
)

test('every operation of the API has a place on the page', () => {
  const tags = new Set(description.tags.map(({ name }) => name))
  const all = routes(description)
  assert.ok(all.length > 30)
  for (const { path, operation } of all) {
    assert.ok(
      operation.tags.some((tag) => tags.has(tag)),
      path,
    )
    assert.ok(operation.summary.length > 0, path)
  }
})

test('whatever the description refers to is shown with a name and a kind', () => {
  for (const { path, operation } of routes(description)) {
    for (const given of operation.parameters ?? []) {
      const parameter = resolve(description, given)
      assert.ok(['path', 'query', 'header'].includes(parameter.in), path)
      assert.notEqual(kindOf(description, parameter.schema ?? {}), 'any', `${path} ${parameter.name}`)
    }
    for (const [status, given] of Object.entries(operation.responses)) {
      const answer = resolve(description, given)
      assert.ok(answer.description.length > 0, `${path} ${status}`)
      for (const { schema } of Object.values(answer.content ?? {})) {
        if (schema) named(schema, `${path} ${status}`, [])
      }
    }
  }
})

function named(schema: Schema, at: string, above: readonly Schema[]): void {
  const whole = resolve(description, schema)
  if (above.includes(whole) || above.length > 8) return
  for (const member of members(description, schema)) {
    assert.notEqual(kindOf(description, member.schema), 'any', `${at} ${member.name}`)
    named(member.schema.items ?? member.schema, at, [...above, whole])
  }
}

test('a body to try an operation with is JSON', () => {
  const withBody = routes(description).filter(({ operation }) => json(operation) !== undefined)
  assert.ok(withBody.length > 5)
  for (const { operation } of withBody) {
    const text = sample(description, json(operation))
    assert.equal(typeof JSON.parse(text), 'object', operation.operationId)
  }
})

const json = (operation: Operation) => operation.requestBody?.content['application/json']
