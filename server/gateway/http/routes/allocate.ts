import type { Hono } from 'hono'
import { ALLOCATION, allocate } from '../../../../streams/fund/allocation.ts'
import { checked } from '../../../../streams/wire/explain.ts'
import type { Env } from '../app.ts'
import { readBody } from '../body.ts'

/** The capped allocation of a capital, for everybody: it depends on the request alone. */
export const allocateRoute = (app: Hono<Env>): void => {
  app.post('/v1/allocate', async c => c.json({ assets: allocate(checked(ALLOCATION, await readBody(c), 'body'), 'body') }))
}
