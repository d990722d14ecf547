import { z } from 'zod'
import { ERRORS } from '../../streams/protocol.ts'

/** One route as others are told of it. A test holds this list against the routes that there are. */
interface Route {
  readonly path: string
  readonly summary: string
  readonly parameters?: readonly Parameter[]
  /** Media types of a good answer. */
  readonly gives: readonly string[]
}

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly description: string
  readonly schema: object
}

const time = { type: 'integer', minimum: 0, description: 'ms since the epoch' }
const channel: Parameter = {
  name: 'channel',
  in: 'path',
  description: 'such as `tick:BTC-USD`, `candle:1m:BTC-USD`, `fund:TOP10`',
  schema: { type: 'string' },
}

export const ROUTES: readonly Route[] = [
  {
    path: '/v1/state/{channel}',
    summary: 'The state of one channel as of the newest frame',
    parameters: [channel],
    gives: ['application/json'],
  },
  { path: '/v1/funds', summary: 'All funds: an object id → state', gives: ['application/json'] },
  { path: '/v1/portfolios', summary: 'All portfolios: an object id → state', gives: ['application/json'] },
  { path: '/v1/pools', summary: 'All pools: an object id → state', gives: ['application/json'] },
  {
    path: '/v1/history/{channel}',
    summary: 'What was stored of a channel, oldest first, at most 100,000 rows',
    parameters: [
      channel,
      { name: 'from', in: 'query', description: 'rows from here on', schema: time },
      { name: 'to', in: 'query', description: 'rows before this', schema: time },
      {
        name: 'step',
        in: 'query',
        description: 'one row a step: the last, of candles all put together',
        schema: { type: 'integer', minimum: 1, description: 'ms' },
      },
      {
        name: 'cursor',
        in: 'query',
        description: '`next` of the page before; in CSV the header x-next-cursor',
        schema: { type: 'string' },
      },
      { name: 'format', in: 'query', description: 'json where left out', schema: { enum: ['json', 'csv'] } },
    ],
    gives: ['application/json', 'text/csv'],
  },
  { path: '/healthz', summary: 'The process lives', gives: ['application/json'] },
  { path: '/readyz', summary: 'All parts are ready (200) or not (503)', gives: ['application/json'] },
  { path: '/metrics', summary: "Figures in Prometheus' text format", gives: ['text/plain'] },
  { path: '/schema/config.json', summary: 'The JSON Schema of the configuration', gives: ['application/schema+json'] },
  { path: '/openapi.json', summary: 'This description', gives: ['application/json'] },
  { path: '/asyncapi.json', summary: 'The description of the websocket', gives: ['application/json'] },
]

const problemSchema = z.toJSONSchema(
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(ERRORS) as [string, ...string[]]),
    retry: z.boolean().describe('whether the same request may succeed later'),
  }),
)

/** The HTTP interface as OpenAPI 3.1. */
export const openApi = (): object => ({
  openapi: '3.1.0',
  info: { title: 'driftwire', version: '1', description: 'Funds, portfolios and pools in real time. Errors are RFC 9457 problem details.' },
  components: { schemas: { Problem: problemSchema }, securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
  security: [{}, { bearer: [] }],
  paths: Object.fromEntries(
    ROUTES.map(({ path, summary, parameters = [], gives }) => [
      path,
      {
        get: {
          summary,
          parameters: parameters.map(p => ({ ...p, required: p.in === 'path' })),
          responses: {
            200: { description: summary, content: Object.fromEntries(gives.map(type => [type, {}])) },
            default: {
              description: 'A refusal',
              content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
            },
          },
        },
      },
    ]),
  ),
})
