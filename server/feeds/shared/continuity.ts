import { type Ticks, TRADE, type TradeGap } from '../../../streams/market/ticks.ts'

/** More than there will be. */
const SOURCES_MAX = 2 ** 20

interface Seen {
  /** Event time of the newest trade, ms. */
  t: number
  /** Trades may be missing behind it. */
  doubtful: boolean
}

/** Knows the newest trade of each symbol and source, so that a hole in what was heard becomes a gap of each of them. */
export class Continuity {
  private readonly seen = new Map<number, Seen>()

  /** Something is missing from here on. */
  doubt(): void {
    for (const seen of this.seen.values()) seen.doubtful = true
  }

  /** Returns the ticks, with a gap before the first trade behind a hole: nobody can tell how many are missing. */
  take(ticks: Ticks): Ticks {
    const { columns, from, to } = ticks
    const gaps: TradeGap[] = []
    for (let i = from; i < to; i++) {
      if (columns.type[i] !== TRADE) continue
      const [symbol, source, t] = [columns.symbol[i]!, columns.source[i]!, columns.t[i]!]
      const key = symbol * SOURCES_MAX + source
      const seen = this.seen.get(key)
      if (seen === undefined) {
        this.seen.set(key, { t, doubtful: false })
        continue
      }
      if (seen.doubtful && t > seen.t) gaps.push({ symbol, source, from: seen.t, to: t, missing: Number.NaN, healed: false })
      if (t > seen.t) Object.assign(seen, { t, doubtful: false })
    }
    return gaps.length === 0 ? ticks : { ...ticks, gaps: [...(ticks.gaps ?? []), ...gaps] }
  }
}
