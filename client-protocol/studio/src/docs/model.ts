// The parts of an OpenAPI 3.1 document that this page shows, and how they are read. No DOM.

export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly additionalProperties?: boolean | Schema
  readonly allOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly example?: unknown
}

interface Ref {
  readonly $ref?: string
}

export interface Parameter extends Ref {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly description?: string
  readonly schema?: Schema
  readonly example?: unknown
}

export interface Content {
  readonly schema?: Schema
  readonly example?: unknown
}

export interface Answer extends Ref {
  readonly description: string
  readonly headers?: Readonly<Record<string, Ref & { readonly description?: string }>>
  readonly content?: Readonly<Record<string, Content>>
}

export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly required?: boolean; readonly content: Readonly<Record<string, Content>> }
  readonly responses: Readonly<Record<string, Answer>>
  readonly security?: readonly unknown[]
}

export interface Description {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string }
  readonly tags: readonly { readonly name: string; readonly description?: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: unknown
}

/** An operation and where it is. */
export interface Route {
  readonly method: string
  readonly path: string
  readonly operation: Operation
}

/** All operations, in the order of the document. */
export const routes = (description: Description): Route[] =>
  Object.entries(description.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )

/** What a reference stands for, or the value itself; what is said beside the reference goes with it. */
export function resolve<T extends Ref>(description: Description, value: T): T {
  if (value.$ref === undefined) return value
  let found: unknown = description
  for (const step of value.$ref.slice('#/'.length).split('/')) {
    found = (found as Readonly<Record<string, unknown>> | undefined)?.[step]
  }
  return { ...(found as T), ...value, $ref: undefined }
}

/** The name of a referred schema. */
export const nameOf = (schema: Schema): string | undefined => schema.$ref?.split('/').at(-1)

/** A member of an object and whether it must be there. */
export interface Member {
  readonly name: string
  readonly schema: Schema
  readonly required: boolean
}

/** The members of an object, those of its `allOf` included. */
export function members(description: Description, schema: Schema): Member[] {
  const { properties = {}, required = [], allOf = [] } = resolve(description, schema)
  const own = Object.entries(properties).map(([name, schema]) => ({
    name,
    schema,
    required: required.includes(name),
  }))
  return [...own, ...allOf.flatMap((part) => members(description, part))]
}

/** Whether null may stand for it, and what it is otherwise. */
export function withoutNull(schema: Schema): { schema: Schema; nullable: boolean } {
  const rest = schema.oneOf?.filter((one) => one.type !== 'null') ?? []
  const [only] = rest
  if (only !== undefined && rest.length === 1) return { schema: only, nullable: true }
  if (!Array.isArray(schema.type)) return { schema, nullable: false }
  const types = schema.type.filter((type) => type !== 'null')
  return { schema: { ...schema, type: types[0] ?? 'null' }, nullable: types.length < schema.type.length }
}

/** What kind of value it is, in a few words. */
export function kindOf(description: Description, given: Schema): string {
  const { schema, nullable } = withoutNull(given)
  const kind = plainKind(description, schema)
  return nullable ? `${kind} or null` : kind
}

function plainKind(description: Description, schema: Schema): string {
  const name = nameOf(schema)
  if (name !== undefined) return name
  if (schema.items !== undefined) return `list of ${kindOf(description, schema.items)}`
  if (typeof schema.additionalProperties === 'object') {
    return `map to ${kindOf(description, schema.additionalProperties)}`
  }
  const type = String(schema.type ?? (members(description, schema).length > 0 ? 'object' : 'any'))
  return schema.format === undefined || schema.format.startsWith('int') ? type : `${type} (${schema.format})`
}

/** What else is said about the values that are allowed. */
export function bounds({ enum: values, pattern, minimum, maximum, minLength, maxLength }: Schema): string[] {
  return [
    values &&
      `${values.length === 1 ? 'always' : 'one of'} ${values.map((value) => JSON.stringify(value)).join(', ')}`,
    minimum !== undefined && `at least ${minimum}`,
    maximum !== undefined && `at most ${maximum}`,
    minLength !== undefined && `at least ${minLength} characters`,
    maxLength !== undefined && `at most ${maxLength} characters`,
    pattern !== undefined && `like ${pattern}`,
  ].filter((text): text is string => typeof text === 'string')
}

/** A body to begin with: the example of its schema, if it has one. */
export function sample(description: Description, content: Content | undefined): string {
  const schema = content?.schema && resolve(description, withoutNull(content.schema).schema)
  const example = content?.example ?? schema?.example
  return example === undefined ? '' : JSON.stringify(example, null, 2)
}
