import type { Quoted } from '../../../../streams/pools/quote.ts'
import { POOL_QUOTE, type PoolQuote } from '../../../../streams/wire/answers/pools.ts'
import { ProtocolError } from '../../../../streams/wire/errors.ts'
import { checked } from '../../../../streams/wire/explain.ts'
import { POOL_QUOTE_WISH } from '../../../../streams/wire/requests.ts'
import { json, readBody } from '../body.ts'
import { inPath } from '../parameters.ts'
import { answer, type Handler, type Route } from '../route.ts'
import type { PoolListServices } from './poolLists.ts'

/** Why there is no quote, as an error. */
const refusal = (pool: string, why: Extract<Quoted, string>, { token }: { readonly token: 0 | 1 | string }): ProtocolError => {
  switch (why) {
    case 'kind':
      return new ProtocolError('not_found', `pool ${pool}: found an order book, expected a pool of a contract`)
    case 'token':
      return new ProtocolError('invalid_params', `body.token: found "${token}", expected 0, 1 or the symbol of a token of the pool`)
    case 'beyond':
      return new ProtocolError('insufficient_liquidity')
    case 'nothing':
      return new ProtocolError('invalid_params', 'body.amountIn: found so little that it buys nothing, expected more')
    case 'unknown':
      return new ProtocolError('not_ready', 'what lies in the pool, its fee or the spacing of its ticks is not known')
  }
}

const quote: Handler<PoolListServices> = async (c, { pools }) => {
  const pool = c.req.param('id')!
  const { token, amountIn, amountOut } = checked(POOL_QUOTE_WISH, await readBody(c), 'body')
  if ((amountIn === undefined) === (amountOut === undefined))
    throw new ProtocolError('invalid_params', 'body: expected either amountIn or amountOut')
  const wish = { token, ...(amountIn !== undefined ? { amountIn } : { amountOut: amountOut! }) }
  const found = await pools.quote(pool, wish)
  if (found === undefined) throw new ProtocolError('not_found', `there is no pool "${pool}"`)
  if (typeof found === 'string') throw refusal(pool, found, wish)
  return c.json({ pool, ...found } satisfies PoolQuote)
}

/** What swaps would do. */
export const QUOTE_ROUTES: readonly Route<PoolListServices>[] = [
  {
    method: 'post',
    path: '/v1/pools/:id/quote',
    summary: 'What a swap would do now, by the arithmetic of the contract; nothing is changed',
    who: { read: ({ id }) => `pool:${id}` },
    takes: { parameters: [inPath('id', 'of the pool')], body: json(POOL_QUOTE_WISH) },
    refuses: ['insufficient_liquidity'],
    gives: answer('PoolQuote', POOL_QUOTE),
    handler: quote,
  },
]
