import { HOUR } from '../../streams/market/candles.ts'
import { type Checkpoint, firstAfter, type HourRow, hourRows, opening } from '../../streams/pnl/hours.ts'
import type { PortfolioSpec } from '../../streams/pnl/portfolio.ts'
import type { PositionRules } from '../../streams/pnl/positions.ts'
import type { Transaction } from '../../streams/pnl/transaction.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { contentOf, digestOf, keep, type MonthCheckpoint, readCheckpoint, readKept } from './checkpoints.ts'
import {
  type CandleFingerprint,
  joined,
  type MonthFingerprint,
  NO_FINGERPRINT,
  readCloses,
  readFingerprints,
  readLastCloses,
  type Spans,
} from './closes.ts'
import { figuresOf, type HourCache } from './hourCache.ts'
import { insertHours, readHours } from './hourTable.ts'
import { monthAfter, monthOf } from './months.ts'

/**
 * The hours of one portfolio as they are kept, and what they would be computed from today. Times in ms.
 *
 * A month counts as long as the digest of its checkpoint and the mark of the candles it was computed from are those of today.
 * The digest takes in the content of the checkpoint before, so a change of an old row or candle reaches the months after it
 * exactly as far as it makes a difference to them.
 */
export class MaterialisedHours {
  private readonly engine: Engine
  private readonly cache: HourCache
  private readonly id: string
  private readonly rules: PositionRules
  private readonly transactions: readonly Transaction[]
  /** Beginning of the first hour. */
  private readonly begin: number
  /** Assets that need a price → time of the first transaction that names them. */
  private readonly named: ReadonlyMap<string, number>
  private readonly kept: Map<number, MonthCheckpoint>
  /** Candles that opened before and after this have marks of their own. */
  private readonly split: number
  private readonly spans: Spans
  private readonly marks = new Map<number, MonthFingerprint[]>()
  private stored: number

  private constructor(
    engine: Engine,
    cache: HourCache,
    portfolio: PortfolioSpec,
    begin: number,
    named: ReadonlyMap<string, number>,
    kept: readonly MonthCheckpoint[],
    split: number,
    { spans, marks }: { spans: Spans; marks: readonly MonthFingerprint[] },
  ) {
    const { id, quote, method, feesInCost, transactions } = portfolio
    this.engine = engine
    this.cache = cache
    this.id = id
    this.rules = { quote, method, feesInCost, tracksCash: transactions.some(tx => tx.asset === quote) }
    this.transactions = transactions
    this.begin = begin
    this.named = named
    this.kept = new Map(kept.map(month => [month.month, month]))
    this.split = split
    this.spans = spans
    this.stored = Math.max(0, ...kept.map(({ stored }) => stored))
    for (const mark of marks) {
      // Where an asset is first named, all its candles until then count: the last one's close may be its price.
      const month = Math.max(mark.month, monthOf(named.get(mark.asset)! - 1))
      const list = this.marks.get(month)
      if (list === undefined) this.marks.set(month, [mark])
      else list.push(mark)
    }
  }

  /** Looks at what is there of the hours after `begin`, up to the month of `last`. */
  static async open(engine: Engine, cache: HourCache, portfolio: PortfolioSpec, begin: number, last: number): Promise<MaterialisedHours> {
    const { id, quote, transactions } = portfolio
    const to = monthAfter(last - 1)
    const named = new Map<string, number>()
    for (const { asset, t } of transactions) {
      if (t > to) break
      if (asset !== quote && !named.has(asset)) named.set(asset, t)
    }
    const kept = await readKept(engine, id)
    const split = kept.find(({ month, t, digest }) => digest !== '' && t < monthAfter(month))?.t ?? to
    return new MaterialisedHours(
      engine,
      cache,
      portfolio,
      begin,
      named,
      kept,
      split,
      await readFingerprints(engine, quote, [...named.keys()], to, split),
    )
  }

  /** How many rows have so many figures. */
  rowsOf(figures: number): number {
    return Math.max(1, Math.floor(figures / figuresOf(1, this.named.size + 1)))
  }

  /**
   * Computes what is missing or no longer counts, up to the end of the month of `last`, or `ended` where that is sooner, and
   * stores it. Returns the end of the last hour that counts: before `last` where `deadline` (performance.now()) came first, but
   * never before a month's work was done.
   */
  async bringTo(last: number, ended: number, deadline: number): Promise<number> {
    let at = this.begin
    let before = ''
    let checkpoint: Checkpoint | undefined = opening(this.rules, this.begin)
    for (let computed = 0; at < last; ) {
      const month = monthOf(at)
      const start = at
      const known = this.kept.get(month)
      const counts = known !== undefined && this.counts(known, start, before)
      const end = Math.min(monthAfter(month), ended)
      if (counts && known.t >= end) {
        at = known.t
        before = known.content
        checkpoint = undefined
        continue
      }
      if (computed > 0 && performance.now() > deadline) return at
      computed += 1
      if (counts) checkpoint = await readCheckpoint(this.engine, this.id, month)
      else {
        if (known !== undefined) await this.disownMonth(known)
        checkpoint ??= await readCheckpoint(this.engine, this.id, monthOf(start - 1))
      }
      const { rows, ...written } = await this.compute(checkpoint, end, counts ? known.mark : NO_FINGERPRINT)
      checkpoint = written.checkpoint
      const text = JSON.stringify(checkpoint)
      const digest = digestOf(this.rules, start, before, this.between(start, end))
      before = contentOf(text)
      const kept: MonthCheckpoint = { month, t: end, digest, content: before, mark: written.mark, stored: this.version() }
      await keep(this.engine, this.id, kept, text)
      this.kept.set(month, kept)
      this.remember(kept, rows, counts ? known : undefined)
      at = end
    }
    return at
  }

