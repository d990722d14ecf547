import type { Logger } from 'pino'
import type { BacktestMoment, PastPrice } from '../../streams/fund/backtest.ts'
import { Interner } from '../../streams/lib/interner.ts'
import type { SymbolMap } from '../../streams/market/symbols.ts'
import { CANDLE, TRADE } from '../../streams/market/ticks.ts'
import { UsageError } from '../config/options.ts'
import { systemEnvironment } from '../feeds/environment.ts'
import { merged } from '../feeds/replay/merge.ts'
import { replay } from '../feeds/replay/replay.ts'
import { SpecError } from '../feeds/specError.ts'
import type { RunningServer } from './server.ts'

const MINUTE = 60_000

/** The prices that a backtest needs. */
export interface Asked {
  readonly assets: readonly string[]
  readonly quote: string
  /** ms; from ≤ t < to. */
  readonly from: number
  readonly to: number
}

/** The closes of each minute out of recordings, all of them merged by time. Throws UsageError. */
export const recordedPrices = async function* (
  specs: readonly string[],
  map: SymbolMap,
  { assets, quote, from, to }: Asked,
  log: Logger,
): AsyncGenerator<BacktestMoment> {
  const symbols = new Interner()
  const assetOf = new Map(assets.map(asset => [symbols.index(`${asset}-${quote}`), asset]))
  const sources = new Interner()
  const stop = new AbortController()
  const replays = await Promise.all(
    specs.map(async (spec, feed) => {
      if (!spec.startsWith('replay:')) throw new UsageError(`--feed: found "${spec}", expected replay:FILE: the past is not live`)
      try {
        const opened = await replay({ spec, base: process.cwd(), map, environment: systemEnvironment })
        return { feed, batches: opened.open({ feed, symbols, sources, map, log, signal: stop.signal }) }
      } catch (error) {
        throw error instanceof SpecError ? new UsageError(`--feed ${error.message}`) : error
      }
    }),
  )
  let prices = new Map<string, PastPrice>()
  try {
    for await (const input of merged(replays, MINUTE)) {
      if (input.kind === 'clock') {
        if (input.t >= to) return
        if (prices.size > 0 && input.t >= from) yield { t: input.t, prices }
        if (prices.size > 0) prices = new Map()
      } else if (input.kind === 'ticks') {
        const { type, symbol, t, price } = input.columns
        for (let i = input.from; i < input.to; i++) {
          const asset = type[i] === TRADE || type[i] === CANDLE ? assetOf.get(symbol[i]!) : undefined
          if (asset !== undefined) prices.set(asset, { t: t[i]!, price: price[i]! })
        }
      }
    }
  } finally {
    stop.abort()
  }
}

/** Minutes asked for at once, of each asset. */
const SPAN = 1_440 * MINUTE

/** The closes of each minute as a running server has stored them. Rejects with ServerError. */
export const storedPrices = async function* (server: RunningServer, { assets, quote, from, to }: Asked): AsyncGenerator<BacktestMoment> {
  interface Candle {
    readonly open_t: number
    readonly c: number
  }
  for (let begin = from; begin < to; begin += SPAN) {
    const end = Math.min(begin + SPAN, to)
    const minutes = new Map<number, Map<string, PastPrice>>()
    for (const asset of assets) {
      // A candle is known at its end.
      const range = `from=${begin - MINUTE}&to=${end - MINUTE}`
      const path = `/v1/history/${encodeURIComponent(`candle:1m:${asset}-${quote}`)}?${range}`
      const { rows } = await server.get<{ rows: readonly Candle[] }>(path)
      for (const { open_t, c } of rows) {
        const t = open_t + MINUTE
        const prices = minutes.get(t) ?? new Map<string, PastPrice>()
        prices.set(asset, { t: t - 1, price: c })
        minutes.set(t, prices)
      }
    }
    for (const [t, prices] of [...minutes].sort(([a], [b]) => a - b)) yield { t, prices }
  }
}
