import { ln } from '../elementary.ts'
import { identities } from './identity.ts'
import type { AssetFacts, Snapshot } from './snapshot.ts'

/** ln 20 and ln 4: of a price that changed by more while the market cap changed by less, the unit changed. */
const PRICE_JUMP = ln(20)
const CAP_JUMP = ln(4)

/** All snapshots, by asset: what each feature is computed from. */
export class SnapshotRecord {
  readonly snapshots: readonly Snapshot[]
  /** The assets of each snapshot, by id, in its order. */
  readonly listed: readonly (readonly number[])[]
  /** Names by id, the newest. */
  readonly names: readonly string[]
  private readonly facts: readonly (readonly (AssetFacts | undefined)[])[]

  /** Takes snapshots in the order of time. */
  constructor(snapshots: readonly Snapshot[]) {
    this.snapshots = snapshots
    this.listed = identities(snapshots)
    const count = this.listed.reduce((most, ids) => ids.reduce((most, id) => Math.max(most, id + 1), most), 0)
    const facts: (AssetFacts | undefined)[][] = Array.from({ length: count }, () => [])
    const names: string[] = []
    this.listed.forEach((ids, k) => {
      ids.forEach((id, i) => {
        const asset = snapshots[k]!.assets[i]!
        facts[id]![k] = asset
        names[id] = asset.name
      })
    })
    this.facts = facts
    this.names = names
  }

  /** Returns the facts of an asset in snapshot `k`, or `undefined` if it was not listed. */
  at(asset: number, k: number): AssetFacts | undefined {
    return this.facts[asset]![k]
  }

  /**
   * Returns the logarithmic return from snapshot `from` to snapshot `to`; NaN if not known. A price that jumps while the market cap does not was
   * redenominated: then the market cap's return counts.
   */
  logReturn(asset: number, from: number, to: number): number {
    const [before, after] = [this.at(asset, from), this.at(asset, to)]
    if (before === undefined || after === undefined) return Number.NaN
    const ofPrice = logRatio(after.price, before.price)
    const ofCap = logRatio(after.marketCap, before.marketCap)
    return Math.abs(ofPrice) > PRICE_JUMP && Math.abs(ofCap) < CAP_JUMP ? ofCap : ofPrice
  }

  /** Returns the record as it could be known at snapshot `now`. */
  asOf(now: number): Past {
    return new Past(this, now)
  }
}

/** Returns ln(a / b); NaN unless both are above zero. */
export const logRatio = (a: number, b: number): number => (a > 0 && b > 0 ? ln(a / b) : Number.NaN)

/** A record up to one snapshot. Whatever asks for a later one is refused: it would look into the future. */
export class Past {
  readonly now: number
  private readonly record: SnapshotRecord
  private readonly markets = new Map<number, number>()

  constructor(record: SnapshotRecord, now: number) {
    this.record = record
    this.now = now
  }

  /** Returns the facts `ago` snapshots before now, or `undefined`. */
  facts(asset: number, ago = 0): AssetFacts | undefined {
    return this.record.at(asset, this.placeOf(ago))
  }

  /** Returns the logarithmic return over `length` snapshots that ended `ago` snapshots before now; NaN if not known. */
  logReturn(asset: number, length: number, ago = 0): number {
    const to = this.placeOf(ago)
    return this.record.logReturn(asset, to - length, to)
  }

  /** Returns the last `count` returns from snapshot to snapshot, newest first; NaN where not known. */
  returns(asset: number, count: number): Float64Array {
    return Float64Array.from({ length: count }, (_, ago) => this.logReturn(asset, 1, ago))
  }

  /** Returns the mean return of all that was listed then and before, over the snapshot that ended `ago` before now. */
  marketReturn(ago: number): number {
    const to = this.placeOf(ago)
    let market = this.markets.get(to)
    if (market === undefined) {
      let [sum, known] = [0, 0]
      for (const asset of this.record.listed[to] ?? []) {
        const own = this.record.logReturn(asset, to - 1, to)
        if (Number.isNaN(own)) continue
        sum += own
        known += 1
      }
      market = known === 0 ? Number.NaN : sum / known
      this.markets.set(to, market)
    }
    return market
  }

  /** Returns how many snapshots had the asset, up to now. */
  monthsListed(asset: number): number {
    let count = 0
    for (let k = 0; k <= this.now; k++) if (this.record.at(asset, k) !== undefined) count += 1
    return count
  }

  private placeOf(ago: number): number {
    if (!(ago >= 0)) throw new RangeError(`a feature at snapshot ${this.now}: found ${-ago} snapshots ahead, expected the past`)
    return this.now - ago
  }
}
