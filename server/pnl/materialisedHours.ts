import type { AssetEvent } from '../../streams/market/assetEvent.ts'
import { HOUR } from '../../streams/market/candles.ts'
import { type Checkpoint, firstAfter, type HourRow, type HourRules, hourRows, opening } from '../../streams/pnl/hours.ts'
import type { PortfolioHistory } from '../../streams/pnl/portfolioSpec.ts'
import type { Transaction } from '../../streams/pnl/transaction.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { contentOf, digestOf, type MonthCheckpoint, readCheckpoint, readMonthCheckpoints, storeCheckpoint } from './checkpoints.ts'
import {
  type CandleFingerprint,
  combined,
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
 * The stored hours of one portfolio, and what they would be computed from today. Times in ms.
 *
 * A month counts as long as the digest of its checkpoint and the fingerprint of its candles are those of today. The digest takes in
 * the content of the checkpoint before, so a change of an old row or candle reaches the months after it exactly as far as it makes
 * a difference to them.
 */
export class MaterialisedHours {
  private readonly engine: Engine
  private readonly cache: HourCache
  private readonly id: string
  private readonly rules: HourRules
  private readonly transactions: readonly Transaction[]
  /** Beginning of the first hour. */
  private readonly begin: number
  /** Assets that need a price → time of the first transaction that names them. */
  private readonly named: ReadonlyMap<string, number>
  /** By the beginning of the month. */
  private readonly checkpoints: Map<number, MonthCheckpoint>
  /** Candles that opened before and after this have fingerprints of their own. */
  private readonly split: number
  private readonly spans: Spans
  private readonly fingerprints = new Map<number, MonthFingerprint[]>()
  private stored: number

  private constructor(
    engine: Engine,
    cache: HourCache,
    portfolio: PortfolioHistory,
    begin: number,
    named: ReadonlyMap<string, number>,
    checkpoints: readonly MonthCheckpoint[],
    split: number,
    { spans, fingerprints }: { spans: Spans; fingerprints: readonly MonthFingerprint[] },
  ) {
    const { id, quote, method, feesInCost, ignore = new Set<string>(), transactions, events = [] } = portfolio
    this.engine = engine
    this.cache = cache
    this.id = id
    this.rules = { quote, method, feesInCost, ignore, tracksCash: transactions.some(tx => tx.asset === quote), events }
    this.transactions = transactions
    this.begin = begin
    this.named = named
    this.checkpoints = new Map(checkpoints.map(checkpoint => [checkpoint.month, checkpoint]))
    this.split = split
    this.spans = spans
    this.stored = Math.max(0, ...checkpoints.map(({ stored }) => stored))
    for (const fingerprint of fingerprints) {
      // In the month that first names an asset, all its candles until then count: the last one's close may be its price.
      const month = Math.max(fingerprint.month, monthOf(named.get(fingerprint.asset)! - 1))
      const list = this.fingerprints.get(month)
      if (list === undefined) this.fingerprints.set(month, [fingerprint])
      else list.push(fingerprint)
    }
  }

  /** Reads what is stored of the hours after `begin`, up to the month of `last`. */
  static async open(
    engine: Engine,
    cache: HourCache,
    portfolio: PortfolioHistory,
    begin: number,
    last: number,
  ): Promise<MaterialisedHours> {
    const { id, quote, transactions, events = [] } = portfolio
    const to = monthAfter(last - 1)
    const named = new Map<string, number>()
    for (const { asset, t } of transactions) {
      if (t > to) break
      if (asset !== quote && !named.has(asset)) named.set(asset, t)
    }
    // From its event on an asset has the prices of its new name.
    for (const { asset, to: now, t } of events) if (t <= to && named.has(asset) && !named.has(now)) named.set(now, t)
    const checkpoints = await readMonthCheckpoints(engine, id)
    const split = checkpoints.find(({ month, t, digest }) => digest !== '' && t < monthAfter(month))?.t ?? to
    return new MaterialisedHours(
      engine,
      cache,
      portfolio,
      begin,
      named,
      checkpoints,
      split,
      await readFingerprints(engine, quote, [...named.keys()], to, split),
    )
  }

  /** Returns how many rows have `figures` figures together; at least one. */
  rowsOf(figures: number): number {
    return Math.max(1, Math.floor(figures / figuresOf(1, this.named.size + 1)))
  }

  /**
   * Computes what is missing or no longer counts, up to the end of the month of `last`, or `ended` if that is sooner, and
   * stores it. Returns the end of the last hour that counts: before `last` if `deadline` (performance.now()) came first, but
   * never before one month was computed.
   */
  async bringTo(last: number, ended: number, deadline: number): Promise<number> {
    let at = this.begin
    let before = ''
    let checkpoint: Checkpoint | undefined = opening(this.rules, this.begin)
    for (let computed = 0; at < last; ) {
      const month = monthOf(at)
      const start = at
      const known = this.checkpoints.get(month)
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
        if (known !== undefined) await this.invalidateMonth(known)
        checkpoint ??= await readCheckpoint(this.engine, this.id, monthOf(start - 1))
      }
      const { rows, ...written } = await this.compute(checkpoint, end, counts ? known.candles : NO_FINGERPRINT)
      checkpoint = written.checkpoint
      const text = JSON.stringify(checkpoint)
      const digest = digestOf(this.rules, start, before, this.between(start, end), this.eventsBetween(start, end))
      before = contentOf(text)
      const computedMonth: MonthCheckpoint = { month, t: end, digest, content: before, candles: written.candles, stored: this.version() }
      await storeCheckpoint(this.engine, this.id, computedMonth, text)
      this.checkpoints.set(month, computedMonth)
      this.cacheMonth(computedMonth, rows, counts ? known : undefined)
      at = end
    }
    return at
  }

  /**
   * Returns at most `most` rows of hours that count, from `first` on: those that end a `step`, and that of `last`. Rows that the engine
   * has lost are missing.
   */
  async rows(first: number, last: number, step: number, most: number): Promise<readonly HourRow[]> {
    const { engine, id, cache } = this
    if (step > HOUR) return readHours(engine, id, first, last, step, most)
    const end = Math.min(last, first + (most - 1) * HOUR)
    const months = this.months(first, end).map(checkpoint => ({ checkpoint, rows: cache.of(id, checkpoint) }))
    const missing = months.filter(({ rows }) => rows === undefined)
    if (missing.length > 0) {
      const from = this.startOf(missing[0]!.checkpoint) + HOUR
      const to = missing.at(-1)!.checkpoint.t
      const read = await readHours(engine, id, from, to, HOUR, (to - from) / HOUR + 1)
      for (const month of missing) {
        month.rows = read.filter(({ t }) => t > month.checkpoint.month && t <= month.checkpoint.t)
        this.cacheMonth(month.checkpoint, month.rows, undefined)
      }
    }
    return months.flatMap(({ rows }) => rows!.filter(({ t }) => t >= first && t <= end))
  }

  /** Marks the hours from `first` to `last` as not to be trusted, so that they are computed again. */
  async invalidate(first: number, last: number): Promise<void> {
    for (const checkpoint of this.months(first, last)) await this.invalidateMonth(checkpoint)
  }

  /** Before rows are written over: until there is a checkpoint again, none of the month counts. */
  private async invalidateMonth(checkpoint: MonthCheckpoint): Promise<void> {
    if (checkpoint.digest !== '') await storeCheckpoint(this.engine, this.id, { ...checkpoint, digest: '', stored: this.version() }, '')
  }

  /** Returns the checkpoints of the months of the hours from `first` to `last`. */
  private months(first: number, last: number): MonthCheckpoint[] {
    return [...this.checkpoints.values()]
      .filter(({ month }) => month >= monthOf(first - 1) && month <= monthOf(last - 1))
      .sort((a, b) => a.month - b.month)
  }

  private startOf({ month }: MonthCheckpoint): number {
    return Math.max(this.begin, month)
  }

  /** Caches a month's rows, if these are all. They may continue those that are cached under the checkpoint `longer`. */
  private cacheMonth(month: MonthCheckpoint, rows: readonly HourRow[], longer: MonthCheckpoint | undefined): void {
    const known = longer && this.cache.of(this.id, longer)
    if (longer) this.cache.forget(this.id, longer)
    const all = known === undefined ? rows : [...known, ...rows]
    if (all.length === (month.t - this.startOf(month)) / HOUR) this.cache.put(this.id, month, all)
  }

  /** Computes and stores the hours after `from.t`. `candles` is the fingerprint of the month's candles up to there. */
  private async compute(
    from: Checkpoint,
    end: number,
    candles: CandleFingerprint,
  ): Promise<{ rows: readonly HourRow[]; checkpoint: Checkpoint; candles: CandleFingerprint }> {
    const { engine, rules } = this
    const assets = [...this.named].filter(([, t]) => t <= end)
    const spansOf = (list: readonly (readonly [asset: string, t: number])[]): Spans =>
      new Map(list.map(([asset]) => [asset, this.spans.get(asset)!]))
    const known = await readLastCloses(engine, rules.quote, spansOf(assets.filter(([, t]) => t > from.t)), from.t, rules.events)
    const read = await readCloses(engine, rules.quote, spansOf(assets), from.t, end, rules.events)
    const start = { ...from, prices: [...from.prices, ...known.prices] }
    const { rows, checkpoint } = hourRows(rules, this.transactions, read.closes, end, start)
    await insertHours(engine, this.id, rows, this.version())
    return { rows, checkpoint, candles: combined(candles, combined(known.candles, read.candles)) }
  }

  private counts({ month, t, digest, candles }: MonthCheckpoint, start: number, before: string): boolean {
    // The candles of a month that is not over are known up to one point only.
    if (t < monthAfter(month) && t !== this.split) return false
    const now = this.candlesOf(month, t)
    return (
      candles.ticks === now.ticks &&
      candles.newest === now.newest &&
      digest === digestOf(this.rules, start, before, this.between(start, t), this.eventsBetween(start, t))
    )
  }

  /** Returns the fingerprint of the candles of a month up to `t`, its end or the split. */
  private candlesOf(month: number, t: number): CandleFingerprint {
    let sum = NO_FINGERPRINT
    for (const { asset, after, candles } of this.fingerprints.get(month) ?? [])
      if (this.named.get(asset)! <= t && !(after && t <= this.split)) sum = combined(sum, candles)
    return sum
  }

  private between(from: number, to: number): readonly Transaction[] {
    return this.transactions.slice(firstAfter(this.transactions, from), firstAfter(this.transactions, to))
  }

  private eventsBetween(from: number, to: number): readonly AssetEvent[] {
    return this.rules.events!.filter(({ t }) => t > from && t <= to)
  }

  /** Returns a version later than all that is stored, whatever the clock says. */
  private version(): number {
    this.stored = Math.max(Date.now(), this.stored + 1)
    return this.stored
  }
}
