import { binance, binanceCoinm, binanceUsdm } from './binance.ts'
import { bybit, bybitInverse, bybitLinear } from './bybit.ts'
import { coinbase } from './coinbase.ts'
import { kraken } from './kraken.ts'
import type { Venue } from './venue.ts'

/** An exchange that a feed connects to: its spot market, and its perpetuals if they are read. */
export interface LiveExchange {
  readonly spot: Venue
  readonly perpetual?: Venue
  /** Perpetuals margined in the coin itself. */
  readonly inverse?: Venue
}

/** Every exchange, by the name that a feed asks for. A new one is a line here, a file beside this one, and its test. */
export const EXCHANGES: Readonly<Record<string, LiveExchange>> = {
  binance: { spot: binance, perpetual: binanceUsdm, inverse: binanceCoinm },
  coinbase: { spot: coinbase },
  kraken: { spot: kraken },
  bybit: { spot: bybit, perpetual: bybitLinear, inverse: bybitInverse },
}

/** The end of a symbol that asks for the perpetual. */
export const PERPETUAL = '-PERP'

/** Every market that is connected to and whose recordings are understood. */
export const VENUES: readonly Venue[] = Object.values(EXCHANGES).flatMap(({ spot, perpetual, inverse }) =>
  [spot, perpetual, inverse].filter(venue => venue !== undefined),
)

/** An example of a feed of every exchange, for the help. */
export const LIVE_FEEDS: readonly string[] = Object.entries(EXCHANGES).map(
  ([name, { spot, perpetual }]) => `${name}:${spot.symbols.like}${perpetual ? `,${perpetual.symbols.like}${PERPETUAL}` : ''}`,
)
