import { z } from 'zod'
import { ERRORS } from '../../../streams/wire/errors.ts'
import { type Body, JSON_TYPE, type Route, type Who } from './route.ts'

/** A route, whatever its handler needs. */
type AnyRoute = Route<never>

const PROBLEM = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.enum(Object.keys(ERRORS) as [string, ...string[]]),
  retry: z.boolean().describe('whether the same request may succeed later'),
  order: z.looseObject({}).optional().describe('the order that was rejected, if it was written down'),
})

const BEARER = { bearer: [] }
const BASIC = { basic: [] }

/** Returns the credentials that a route needs; undefined if it needs none, or says so only when asked. */
const securityOf = (who: Who | undefined): object[] | undefined => {
  if (who === undefined) return [BEARER]
  if (who === 'client' || who === 'known') return [BEARER, BASIC]
  return typeof who === 'object' && 'operate' in who ? [BEARER] : undefined
}

const bodyOf = (body: Body): object => ({
  required: true,
  content: Object.fromEntries(Object.entries(body).map(([type, schema]) => [type, { schema: z.toJSONSchema(schema, { io: 'input' }) }])),
})

const reference = (name: string): object => ({ schema: { $ref: `#/components/schemas/${name}` } })

const contentOf = (gives: AnyRoute['gives']): object =>
  'schema' in gives ? { [JSON_TYPE]: reference(gives.name) } : Object.fromEntries(gives.map(type => [type, {}]))

const operation = ({ summary, takes, who, gives }: AnyRoute): object => {
  const security = securityOf(who)
  return {
    summary,
    parameters: (takes?.parameters ?? []).map(p => ({ ...p, required: p.in === 'path' })),
    ...(takes?.body && { requestBody: bodyOf(takes.body) }),
    ...(security && { security }),
    responses: {
      200: { description: summary, content: contentOf(gives) },
      default: { description: 'A refusal', content: { 'application/problem+json': reference('Problem') } },
    },
  }
}

/** Describes routes as OpenAPI 3.1. */
export const openApi = (routes: readonly AnyRoute[]): object => {
  const paths: Record<string, Record<string, object>> = {}
  const schemas: Record<string, object> = { Problem: z.toJSONSchema(PROBLEM) }
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method]: operation(route) }
    if ('schema' in route.gives) schemas[route.gives.name] = z.toJSONSchema(route.gives.schema)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'driftwire',
      version: '1',
      description: 'Funds, portfolios and pools in real time. Errors are RFC 9457 problem details.',
    },
    components: { schemas, securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, basic: { type: 'http', scheme: 'basic' } } },
    security: [{}, BEARER, BASIC],
    paths,
  }
}
