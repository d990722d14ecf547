import { z } from 'zod'
import { type TokenHeld, tvlFlow } from '../../../streams/analytics/features/tvlFlow.ts'
import { DAY, floorTo } from '../../../streams/market/candles.ts'
import type { Environment } from '../../feeds/environment.ts'
import { type Asked, assetByAsset, type CollectedFact, type Collector } from './collector.ts'
import { firstDay } from './days.ts'
import { SourceClient } from './sourceClient.ts'

/** A protocol by its names at the source. */
export interface Protocol {
  readonly protocol: string
  /** Its name where fees and revenue are; left out if they are not known there. */
  readonly fees?: string | undefined
}

/** Where the TVL of which protocols is read, in DefiLlama's form. */
export interface TvlOptions {
  readonly url: string
  /** By asset. */
  readonly protocols: Readonly<Record<string, Protocol>>
  readonly everyMs: number
  readonly perMinute: number
  readonly environment: Environment
}

const TOKENS = z.array(z.object({ date: z.number(), tokens: z.record(z.string(), z.number().nullable()) })).nullish()
const PROTOCOL = z.object({
  tvl: z.array(z.object({ date: z.number(), totalLiquidityUSD: z.number() })),
  tokens: TOKENS,
  tokensInUsd: TOKENS,
})
const CHART = z.object({ totalDataChart: z.array(z.tuple([z.number(), z.number().nullable()])) })

type Amounts = Readonly<Record<string, number | null>>

/** Collects the TVL of protocols, what flowed in and out at constant prices, fees and revenue. */
export const tvlCollector = ({ url, protocols, everyMs, perMinute, environment }: TvlOptions): Collector => {
  const source = 'defillama'
  const client = new SourceClient({ source, url, secrets: [], rate: { perMinute, burst: 2 }, environment })
  return {
    source,
    everyMs,
    get figures() {
      return client.figures
    },
    collect: asked =>
      assetByAsset(protocols, asked, async function* (asset, { protocol, fees }) {
        const today = floorTo(asked.now, DAY)
        if (asked.since(asset, 'tvl') !== today) yield await tvlOf(client, asset, protocol, asked)
        if (fees === undefined) return
        for (const [metric, dataType] of [
          ['fees', 'dailyFees'],
          ['revenue', 'dailyRevenue'],
        ] as const) {
          if (asked.since(asset, metric) === today - DAY) continue
          const path = `/summary/fees/${encodeURIComponent(fees)}`
          const { value } = await client.ask({ path, query: { dataType }, form: CHART, signal: asked.signal })
          const from = firstDay(asked.since(asset, metric), asked.now)
          const days = value.totalDataChart.flatMap(([s, usd]) => (usd === null ? [] : { period: s * 1000, value: usd }))
          yield days.filter(({ period }) => isDay(period, from)).map(day => ({ asset, metric, ref: `${path} ${dataType}`, ...day }))
        }
      }),
  }
}

const tvlOf = async (client: SourceClient, asset: string, protocol: string, { since, now, signal }: Asked): Promise<CollectedFact[]> => {
  const ref = `/protocol/${encodeURIComponent(protocol)}`
  const { value } = await client.ask({ path: ref, form: PROTOCOL, signal })
  const from = firstDay(since(asset, 'tvl'), now)
  // The last point is of now, and no beginning of a day.
  const tvl = value.tvl
    .map(({ date, totalLiquidityUSD }) => ({ asset, metric: 'tvl', period: date * 1000, value: totalLiquidityUSD, ref }) as const)
    .filter(({ period, value }) => isDay(period, from) && value >= 0)
  const held = heldByDay(value.tokens ?? [], value.tokensInUsd ?? [], from)
  const flows = [...held].flatMap(([period, before]) => {
    const after = held.get(period + DAY)
    const flow = after === undefined ? Number.NaN : tvlFlow(before, after)
    return Number.isFinite(flow) ? { asset, metric: 'tvlFlow' as const, period, value: flow, ref } : []
  })
  return [...tvl, ...flows]
}

/** Returns what was held at the beginning of each day, a token at its price of then. */
const heldByDay = (
  amounts: readonly { readonly date: number; readonly tokens: Amounts }[],
  worths: readonly { readonly date: number; readonly tokens: Amounts }[],
  from: number,
): Map<number, readonly TokenHeld[]> => {
  const usd = new Map(worths.map(({ date, tokens }) => [date, tokens]))
  return new Map(
    amounts
      .filter(({ date }) => isDay(date * 1000, from))
      .map(({ date, tokens }) => {
        const held = Object.entries(tokens).map(([token, amount]) => {
          const worth = usd.get(date)?.[token]
          return { token, amount: amount ?? Number.NaN, price: (worth ?? Number.NaN) / (amount ?? Number.NaN) }
        })
        return [date * 1000, held] as const
      }),
  )
}

const isDay = (t: number, from: number): boolean => t >= from && t % DAY === 0