  /**
   * At most `most` rows of hours that count, from `first` on: those that end a `step`, and that of `last`. Rows that the engine
   * has lost are missing.
   */
  async rows(first: number, last: number, step: number, most: number): Promise<readonly HourRow[]> {
    const { engine, id, cache } = this
    if (step > HOUR) return readHours(engine, id, first, last, step, most)
    const end = Math.min(last, first + (most - 1) * HOUR)
    const months = this.months(first, end).map(kept => ({ kept, rows: cache.of(id, kept) }))
    const missing = months.filter(({ rows }) => rows === undefined)
    if (missing.length > 0) {
      const from = this.startOf(missing[0]!.kept) + HOUR
      const to = missing.at(-1)!.kept.t
      const read = await readHours(engine, id, from, to, HOUR, (to - from) / HOUR + 1)
      for (const month of missing) {
        month.rows = read.filter(({ t }) => t > month.kept.month && t <= month.kept.t)
        this.remember(month.kept, month.rows, undefined)
      }
    }
    return months.flatMap(({ rows }) => rows!.filter(({ t }) => t >= first && t <= end))
  }

  /** Lets nobody trust the hours from `first` to `last` any more. */
  async invalidate(first: number, last: number): Promise<void> {
    for (const kept of this.months(first, last)) await this.disownMonth(kept)
  }

  /** Rows are about to be written over: until there is a checkpoint again, none of the month counts. */
  private async disownMonth(kept: MonthCheckpoint): Promise<void> {
    if (kept.digest !== '') await keep(this.engine, this.id, { ...kept, digest: '', stored: this.version() }, '')
  }

  /** The months of the hours from `first` to `last`. */
  private months(first: number, last: number): MonthCheckpoint[] {
    return [...this.kept.values()]
      .filter(({ month }) => month >= monthOf(first - 1) && month <= monthOf(last - 1))
      .sort((a, b) => a.month - b.month)
  }

  private startOf({ month }: MonthCheckpoint): number {
    return Math.max(this.begin, month)
  }

  /** Caches a month's rows, where these are all; `longer` tells of what is cached already they are the continuation. */
  private remember(kept: MonthCheckpoint, rows: readonly HourRow[], longer: MonthCheckpoint | undefined): void {
    const known = longer && this.cache.of(this.id, longer)
    if (longer) this.cache.forget(this.id, longer)
    const all = known === undefined ? rows : [...known, ...rows]
    if (all.length === (kept.t - this.startOf(kept)) / HOUR) this.cache.put(this.id, kept, all)
  }

  /** Computes and stores the hours after `from.t`. `mark` is that of the candles of the month up to there. */
  private async compute(
    from: Checkpoint,
    end: number,
    mark: CandleFingerprint,
  ): Promise<{ rows: readonly HourRow[]; checkpoint: Checkpoint; mark: CandleFingerprint }> {
    const { engine, rules } = this
    const assets = [...this.named].filter(([, t]) => t <= end)
    const spansOf = (list: readonly (readonly [asset: string, t: number])[]): Spans =>
      new Map(list.map(([asset]) => [asset, this.spans.get(asset)!]))
    const known = await readLastCloses(engine, rules.quote, spansOf(assets.filter(([, t]) => t > from.t)), from.t)
    const read = await readCloses(engine, rules.quote, spansOf(assets), from.t, end)
    const start = { ...from, prices: [...from.prices, ...known.prices] }
    const { rows, checkpoint } = hourRows(rules, this.transactions, read.closes, end, start)
    await insertHours(engine, this.id, rows, this.version())
    return { rows, checkpoint, mark: joined(mark, joined(known.mark, read.mark)) }
  }

  private counts({ month, t, digest, mark }: MonthCheckpoint, start: number, before: string): boolean {
    // Of a month that is not whole the candles are known up to one point only.
    if (t < monthAfter(month) && t !== this.split) return false
    const now = this.markOf(month, t)
    return mark.ticks === now.ticks && mark.newest === now.newest && digest === digestOf(this.rules, start, before, this.between(start, t))
  }

  /** The mark of the candles of a month up to `t`, its end or the split. */
  private markOf(month: number, t: number): CandleFingerprint {
    let sum = NO_FINGERPRINT
    for (const { asset, after, mark } of this.marks.get(month) ?? [])
      if (this.named.get(asset)! <= t && !(after && t <= this.split)) sum = joined(sum, mark)
    return sum
  }

  private between(from: number, to: number): readonly Transaction[] {
    return this.transactions.slice(firstAfter(this.transactions, from), firstAfter(this.transactions, to))
  }

  /** Later than everything that is stored, whatever the clock says. */
  private version(): number {
    this.stored = Math.max(Date.now(), this.stored + 1)
    return this.stored
  }
}
