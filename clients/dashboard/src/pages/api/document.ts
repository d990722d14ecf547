/** OpenAPI and AsyncAPI documents, as far as the pages read them. */

/** A JSON Schema, or a reference to one. */
export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly additionalProperties?: Schema | boolean
  readonly prefixItems?: readonly Schema[]
  readonly pattern?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
}

/** A parameter of an operation. */
export interface Parameter {
  readonly name: string
  readonly in: string
  readonly description?: string
  readonly required?: boolean
  readonly schema?: Schema
  readonly example?: unknown
}

/** A body or an answer by media type. */
export type Content = Readonly<Record<string, { readonly schema?: Schema; readonly example?: unknown }>>

/** An operation of OpenAPI. */
export interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content?: Content }
  readonly responses?: Readonly<Record<string, { readonly description?: string; readonly content?: Content }>>
  readonly security?: readonly object[]
}

/** An OpenAPI document. */
export interface OpenApi {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string; readonly description?: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> }
}

/** A message of AsyncAPI. */
export interface Message {
  readonly $ref?: string
  readonly name?: string
  readonly title?: string
  readonly summary?: string
  readonly description?: string
  readonly payload?: Schema
  readonly examples?: readonly { readonly payload?: unknown; readonly name?: string }[]
}

/** An AsyncAPI document. */
export interface AsyncApi {
  readonly asyncapi: string
  readonly info: { readonly title: string; readonly version: string; readonly description?: string }
  readonly channels: Readonly<
    Record<
      string,
      {
        readonly address?: string | null
        readonly title?: string
        readonly description?: string
        readonly messages?: Readonly<Record<string, Message>>
      }
    >
  >
  readonly components?: { readonly messages?: Readonly<Record<string, Message>>; readonly schemas?: Readonly<Record<string, Schema>> }
}

/** Follows a reference within a document: `#/components/schemas/Problem`; undefined if it leads nowhere. */
export const resolve = (document: object, reference: string): unknown =>
  reference
    .replace(/^#\//, '')
    .split('/')
    .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined), document)

/** Returns a thing, or what its reference leads to. */
export const followed = <T extends { readonly $ref?: string }>(document: object, thing: T): T =>
  thing.$ref === undefined ? thing : ((resolve(document, thing.$ref) as T | undefined) ?? thing)

/** An operation at its place. */
export interface Placed {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly operation: Operation
}

/** Returns the operations by their tag or, without one, by the first part of their path. */
export const grouped = ({ paths }: OpenApi): ReadonlyMap<string, readonly Placed[]> => {
  const groups = new Map<string, Placed[]>()
  for (const [path, methods] of Object.entries(paths))
    for (const [method, operation] of Object.entries(methods)) {
      const [first = '', second = ''] = path.split('/').slice(1)
      const group = operation.tags?.[0] ?? (first === 'v1' ? second.replace(/[{}]/g, '') : path.split('/').length > 2 ? first : 'server')
      groups.set(group, [...(groups.get(group) ?? []), { id: `${method} ${path}`, method, path, operation }])
    }
  return groups
}

/** Returns a path with its parameters filled in, and the query behind it. Empty ones are left out. */
export const filled = (path: string, parameters: readonly Parameter[], values: Readonly<Record<string, string>>): string => {
  const way = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ''))
  const query = new URLSearchParams()
  for (const { name, in: at } of parameters) {
    const value = values[name] ?? ''
    if (at === 'query') for (const each of value.split(',').filter(Boolean)) query.append(name, each)
  }
  return way + (query.size > 0 ? `?${query}` : '')
}
