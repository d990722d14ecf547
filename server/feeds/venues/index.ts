import { binance, binanceUsdm } from './binance.ts'
import { bybit, bybitLinear } from './bybit.ts'
import { coinbase } from './coinbase.ts'
import { kraken } from './kraken.ts'
import type { Venue } from './venue.ts'

/** Every market that is spoken to or whose recordings are understood. */
export const VENUES: readonly Venue[] = [binance, binanceUsdm, coinbase, kraken, bybit, bybitLinear]
