import type { Hono } from 'hono'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import { noCredentialsIn } from './credentials.ts'
import type { Env } from './env.ts'
import { type GateServices, pass } from './gate.ts'
import type { Route } from './route.ts'

/** Mounts routes, each behind the check of whose it is. */
export const mount = <S extends GateServices>(app: Hono<Env>, routes: readonly Route<S>[], services: S): void => {
  for (const { method, path, who, noCredentialsInUrl, takes, anyQuery, handler } of routes) {
    const known = (takes?.parameters ?? []).filter(parameter => parameter.in === 'query').map(({ name }) => name)
    app.on(method.toUpperCase(), path, async c => {
      if (noCredentialsInUrl) noCredentialsIn(c.req.query())
      pass(who, c.get('who'), c.req.param(), services)
      if (!anyQuery) onlyKnown(c.req.query(), known)
      return handler(c, services)
    })
  }
}

/** Throws `invalid_params` for a parameter that the route does not take: a name that is written wrongly would otherwise change the answer silently. */
const onlyKnown = (query: Readonly<Record<string, string>>, known: readonly string[]): void => {
  const other = Object.keys(query).find(name => !known.includes(name))
  if (other === undefined) return
  const expected = known.length === 0 ? 'none' : known.join(', ')
  throw new ProtocolError('invalid_params', `query: found "${other.slice(0, 40)}", expected ${expected}`)
}
