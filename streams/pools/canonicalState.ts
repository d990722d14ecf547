import { z } from 'zod'
import { DAY, floorTo } from '../market/candles.ts'
import { CanonicalLogs, type Place, type StandingLogs } from './canonicalLogs.ts'
import type { ChainLog } from './chainLog.ts'
import { originOf, startBlock, stateOf } from './kinds.ts'
import { readLog } from './logReading.ts'
import { type DayPrice, OpeningPrice } from './openingPrice.ts'
import type { PoolPast, StoredLog, TakenLog } from './poolPast.ts'
import { Inconsistent, type LogReading, type PoolState, type Priced } from './poolState.ts'
import { RollingVolume, type Traded } from './rollingVolume.ts'
import type { PoolSpec } from './spec.ts'

/** Counts what logs trade in the quote currency, at the prices of the moment. */
export interface Valuation {
  /** Returns the prices of a token0 and a token1 that trades are counted by; NaN if unknown. */
  tradePrices(): readonly [number, number]
  /** Returns what a log trades by these prices; `pool` is as the log has left it. */
  tradedIn(reading: LogReading, prices: readonly [number, number], pool: Priced): Traded
}

/** What a log did: what was traded in it, counted by the prices of that time, and the state after it. */
interface AppliedLog {
  readonly log: ChainLog
  /** The place of the log before it. */
  readonly before: Place
  readonly traded: Traded
  readonly prices: readonly [number, number]
  readonly snapshot: unknown
  readonly dayPrice: DayPrice | undefined
  /** From when on all swaps are counted, ms. */
  readonly begun: number
}

/** A stored state of a pool: what its kind saves, and what is common to all. `since` is null if nothing was traded before its first log. */
const savedState = z.strictObject({
  origin: z.string(),
  chain: z.unknown(),
  dayPrice: z.strictObject({ day: z.number(), price: z.number() }).optional(),
  t: z.number(),
  since: z.number().nullable(),
})

/** Logs after which the state is stored; it also is with the first log of a UTC day. */
const STATE_EVERY = 4_000

/**
 * A pool as its logs on the canonical chain give it: its state, the volume of its day and the opening price. A reorganisation takes logs
 * back; a restart begins with those of former runs.
 */
export class CanonicalState implements Priced {
  private readonly spec: PoolSpec
  private readonly valuation: Valuation
  private readonly took: (log: TakenLog) => void
  private logs: CanonicalLogs<AppliedLog>
  private chain: PoolState | undefined
  /** The snapshot before its first log. */
  private start: unknown
  private volume = new RollingVolume()
  private readonly opening = new OpeningPrice()
  private eventT = Number.NaN
  /** Logs since the state was stored, and the UTC day of the one that it was stored with. */
  private unsaved = 0
  private savedDay = Number.NEGATIVE_INFINITY

  /** `took` gets each log that counts, also if it is removed. */
  constructor(spec: PoolSpec, valuation: Valuation, took: (log: TakenLog) => void) {
    this.spec = spec
    this.valuation = valuation
    this.took = took
    this.logs = new CanonicalLogs(startBlock(spec))
  }

  /** Makes the state of its kind, if the tokens are known that it needs; `scales` are the raw units of a token of each. */
  begin(spec: PoolSpec, scales: readonly [number, number]): void {
    if (this.chain !== undefined) return
    this.chain = stateOf(spec, scales)
    this.start = this.chain?.snapshot
  }

  /** The state after the newest log that stands; undefined while its tokens have to be known to make one. */
  get state(): PoolState | undefined {
    return this.chain
  }

  /** Of a token1 in token0, both raw; NaN if unknown. */
  get price(): number {
    return this.chain?.price ?? Number.NaN
  }

  /** What was traded in the day. */
  get day(): RollingVolume {
    return this.volume
  }

  /** The price that the UTC day began with. */
  get dayPrice(): DayPrice | undefined {
    return this.opening.current
  }

  /** ms: when the newest log was; NaN if none stands. */
  get t(): number {
    return this.eventT
  }

