import type { FundSpec } from '../streams/fund/spec.ts'
import { parseDecimal } from '../streams/lib/decimal.ts'
import type { Interner } from '../streams/lib/interner.ts'
import type { Ticks } from '../streams/market/ticks.ts'
import { TickWriter } from '../streams/market/tickWriter.ts'
import type { PortfolioSpec } from '../streams/pnl/portfolioSpec.ts'

/** A market made of nothing but numbers: the same every time, without the cost of a feed. */

export const START = Date.UTC(2024, 7, 8, 12)

/** A small, fast generator of numbers in [0, 1) (mulberry32). */
export const random = (seed: number): (() => number) => {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let x = Math.imul(a ^ (a >>> 15), 1 | a)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296
  }
}

export const assetNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `A${i}`)

/** One batch a frame, `perFrame` trades each over all assets, prices as random walks. */
export const frames = function* (
  symbols: Interner,
  sources: Interner,
  assets: readonly string[],
  count: number,
  perFrame: number,
  frameMs: number,
): Iterable<Ticks> {
  const next = random(7)
  const indexes = assets.map(asset => symbols.index(`${asset}-USD`))
  const prices = assets.map(() => 1 + next() * 1000)
  const source = sources.index('bench')
  let id = 1_000_000_000
  for (let k = 0; k < count; k++) {
    const writer = new TickWriter(0)
    writer.message(Number.NaN)
    for (let i = 0; i < perFrame; i++) {
      // The first frame names every asset, so that all funds can begin.
      const a = k === 0 && i < assets.length ? i : Math.floor(next() * assets.length)
      prices[a]! *= 1 + (next() - 0.5) * 1e-3
      const t = START + k * frameMs + 1 + Math.floor((i / perFrame) * (frameMs - 1))
      writer.trade(
        indexes[a]!,
        source,
        t,
        Math.round(prices[a]! * 1e4) / 1e4,
        (1 + Math.floor(next() * 1e4)) / 1e4,
        next() < 0.5 ? 'buy' : 'sell',
        String(id++),
      )
    }
    yield writer.drain()!
  }
}

export const fundsOf = (count: number, size: number, assets: readonly string[]): FundSpec[] => {
  const next = random(11)
  return Array.from({ length: count }, (_, i) => ({
    id: `F${i}`,
    name: `Fund ${i}`,
    quote: 'USD',
    weighting: { scheme: 'market-cap', count: size, cap: 0.2 },
    supplies: new Map(pick(next, assets, size).map(asset => [asset, 1e6 + next() * 1e9])),
    initialPrice: parseDecimal('100')!,
    initialShares: parseDecimal('10000')!,
    inceptionTimeoutMs: 60_000,
    targets: 'frozen',
    rebalance: { assetThreshold: 0.05, totalThreshold: 0.1, maxIntervalMs: Number.POSITIVE_INFINITY },
    createFeeBps: 0,
    redeemFeeBps: 0,
    market: undefined,
  }))
}

export const portfoliosOf = (count: number, size: number, assets: readonly string[]): PortfolioSpec[] => {
  const next = random(13)
  return Array.from({ length: count }, (_, i) => ({
    id: `P${i}`,
    quote: 'USD',
    method: 'average',
    feesInCost: true,
    transactions: pick(next, assets, size).map(asset => ({
      t: START - 86_400_000,
      type: 'buy' as const,
      asset,
      qty: parseDecimal(String(1 + Math.floor(next() * 100)))!,
      price: parseDecimal(String(1 + Math.floor(next() * 1000)))!,
      fee: 0n,
      cost: undefined,
      account: '',
      toAccount: '',
      id: '',
    })),
  }))
}

const pick = (next: () => number, from: readonly string[], count: number): string[] => {
  const chosen = new Set<string>()
  while (chosen.size < count) chosen.add(from[Math.floor(next() * from.length)]!)
  return [...chosen]
}
