import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { openCcxt } from './ccxt.ts'
import type { Exchange, ExchangeOrder, Standing } from './exchange.ts'
import { PaperExchange, type PaperOptions } from './paper.ts'

/** The exchange that the configuration names, driven by event time if it lives on it. */
export interface TradingVenue {
  readonly exchange: Exchange
  /** ms of event time at which something happens next. */
  readonly dueAt: number
  advance(t: number): void
  /** Takes an order up again that was sent in an earlier run; undefined if the exchange itself remembers. */
  readonly resume: ((order: ExchangeOrder, standing: Standing) => void) | undefined
}

/** Opens the configured exchange. Rejects with UsageError if it cannot be opened. */
export const openTradingVenue = async (config: Config, market: PaperOptions['market'], log: Logger): Promise<TradingVenue> => {
  const { exchange: options, quote } = config
  if (options.kind === 'paper') {
    const exchange = new PaperExchange({ ...options, market })
    return {
      exchange,
      advance: t => exchange.advance(t),
      resume: (order, standing) => exchange.resume(order, standing),
      get dueAt() {
        return exchange.dueAt
      },
    }
  }
  return { exchange: await openCcxt({ ...options, quote }, log), advance: () => {}, resume: undefined, dueAt: Number.POSITIVE_INFINITY }
}