  /** The logs that stand, those of former runs among them. */
  get standing(): StandingLogs {
    return { final: this.logs.finalPlace, recent: this.logs.recentEffects.map(({ log }) => log) }
  }

  /** The block of its newest log; undefined if it has none. */
  get block(): number | undefined {
    const { block } = this.logs.newestPlace
    return block < 0 ? undefined : block
  }

  /** ms: when time alone changes its day next; Infinity if it does not. */
  get changesAt(): number {
    return Math.min(this.volume.losesAt, this.opening.changesAt(this))
  }

  /** Lets time come to `t`: the day loses its oldest minutes, or another begins. Returns whether that changes anything. */
  advance(t: number): boolean {
    const lost = this.volume.advance(t)
    const began = this.opening.open(t, this)
    return lost || began
  }

  /** Applies a log, or reverts it if it is removed; false if that was done before. Throws as `PoolState.apply` does. */
  apply(log: ChainLog): boolean {
    return log.removed ? this.revertLog(log) : this.applyLog(log)
  }

  /** Takes the place of what is known: the pool as former runs have left it, before any log of this one. Throws Error if its state is none. */
  restore({ base, logs, minutes, gap }: PoolPast): void {
    this.logs = new CanonicalLogs(startBlock(this.spec))
    this.volume = new RollingVolume()
    if (base) this.load(base.place, base.state)
    for (const stored of logs) this.reapply(stored, base !== undefined)
    if (logs.length > 0) this.volume.load(minutes, logs.at(-1)!.log.t)
    else if (base) this.volume.load(minutes, this.eventT)
    if (gap > this.volume.begun) this.volume.begin(gap)
  }

  private applyLog(log: ChainLog): boolean {
    if (!this.logs.isNext(log)) return this.refuse(log)
    const { t } = log
    const reading = readLog(this.spec.kind, log)
    this.opening.open(t, this)
    const inconsistent = this.change(log, reading)
    this.count(t, reading)
    const prices = this.valuation.tradePrices()
    const traded = this.valuation.tradedIn(reading, prices, this)
    this.volume.add(t, traded)
    this.opening.open(t, this)
    const before = this.logs.newestPlace
    this.logs.add(log, this.effectOf(log, before, traded, prices))
    this.eventT = t
    this.took({ pool: this.spec.id, log, before, traded, prices, state: this.save(log) })
    if (inconsistent) throw inconsistent
    if (reading.unread && !log.lost) throw new Inconsistent(`event: found ${log.topics[0]}, expected one that is known`)
    return true
  }

  /**
   * Refuses a log that stands already. Throws Inconsistent if another log stands at its place: one of the two is missing, and what it
   * would have changed is unknown.
   */
  private refuse({ block, index, topics, data, lost }: ChainLog): false {
    const { log: standing, before } = this.logs.effectAt({ block, index }) ?? {}
    if (standing === undefined || before === undefined || standing.lost || lost) return false
    if (standing.data === data && standing.topics.join() === topics.join()) return false
    this.chain?.forget()
    const traded = { swap: undefined, worth: Number.NaN, fees: 0, unread: true }
    this.volume.add(standing.t, traded)
    this.took({ pool: this.spec.id, log: { ...standing, topics: [], data: '0x', lost: true }, before, traded, prices: UNKNOWN, state: '' })
    throw new Inconsistent(`log ${index} of block ${block}: found another one, expected that which stands there`)
  }

  /** Changes the state by a log. If that contradicts what is known, this is forgotten and the error returned: the log stands. */
  private change(log: ChainLog, reading: LogReading): Inconsistent | undefined {
    if (reading.unread) {
      this.chain?.forget()
      return undefined
    }
    try {
      this.chain?.apply(log, reading)
      return undefined
    } catch (error) {
      if (!(error instanceof Inconsistent)) throw error
      // By itself it may say something nevertheless: a price.
      try {
        this.chain?.apply(log, reading)
      } catch {}
      return error
    }
  }

