import { Hono } from 'hono'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { utf8Text } from '../../../streams/channels/byteWriter.ts'
import { hasPast, parseChannel } from '../../../streams/wire/channels.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { JsonObject } from '../../../streams/wire/mergePatch.ts'
import { configJsonSchema } from '../../config/schema.ts'
import type { CoreQueries } from '../../core/coreQueries.ts'
import type { Dex } from '../../dex/dex.ts'
import type { SwapImport } from '../../dex/swapImport.ts'
import { type Access, authorize, channelFor, type Principal } from '../../identity/access.ts'
import type { Accounts } from '../../identity/accounts.ts'
import type { History } from '../../storage/read/history.ts'
import type { CandleImport } from '../api/candleImport.ts'
import type { ChannelDirectory } from '../api/channelDirectory.ts'
import type { Operations } from '../api/operations.ts'
import type { Orders } from '../api/orders.ts'
import type { PortfolioRows } from '../api/portfolioRows.ts'
import type { Hub } from '../hub/hub.ts'
import { problem } from '../transports/problem.ts'
import { asyncApi } from './asyncapi.ts'
import { principalOf } from './credentials.ts'
import { openApi } from './openapi.ts'
import { pageFile } from './page.ts'
import { allocateRoute } from './routes/allocate.ts'
import { clearingRoutes } from './routes/clearing.ts'
import { depthRoute } from './routes/depth.ts'
import { dexRoutes } from './routes/dex.ts'

export interface AppOptions {
  readonly hub: Hub
  readonly access: Access
  readonly catalogue: ChannelDirectory
  readonly history: History
  readonly registry: Registry
  readonly accounts: Accounts
  readonly orders: Orders
  readonly operations: Operations
  readonly portfolioRows: PortfolioRows
  readonly prices: CandleImport
  readonly dex: Dex
  readonly swaps: SwapImport
  readonly depthOf: CoreQueries['depth']
  /** A proxy in front says where requests come from. */
  readonly behindProxy: boolean
  /** What is not ready yet, by name and reason; empty where all is. */
  readonly notReady: () => Readonly<Record<string, string>>
  readonly log: Logger
}

/** What routes are given beside the request. */
export type Env = { Variables: { who: Principal }; Bindings: { remoteAddress?: string } }

