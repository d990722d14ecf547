import { Hono } from 'hono'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import { ANONYMOUS } from '../../identity/access.ts'
import { problem } from '../transports/problem.ts'
import type { Env } from './env.ts'
import type { GateServices } from './gate.ts'
import { mount } from './mount.ts'
import { openApi } from './openapi.ts'
import type { Pages } from './pages.ts'
import { ABOUT_ROUTES, type AboutServices } from './routes/about.ts'
import { ROUTES, TAGS } from './routes/index.ts'

/** What a gateway answers by itself. */
export interface NearServices extends Omit<AboutServices, 'openApi'>, GateServices {
  readonly pages: Pages
}

/** Answers at a gateway what it says of itself, and the pages; undefined if the core has to answer. */
export const nearRoutes = (services: NearServices): ((request: Request) => Promise<Response | undefined>) => {
  const { pages } = services
  const app = new Hono<Env>()
  app.onError(error => problem(error instanceof ProtocolError ? error : new ProtocolError('internal')))
  app.use(async (c, next) => {
    c.set('who', ANONYMOUS)
    await next()
  })
  mount(app, ABOUT_ROUTES, { ...services, openApi: () => openApi(ROUTES, TAGS) })
  const paths = new Set(ABOUT_ROUTES.map(({ path }) => path))
  return async request => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return undefined
    const { pathname } = new URL(request.url)
    return paths.has(pathname) ? app.fetch(request) : pages.answer(request)
  }
}
