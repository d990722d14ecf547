import { z } from 'zod'

/** A JSON Schema, as far as it is looked into. */
export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly anyOf?: readonly Schema[]
  readonly required?: readonly string[]
}

/** The dialect of OpenAPI 3.1, and that of AsyncAPI 3. */
export type Dialect = 'draft-2020-12' | 'draft-7'

const PLACE = '#/components/schemas/'

/** Returns a reference to a named schema. */
export const reference = (name: string): Schema => ({ $ref: PLACE + name })

/** Takes out what says nothing: that a whole number is one that JSON can hold, that a key is a text. */
const plain = ({ jsonSchema }: { jsonSchema: Record<string, unknown> }): void => {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
  if (JSON.stringify(jsonSchema.propertyNames) === '{"type":"string"}') delete jsonSchema.propertyNames
}

const withoutHead = ({ $schema: _, $id: __, ...schema }: Record<string, unknown>): Schema => schema as Schema

/** Returns the schemas of what comes from outside: of bodies and parameters. */
export const inputSchema = (form: z.ZodType, target: Dialect): Schema =>
  withoutHead(z.toJSONSchema(form, { io: 'input', target, override: plain }) as Record<string, unknown>)

/** Returns the schemas of named forms; one that contains another refers to it. */
export const namedSchemas = (forms: Readonly<Record<string, z.ZodType>>, target: Dialect): Record<string, Schema> => {
  const registry = z.registry<{ id?: string | undefined }>()
  for (const [id, form] of Object.entries(forms)) registry.add(form, { id })
  const { schemas } = z.toJSONSchema(registry, { target, override: plain, uri: id => PLACE + id })
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withoutHead(schema as Record<string, unknown>)]))
}

/** Returns the schema of merge patches (RFC 7396) between states of this schema: any member may be left out, and null removes it. */
export const patchSchema = (schema: Schema, named: Readonly<Record<string, Schema>>): Schema => {
  if (schema.$ref !== undefined) return patchSchema(named[schema.$ref.slice(PLACE.length)]!, named)
  if (schema.anyOf !== undefined) return { ...schema, anyOf: schema.anyOf.map(each => patchSchema(each, named)) }
  if (schema.type !== 'object') return schema
  const { required: _, ...rest } = schema
  const { properties, additionalProperties } = schema
  return {
    ...rest,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, member]) => [name, orNull(patchSchema(member, named))])),
    }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: orNull(patchSchema(additionalProperties, named)) }),
  }
}

const orNull = (schema: Schema): Schema =>
  typeof schema.type === 'string' && schema.enum === undefined && schema.properties === undefined
    ? { ...schema, type: [schema.type, 'null'] }
    : { anyOf: [schema, { type: 'null' }] }
