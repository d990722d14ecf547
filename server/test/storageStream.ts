import type { MeasureRow } from '../../streams/measures/rows.ts'
import { UNKNOWN } from '../../streams/pnl/sums.ts'
import { candle, type Tick, trade } from './storageRows.ts'

/** A stream that is the same every time: frame `k`, k = 1, 2, …, with late trades, candles and a portfolio's row in it. */

const START = Date.UTC(2024, 7, 8, 23, 50)
const FRAME = 200
const SYMBOLS = ['BTC-USD', 'ETH-USD', 'SOL-USD', 'XRP-USD']

export const frameTime = (k: number): number => START + k * FRAME

/** A number from 0 to 2³² − 1 that looks random. */
const hash = (k: number, i: number): number => {
  let h = Math.imul(k ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(i + 1, 0xc2b2ae35)
  h = Math.imul(h ^ (h >>> 15), 0x27d4eb2f)
  return (h ^ (h >>> 13)) >>> 0
}

export const ticksAt = (k: number): Tick[] => {
  const ticks = Array.from({ length: 20 }, (_, i) => {
    const h = hash(k, i)
    const late = h % 50 === 0 ? (h % 90) * 1000 : 0
    return trade(frameTime(k) - FRAME + 1 + (h % FRAME) - late, {
      id: `${k}-${i}`,
      symbol: SYMBOLS[h % SYMBOLS.length]!,
      source: h % 3 ? 'x' : 'y',
      price: 100 + (h % 1000) / 8,
      size: (h % 997) / 1000,
    })
  })
  if (k % 30 === 0) {
    const openT = frameTime(k) - (frameTime(k) % 3_600_000) - 3_600_000
    ticks.push(candle(openT, 3_600_000, { id: `h${k}`, source: 'z', price: 90, open: 91, high: 500, low: 5, size: 0.001 }))
  }
  return ticks
}

const unknown = Number.NaN

export const measuresAt = (k: number): MeasureRow[] =>
  k % 5 > 0
    ? []
    : [
        {
          kind: 'pnl',
          id: 'main',
          t: frameTime(k),
          quote: 'USD',
          method: 'fifo',
          ...UNKNOWN,
          value: hash(k, 0),
          cost: unknown,
          unrealised: 1,
          realised: 2,
          income: 0,
          expenses: 0,
          fees: 0.1,
          flows: 3,
          total: 4,
          day: 5,
          twr: unknown,
          ...{ pathGrowth: unknown, pathBase: unknown, pathPeak: unknown, pathHighest: unknown, pathAbs: unknown, pathRel: unknown },
          drawdownAbs: 0,
          drawdownRel: 0,
          stale: false,
          assets: [{ asset: 'BTC', qty: k, price: 1, avg: unknown, value: 2, cost: 3, unrealised: 4, realised: 5 }],
          unpriced: [['ETH', 'no price yet']],
        },
      ]
