import { DAY, floorTo, HOUR } from '../../../streams/market/candles.ts'
import type { HistoryPage } from '../../storage/read/page.ts'

/** Finds prices for rows without one: of a symbol at any of some times (ms), undefined where nothing is known. */
export type RowPrices = (symbol: string, times: readonly number[]) => Promise<(t: number) => number | undefined>

/** The market as it stands. */
interface Market {
  price(symbol: string): Promise<{ readonly price: number; readonly t: number } | undefined>
}

/** What is stored. */
interface Stored {
  rows(query: { channel: string; from: number; to: number; cursor?: string }): Promise<HistoryPage>
}

/**
 * Returns prices of the time of rows: that of the market, if its newest trade is within an hour of the row; else the close of the last stored hour
 * before the row, if it is no more than a day old. A price of now is none of a row of years ago. Rejects with `not_ready` while the past cannot be
 * read, if it is needed.
 */
export const rowPrices =
  (market: Market, stored: Stored): RowPrices =>
  async (symbol, times) => {
    const now = await market.price(symbol)
    const isNear = (t: number): boolean => now !== undefined && Math.abs(t - now.t) <= HOUR
    // A row of the last hour, of a symbol without a market, has no past to be asked for.
    const past = times.filter(t => !isNear(t) && t < Date.now() - HOUR)
    const closes = past.length === 0 ? [] : await hourlyCloses(stored, symbol, Math.min(...past) - DAY, Math.max(...past))
    return t => (isNear(t) ? now!.price : lastBefore(closes, t))
  }

interface Close {
  /** ms: when the hour had ended. */
  readonly end: number
  readonly close: number
}

const hourlyCloses = async (stored: Stored, symbol: string, from: number, to: number): Promise<Close[]> => {
  const closes: Close[] = []
  for (let cursor: string | undefined; ; ) {
    const range = { channel: `candle:1h:${symbol}`, from: floorTo(from, HOUR), to }
    const { rows, next } = await stored.rows(cursor === undefined ? range : { ...range, cursor })
    for (const { open_t, c } of rows) closes.push({ end: Number(open_t) + HOUR, close: Number(c) })
    if (next === undefined) return closes
    cursor = next
  }
}

/** `closes` are in order. */
const lastBefore = (closes: readonly Close[], t: number): number | undefined => {
  let low = 0
  let high = closes.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (closes[middle]!.end <= t) low = middle + 1
    else high = middle
  }
  const found = closes[low - 1]
  return found !== undefined && t - found.end <= DAY ? found.close : undefined
}
