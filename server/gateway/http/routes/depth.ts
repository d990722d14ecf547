import type { Depth } from '../../../../streams/market/levels.ts'
import { POOL_DEPTH, type PoolDepth } from '../../../../streams/wire/answers/pools.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import { inPath, inQuery } from '../parameters.ts'
import { answer, type Handler, type Route } from '../route.ts'

/** What the depth of pools is read from. */
export interface DepthServices {
  /** Returns the depth of a pool for each fraction of its price; undefined if it is not known yet. */
  readonly depthOf: (pool: string, fractions: readonly number[]) => Promise<FoundDepth | undefined>
}

/** The depth of a pool as of the event time `t` (ms). */
export interface FoundDepth {
  readonly t: number
  /** Of a token1 in token0; NaN if unknown. */
  readonly price: number
  /** One for each fraction. */
  readonly depth: readonly Depth[]
}

/** Values of `within` in a request. */
const FRACTIONS_MAX = 20
/** A share of the price: above 0 and below 1. */
const SHARE = /^0?\.(?=0*[1-9])\d{1,18}$/

/** Reads the shares of the price in the query, as they were written. Throws a ProtocolError. */
const sharesOf = (texts: readonly string[] | undefined): string[] => {
  const within = [...new Set(texts)]
  if (within.length === 0) throw new ProtocolError('invalid_params', 'within: found nothing, expected a share of the price such as 0.05')
  if (within.length > FRACTIONS_MAX)
    throw new ProtocolError('invalid_params', `within: found ${within.length} values, expected at most ${FRACTIONS_MAX}`)
  const bad = within.find(text => !SHARE.test(text))
  if (bad !== undefined)
    throw new ProtocolError('invalid_params', `within: found "${bad}", expected a share above 0 and below 1 such as 0.05`)
  return within
}

/** A measure as JSON has it: a member that is undefined is left out. */
const known = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined)

const depth: Handler<DepthServices> = async (c, { depthOf }) => {
  const id = c.req.param('id')!
  const within = sharesOf(c.req.queries('within'))
  const found = await depthOf(id, within.map(Number))
  if (found === undefined) throw new ProtocolError('not_ready', 'the depth of this pool is not known here yet', 1)
  const body: PoolDepth = {
    pool: id,
    t: found.t,
    price: known(found.price),
    depth: Object.fromEntries(within.map((text, i) => [text, { bid: known(found.depth[i]!.bid), ask: known(found.depth[i]!.ask) }])),
  }
  return c.json(body)
}

/** How much of a pool can be traded before its price has moved that far. */
export const DEPTH_ROUTES: readonly Route<DepthServices>[] = [
  {
    method: 'get',
    path: '/v1/pools/:id/depth',
    summary: 'The depth of a pool as of the newest frame',
    who: { read: ({ id }) => `pool:${id}` },
    takes: {
      parameters: [
        inPath('id', 'of the pool'),
        inQuery('within', 'shares of the price by which it may move, at least one', {
          type: 'array',
          items: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
          minItems: 1,
          maxItems: FRACTIONS_MAX,
        }),
      ],
    },
    gives: answer('Depth', POOL_DEPTH),
    handler: depth,
  },
]
