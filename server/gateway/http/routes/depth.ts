import type { Hono } from 'hono'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import type { CoreQueries } from '../../../core/coreQueries.ts'
import type { Principal } from '../../../identity/access.ts'
import type { Env } from '../app.ts'

export interface DepthOptions {
  /** Throws a Refusal where the channel is none or not for this visitor. */
  readonly readable: (who: Principal, channel: string) => void
  readonly depthOf: CoreQueries['depth']
}

/** Values of `within` in a request. */
const FRACTIONS_MAX = 20
/** A share of the price: above 0 and below 1. */
const SHARE = /^0?\.(?=0*[1-9])\d{1,18}$/

/** How much of a pool can be traded before its price has moved so far: for whoever may read the pool. */
export const depthRoute = (app: Hono<Env>, { readable, depthOf }: DepthOptions): void => {
  app.get('/v1/pools/:id/depth', async c => {
    const id = c.req.param('id')
    readable(c.get('who'), `pool:${id}`)
    const within = [...new Set(c.req.queries('within'))]
    if (within.length === 0) throw new ProtocolError('invalid_params', 'within: found nothing, expected a share of the price such as 0.05')
    if (within.length > FRACTIONS_MAX)
      throw new ProtocolError('invalid_params', `within: found ${within.length} values, expected at most ${FRACTIONS_MAX}`)
    const bad = within.find(text => !SHARE.test(text))
    if (bad !== undefined)
      throw new ProtocolError('invalid_params', `within: found "${bad}", expected a share above 0 and below 1 such as 0.05`)
    const found = await depthOf(id, within.map(Number))
    if (found === undefined) throw new ProtocolError('not_ready', 'the depth of this pool is not known here yet', 1)
    const { t, price, depth } = found
    const known = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined)
    // A member that is undefined is left out.
    return c.json({
      pool: id,
      t,
      price: known(price),
      depth: Object.fromEntries(within.map((text, i) => [text, { bid: known(depth[i]!.bid), ask: known(depth[i]!.ask) }])),
    })
  })
}
