import type { Hono } from 'hono'
import { noCredentialsIn } from './credentials.ts'
import type { Env } from './env.ts'
import { type GateServices, pass } from './gate.ts'
import type { Route } from './route.ts'

/** Mounts routes, each behind the check of whose it is. */
export const mount = <S extends GateServices>(app: Hono<Env>, routes: readonly Route<S>[], services: S): void => {
  for (const { method, path, who, noCredentialsInUrl, handler } of routes)
    app.on(method.toUpperCase(), path, async c => {
      if (noCredentialsInUrl) noCredentialsIn(c.req.query())
      pass(who, c.get('who'), c.req.param(), services)
      return handler(c, services)
    })
}
