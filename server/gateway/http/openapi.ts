import { STATUS_CODES } from 'node:http'
import type { z } from 'zod'
import { EXPLAINED_INPUT } from '../../../streams/wire/answers/explanation.ts'
import { PROBLEM } from '../../../streams/wire/answers/results.ts'
import { PAST_ROWS, STATES } from '../../../streams/wire/answers/states.ts'
import { ERRORS, type ErrorCode } from '../../../streams/wire/errors.ts'
import { exampleOf } from './examples.ts'
import { type Body, JSON_TYPE, type Route, type Who } from './route.ts'
import { inputSchema, namedSchemas, reference } from './schemas.ts'

/** A route, whatever its handler needs. */
type AnyRoute = Route<never>

const BEARER = { bearer: [] }
const BASIC = { basic: [] }

/** Returns the credentials that a route needs; undefined if it needs none, or says so only when asked. */
const securityOf = (who: Who | undefined): object[] | undefined => {
  if (who === undefined || who === 'admin') return [BEARER]
  if (who === 'client' || who === 'known') return [BEARER, BASIC]
  return typeof who === 'object' && 'operate' in who ? [BEARER] : undefined
}

const bodyOf = (body: Body): object => ({
  required: true,
  content: Object.fromEntries(Object.entries(body).map(([type, form]) => [type, { schema: inputSchema(form, 'draft-2020-12') }])),
})

/** What is no JSON of a named form is text, or a schema. */
const otherContent = (types: readonly string[]): object =>
  Object.fromEntries(types.map(type => [type, { schema: { type: type.endsWith('json') ? 'object' : 'string' } }]))

const contentOf = (gives: AnyRoute['gives']): object =>
  'schema' in gives ? { [JSON_TYPE]: { schema: reference(gives.name) }, ...otherContent(gives.also) } : otherContent(gives)

/** Returns the errors that a route may answer with because of what it takes and whose it is, and its own. */
const codesOf = ({ takes, who, anyQuery, refuses = [] }: AnyRoute): ErrorCode[] => {
  const parameters = takes?.parameters ?? []
  return [
    ...(parameters.length > 0 || takes?.body || !anyQuery ? (['invalid_params'] as const) : []),
    ...(takes?.body ? (['parse_error', 'too_large', 'unsupported_media_type'] as const) : []),
    ...(parameters.some(({ in: place }) => place === 'path') ? (['not_found'] as const) : []),
    ...(who === 'all' ? (['bad_credentials'] as const) : (['bad_credentials', 'not_logged_in', 'not_allowed'] as const)),
    ...refuses,
  ]
}

/** Returns the name of a response: `BadRequest` of 400. */
const nameOf = (status: number): string => STATUS_CODES[status]!.replaceAll(/[ '-]/g, '')

const refusalsOf = (route: AnyRoute): object => {
  const statuses = new Set(codesOf(route).map(code => ERRORS[code].status))
  return Object.fromEntries([...statuses].map(status => [status, { $ref: `#/components/responses/${nameOf(status)}` }]))
}

const PROBLEM_CONTENT = { 'application/problem+json': { schema: reference('Problem') } }

/** A response for each status that refusals have, with the codes that it stands for. */
const RESPONSES = Object.fromEntries(
  [...new Set(Object.values(ERRORS).map(({ status }) => status))].map(status => {
    const codes = Object.entries(ERRORS).filter(([, error]) => error.status === status)
    const description = codes.map(([code, { text }]) => `\`${code}\`: ${text}`).join('; ')
    return [nameOf(status), { description, content: PROBLEM_CONTENT }]
  }),
)

/** Returns a name that stays as long as the route does: `getFundsByIdBasket`. */
const operationId = ({ method, path }: AnyRoute): string => {
  const words = path
    .split(/[/.]/)
    .filter(part => part !== '' && part !== 'v1')
    .map(part => (part.startsWith(':') ? `by_${part.slice(1)}` : part))
  return [method, ...words].join('_').replaceAll(/[_-]+(\w)/g, (_, letter: string) => letter.toUpperCase())
}

const operation = (route: AnyRoute): object => {
  const { summary, takes, tag, who, gives } = route
  const security = securityOf(who)
  return {
    operationId: operationId(route),
    summary,
    ...(tag && { tags: [tag] }),
    parameters: (takes?.parameters ?? []).map(p => ({ ...p, required: p.in === 'path', ...exampleOf(p, route.path) })),
    ...(takes?.body && { requestBody: bodyOf(takes.body) }),
    ...(security && { security }),
    responses: {
      200: { description: summary, content: contentOf(gives) },
      ...refusalsOf(route),
      default: { description: 'A refusal', content: PROBLEM_CONTENT },
    },
  }
}

const capital = (kind: string): string => kind[0]!.toUpperCase() + kind.slice(1)

/** Returns the forms of states, and of rows of the past, under their names: `FundState`, `FundRow`. */
export const stateForms = (): Record<string, z.ZodType> =>
  Object.fromEntries([
    ...Object.entries(STATES).map(([kind, form]) => [`${capital(kind)}State`, form] as const),
    ...Object.entries(PAST_ROWS).map(([kind, form]) => [`${capital(kind)}Row`, form] as const),
    ['ExplainedInput', EXPLAINED_INPUT] as const,
  ])

/** Describes routes as OpenAPI 3.1, under tags with what each is about. */
export const openApi = (routes: readonly AnyRoute[], tags: Readonly<Record<string, string>> = {}): object => {
  const paths: Record<string, Record<string, object>> = {}
  const forms: Record<string, z.ZodType> = { Problem: PROBLEM, ...stateForms() }
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method]: operation(route) }
    if ('schema' in route.gives) forms[route.gives.name] = route.gives.schema
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'driftwire',
      version: '1',
      description: 'Funds, portfolios and pools in real time. Errors are RFC 9457 problem details.',
      license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'this server' }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    components: {
      schemas: namedSchemas(forms, 'draft-2020-12'),
      responses: RESPONSES,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, basic: { type: 'http', scheme: 'basic' } },
    },
    security: [{}, BEARER, BASIC],
    paths,
  }
}