/** All routes. What they answer comes from where the websockets' answers come from. */
export const httpApp = (options: AppOptions): Hono<Env> => {
  const { hub, access, catalogue, history, registry, log } = options
  const app = new Hono<Env>()

  app.onError(error => {
    if (error instanceof ProtocolError) return problem(error)
    log.error({ err: error }, 'a request failed')
    return problem(new ProtocolError('internal'))
  })
  app.notFound(c => problem(new ProtocolError('not_found', `there is no ${c.req.method} ${new URL(c.req.url).pathname}`)))

  app.use(async (c, next) => {
    const address = addressOf(c.env?.remoteAddress ?? '', c.req.header('x-forwarded-for'), options.behindProxy)
    c.set('who', await principalOf(c.req.header('authorization'), options.accounts, address))
    await next()
    c.header('x-content-type-options', 'nosniff')
  })

  app.get('/healthz', c => c.json({ status: 'ok' }))
  app.get('/readyz', c => {
    const waiting = options.notReady()
    const ready = Object.keys(waiting).length === 0
    if (!ready) c.header('retry-after', '1')
    return c.json({ ready, waiting }, ready ? 200 : 503)
  })
  app.get('/metrics', async c => c.text(await registry.metrics(), 200, { 'content-type': registry.contentType }))
  app.get('/schema/config.json', c => c.json(configJsonSchema() as object, 200, { 'content-type': 'application/schema+json' }))

  app.get('/openapi.json', c => c.json(openApi()))
  app.get('/asyncapi.json', c => c.json(asyncApi()))

  allocateRoute(app)
  dexRoutes(app, options)
  clearingRoutes(app, { ...options, funds: () => catalogue.list(OPERATOR, 'fund:*').map(name => name.slice('fund:'.length)) })

  /** The state of a channel as of the last frame. */
  const stateOf = async (channel: string): Promise<JsonObject> => {
    const { snapshot } = await hub.read(channel)
    const { snap } = JSON.parse(utf8Text(snapshot.bytes)) as { snap: JsonObject }
    return snap
  }
  const readable = (who: Principal, channel: string): void => {
    if (parseChannel(channel) === undefined || !catalogue.has(channel))
      throw new ProtocolError('unknown_channel', `there is no channel "${channel}"`)
    authorize(access, who, { read: channel })
  }

  depthRoute(app, { readable, depthOf: options.depthOf })
  app.get('/v1/state/:channel', async c => {
    const channel = c.req.param('channel')
    readable(c.get('who'), channel)
    return c.json(await stateOf(channelFor(c.get('who'), channel)))
  })
  for (const [route, kind] of [
    ['funds', 'fund'],
    ['portfolios', 'pnl'],
    ['pools', 'pool'],
  ] as const) {
    app.get(`/v1/${route}`, async c => {
      const channels = catalogue.list(c.get('who'), `${kind}:*`)
      const states = await Promise.all(channels.map(async channel => [channel.slice(kind.length + 1), await stateOf(channel)] as const))
      return c.json(Object.fromEntries(states))
    })
  }

  app.get('/v1/history/:channel', async c => {
    const channel = c.req.param('channel')
    readable(c.get('who'), channel)
    if (!hasPast(channel)) throw new ProtocolError('not_found', `"${channel}" has no history`)
    const { cursor, format = 'json', ...range } = c.req.query()
    if (format !== 'json' && format !== 'csv') throw new ProtocolError('invalid_params', `format: found "${format}", expected json or csv`)
    const from = whole('from', range.from, 0)
    const to = whole('to', range.to, LAST_TIME)
    const step = range.step === undefined ? undefined : whole('step', range.step, 0)
    if (step === 0) throw new ProtocolError('invalid_params', 'step: found 0, expected a number of ms above zero')
    const page = await history.rows({ channel, from, to, ...(step !== undefined && { step }), ...(cursor !== undefined && { cursor }) })
    if (format === 'json') return c.json(page)
    if (page.next !== undefined) c.header('x-next-cursor', page.next)
    return c.body(csvOf(page.rows), 200, { 'content-type': 'text/csv; charset=utf-8' })
  })

  app.get('/*', async (c, next) => (await pageFile(new URL(c.req.url).pathname)) ?? next())
  app.all('/*', async c => {
    const allowed = METHODS.filter(method => app.router.match(method, c.req.path)[0].some(([[, { path }]]) => path !== '/*'))
    if (await pageFile(c.req.path)) allowed.push('GET')
    if (allowed.length === 0) return c.notFound()
    const answer = problem(new ProtocolError('method_not_allowed', `found ${c.req.method}, expected ${allowed.join(' or ')}`))
    answer.headers.set('allow', allowed.includes('GET') ? [...allowed, 'HEAD'].join(', ') : allowed.join(', '))
    return answer
  })
  return app
}

/** What a route may be made for. */
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Sees all channels. */
const OPERATOR: Principal = { user: '', admin: true }

/** The client's own address: where something in front speaks for it, the last that this has added. */
export const addressOf = (remote: string, forwarded: string | undefined, behindProxy: boolean): string =>
  (behindProxy ? forwarded?.split(',').at(-1)?.trim() : undefined) || remote

/** The last ms that a date can hold. */
const LAST_TIME = 8.64e15

/** A time in a query: whole ms. */
const whole = (name: string, text: string | undefined, otherwise: number): number => {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > LAST_TIME) throw new ProtocolError('invalid_params', `${name}: found "${text}", expected whole ms`)
  return value
}

/** Rows as CSV: nested members become columns such as `day.n`; a column that only some rows have is empty in the others. */
const csvOf = (rows: readonly JsonObject[]): string => {
  const flat = rows.map(row => new Map(flatten(row, '')))
  const columns = [...new Set(flat.flatMap(row => [...row.keys()]))]
  const cell = (value: unknown): string => {
    const text = value === undefined ? '' : String(value)
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return [columns.map(cell).join(','), ...flat.map(row => columns.map(column => cell(row.get(column))).join(','))]
    .map(line => `${line}\n`)
    .join('')
}

const flatten = function* (value: JsonObject, prefix: string): Iterable<[string, string | number | boolean]> {
  for (const [key, member] of Object.entries(value)) {
    if (typeof member !== 'object') yield [prefix + key, member]
    else yield* flatten(member as JsonObject, `${prefix}${key}.`)
  }
}
