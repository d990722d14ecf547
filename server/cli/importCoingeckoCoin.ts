import { HOUR } from '../../streams/market/candles.ts'
import { TickWriter } from '../../streams/market/tickWriter.ts'
import type { Coin, CoinGecko } from '../coingecko/coingecko.ts'
import { type HourPrices, hoursOf, hoursToAskFor } from '../coingecko/hourly.ts'
import { UNNAMED_SOURCE } from '../lib/unnamedSource.ts'
import type { Target } from './importCoingeckoTarget.ts'
import type { CandleStore } from './importPrices.ts'
import type { Imported } from './importTransactions.ts'

/** The result of importing a coin's hours. */
export interface ImportedCoin extends Imported {
  /** Hours (of a long chart, midnights) for which CoinGecko has no price: readers carry the price before over them. */
  without: number
  /** Points that are no price at no time. */
  bad: number
}

/** Imports the hours of one coin's chart that the target lacks; asks for nothing if it lacks none. */
export const importCoin = async (
  { id }: Coin,
  symbol: string,
  { vs, days, now }: { readonly vs: string; readonly days: number; readonly now: number },
  gecko: CoinGecko,
  target: Target,
  refused: (why: string) => void,
): Promise<ImportedCoin> => {
  const { first, last, step } = hoursToAskFor(days, now)
  const known = await target.hours(symbol, first, last)
  const wanted = Array.from({ length: Math.max(0, (last - first) / step + 1) }, (_, i) => first + i * step)
  const imported: ImportedCoin = { accepted: 0, known: 0, refused: 0, without: 0, bad: 0 }
  if (wanted.every(end => known.has(end))) {
    imported.known = wanted.length
    return imported
  }
  const { hours, bad } = hoursOf(await gecko.chart(id, vs, days))
  const told = hours.filter(({ end }) => end >= first && end <= last)
  const fresh = told.filter(({ end }) => !known.has(end))
  const steps = new Set([...known, ...told.map(({ end }) => end)].map(end => Math.ceil(end / step) * step))
  imported.bad = bad
  imported.known = told.length - fresh.length
  imported.without = wanted.filter(end => !steps.has(end)).length
  if (fresh.length > 0) await put(fresh, symbol, id, target.store, imported, refused)
  return imported
}

/** CoinGecko gives the volume of 24 hours only, so these candles have none. */
const put = async (
  hours: readonly HourPrices[],
  symbol: string,
  coin: string,
  store: CandleStore,
  imported: Imported,
  refused: (why: string) => void,
): Promise<void> => {
  const writer = new TickWriter(0, (kind, n) => {
    imported.refused += n
    refused(`left out: ${kind}`)
  })
  writer.message(Number.NaN)
  const [index, source] = [store.symbols.index(symbol), store.sources.index(UNNAMED_SOURCE)]
  for (const { end, ...prices } of hours) writer.candle(index, source, end - HOUR, HOUR, prices, 0, `coingecko:${coin}`)
  const ticks = writer.drain()
  if (ticks !== undefined) await store.put([ticks], imported, refused)
}
