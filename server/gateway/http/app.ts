import { Hono } from 'hono'
import type { Logger } from 'pino'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import { logError } from '../../lib/errorEvents.ts'
import type { ClientLimits } from '../api/clientLimits.ts'
import { problem } from '../transports/problem.ts'
import { principalOf } from './credentials.ts'
import type { Env } from './env.ts'
import type { GateServices } from './gate.ts'
import { mount } from './mount.ts'
import { openApi } from './openapi.ts'
import type { Pages } from './pages.ts'
import { ROUTES, type Services, TAGS } from './routes/index.ts'

/** What HTTP answers from. */
export interface AppOptions extends Omit<Services, 'openApi' | 'directory'> {
  readonly directory: Services['directory'] & GateServices['directory']
  readonly pages: Pages
  readonly clientLimits: Pick<ClientLimits, 'ofUser'>
  /** A proxy in front says where requests come from. */
  readonly behindProxy: boolean
  readonly log: Logger
}

/** Puts all routes and the pages together. They answer from the same sources as the websocket. */
export const httpApp = (options: AppOptions): Hono<Env> => {
  const { accounts, behindProxy, clientLimits, log, pages } = options
  const app = new Hono<Env>()

  app.onError((error, c) => {
    if (error instanceof ProtocolError) return problem(error)
    logError(log, 'request_failed', { err: error, requestId: c.env?.requestId, method: c.req.method, path: c.req.path })
    return problem(new ProtocolError('internal'))
  })
  app.notFound(c => problem(new ProtocolError('not_found', `there is no ${c.req.method} ${new URL(c.req.url).pathname}`)))

  app.use(async (c, next) => {
    const address = addressOf(c.env?.remoteAddress ?? '', c.req.header('x-forwarded-for'), behindProxy)
    const who = await principalOf(c.req.header('authorization'), accounts, address)
    c.set('who', who)
    clientLimits.ofUser(who.user, c.env?.bytes ?? 0)
    await next()
  })
  mount(app, ROUTES, { ...options, openApi: () => openApi(ROUTES, TAGS) })
  app.get('/*', async (c, next) => (await pages.answer(c.req.raw)) ?? next())
  app.all('/*', async c => {
    const allowed = METHODS.filter(method => app.router.match(method, c.req.path)[0].some(([[, { path }]]) => path !== '/*'))
    if (pages.has(c.req.path)) allowed.push('GET')
    return allowed.length === 0 ? c.notFound() : notAllowed(c.req.method, allowed)
  })
  return app
}

/** Methods that a route may be made for. */
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

const notAllowed = (method: string, allowed: readonly string[]): Response => {
  const refusal = new ProtocolError('method_not_allowed', `found ${method}, expected ${allowed.join(' or ')}`)
  return problem(refusal, undefined, { allow: (allowed.includes('GET') ? [...allowed, 'HEAD'] : allowed).join(', ') })
}

/** Returns the client's own address: if a proxy in front speaks for it, the last that the proxy has added. */
export const addressOf = (remote: string, forwarded: string | undefined, behindProxy: boolean): string =>
  (behindProxy ? forwarded?.split(',').at(-1)?.trim() : undefined) || remote