  /** What a log did, after it was applied. Written out field by field: spreading them costs more than all else of it. */
  private effectOf(log: ChainLog, before: Place, traded: Traded, prices: readonly [number, number]): AppliedLog {
    return { log, before, traded, prices, snapshot: this.chain?.snapshot, dayPrice: this.opening.current, begun: this.volume.begun }
  }

  /** Counts all swaps from a log at `t` (ms) on, if none were counted before; from the beginning of time if the pool begins with it. */
  private count(t: number, { begins }: LogReading): void {
    if (begins) this.volume.begin(Number.NEGATIVE_INFINITY)
    else if (Number.isNaN(this.volume.begun)) this.volume.begin(t)
  }

  private revertLog(log: ChainLog): boolean {
    const reverted = this.logs.revert(log)
    if (reverted === undefined) return false
    const { before, traded, prices } = reverted
    this.volume.revert(reverted.log.t, traded)
    const newest = this.logs.newestEffect
    this.chain?.revert(reverted.log, newest ? newest.snapshot : this.start)
    this.eventT = newest?.log.t ?? Number.NaN
    this.volume.begin(newest?.begun ?? Number.NaN)
    this.opening.revert(newest?.dayPrice, this)
    this.took({ pool: this.spec.id, log: { ...reverted.log, removed: true }, before, traded, prices, state: '' })
    return true
  }

  /** Applies a log of a former run. Its trade is counted with its minute. */
  private reapply({ log, before, worth, fees, hasState }: StoredLog, hasBase: boolean): void {
    if (!this.logs.isNext(log)) return
    const { t } = log
    let reading: LogReading
    try {
      reading = readLog(this.spec.kind, log)
    } catch {
      return
    }
    const { newestPlace } = this.logs
    const isFirst = newestPlace.block < 0 && !hasBase
    if (!isFirst && isAfter(before, newestPlace)) {
      // Logs between the two were never stored.
      this.chain?.forget()
      this.volume.begin(t)
    }
    this.opening.open(t, this)
    try {
      this.change(log, reading)
    } catch {
      return
    }
    this.count(t, reading)
    const { swap, unread } = reading
    const traded = { swap, worth, fees, unread: unread === 'swap' }
    this.opening.open(t, this)
    this.logs.add(log, this.effectOf(log, before, traded, UNKNOWN))
    this.eventT = t
    this.unsaved += 1
    if (hasState) this.saved(t)
  }

  /** Returns the state after a log as text if it is to be stored with this one, else ''. */
  private save({ t }: ChainLog): string {
    const dayBegins = !(floorTo(t, DAY) <= this.savedDay)
    this.unsaved += 1
    if (this.unsaved < STATE_EVERY && !dayBegins) return ''
    this.saved(t)
    const { begun } = this.volume
    const since = Number.isFinite(begun) ? begun : null
    const state: z.input<typeof savedState> = { origin: originOf(this.spec), chain: this.chain?.save(), dayPrice: this.dayPrice, t, since }
    return JSON.stringify(state)
  }

  private saved(t: number): void {
    this.unsaved = 0
    this.savedDay = floorTo(t, DAY)
  }

  /** Takes a stored state over. Throws Error if it is none. */
  private load(place: Place, text: string): void {
    const { chain, dayPrice, t, since } = savedState.parse(JSON.parse(text))
    this.chain?.load(chain ?? {})
    this.volume.begin(since ?? Number.NEGATIVE_INFINITY)
    this.opening.load(dayPrice, t)
    this.eventT = t
    this.saved(t)
    const log = { ...place, t, address: this.spec.address, topics: [], data: '0x' }
    const traded = { swap: undefined, worth: Number.NaN, fees: 0, unread: false }
    this.logs.settle(place, this.effectOf(log, place, traded, UNKNOWN))
  }
}

/** Prices that nobody has asked for. */
const UNKNOWN = [Number.NaN, Number.NaN] as const

const isAfter = (a: Place, b: Place): boolean => a.block > b.block || (a.block === b.block && a.index > b.index)
