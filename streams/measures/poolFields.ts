import { exact, field, flag, group, int32, measure, number, optionalRaw, raw, shown, text, time, uint32 } from './fields.ts'

/** Figures that only a pool of Uniswap's third version has; `day` counts the swaps of 24 hours and their raw inputs, unknown like `volume24h`. */
const V3 = group('v3', [
  field('sqrtPriceX96', raw),
  field('tick', int32),
  field('liquidity', raw),
  field('dayN', uint32, 'day.n'),
  field('dayIn0', optionalRaw, 'day.in0'),
  field('dayIn1', optionalRaw, 'day.in1'),
])

/** The figures of a pool, as `pool:POOL` shows them and the table `pools` keeps them. Reserves are raw, the rest in the quote currency. */
export const POOL = measure('pool', 'pools', [
  field('pool', text, 'kind'),
  field('price', number), // of a token1 in token0
  field('reserve0', optionalRaw, 'reserves.0'),
  field('reserve1', optionalRaw, 'reserves.1'),
  field('tvl', number),
  field('depthBid2', number, 'depth.bid2'),
  field('depthAsk2', number, 'depth.ask2'),
  field('volume24h', number), // of the running minute and the 1,439 before it; unknown if something was traded that cannot be read
  field('fees24h', number),
  field('trades24h', exact),
  field('since', time), // from when on these are complete; absent if they cover 24 hours
  field('eventT', time, 't'), // the newest event
  field('partial', flag),
  field('stale', flag),
  shown('il', number), // impermanent loss since the UTC day began, as a fraction
  V3,
])
