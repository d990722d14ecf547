import type { Registry } from 'prom-client'
import { z } from 'zod'
import { READINESS, type Readiness } from '../../../../streams/wire/answers/server.ts'
import { configJsonSchema } from '../../../config/schema.ts'
import { asyncApi } from '../asyncapi.ts'
import { answer, type Handler, type Route } from '../route.ts'

/** What the server says of itself with. */
export interface AboutServices {
  readonly registry: Registry
  /** Returns how each part of the server is. */
  readonly readiness: () => Readiness
  /** Returns the description of all routes. */
  readonly openApi: () => object
}

const HEALTH = z.strictObject({ status: z.literal('ok') })
const OPENAPI = z.looseObject({ openapi: z.string() }).describe('OpenAPI 3.1')
const ASYNCAPI = z.looseObject({ asyncapi: z.string() }).describe('AsyncAPI 3.0')

const SCHEMA_TYPE = 'application/schema+json'

const ready: Handler<AboutServices> = (c, { readiness }) => {
  const found = readiness()
  if (!found.ready) c.header('retry-after', '1')
  return c.json(found, found.ready ? 200 : 503)
}

const metrics: Handler<AboutServices> = async (c, { registry }) =>
  c.text(await registry.metrics(), 200, { 'content-type': registry.contentType })

/** What the server says of itself: health, figures, descriptions. */
export const ABOUT_ROUTES: readonly Route<AboutServices>[] = [
  {
    method: 'get',
    path: '/healthz',
    anyQuery: true,
    summary: 'The process lives',
    who: 'all',
    gives: answer('Health', HEALTH),
    handler: c => c.json({ status: 'ok' }),
  },
  {
    method: 'get',
    path: '/readyz',
    anyQuery: true,
    summary: 'All parts are ready (200) or not (503)',
    who: 'all',
    gives: answer('Readiness', READINESS),
    handler: ready,
  },
  {
    method: 'get',
    path: '/metrics',
    anyQuery: true,
    summary: 'Figures in Prometheus’ text format',
    who: 'all',
    gives: ['text/plain'],
    handler: metrics,
  },
  {
    method: 'get',
    path: '/schema/config.json',
    summary: 'The JSON Schema of the configuration',
    who: 'all',
    gives: [SCHEMA_TYPE],
    handler: c => c.json(configJsonSchema() as object, 200, { 'content-type': SCHEMA_TYPE }),
  },
  {
    method: 'get',
    path: '/openapi.json',
    summary: 'This description',
    who: 'all',
    gives: answer('OpenApi', OPENAPI),
    handler: (c, { openApi }) => c.json(openApi()),
  },
  {
    method: 'get',
    path: '/asyncapi.json',
    summary: 'The description of the websocket',
    who: 'all',
    gives: answer('AsyncApi', ASYNCAPI),
    handler: c => c.json(asyncApi()),
  },
]
