import { unreachable } from '../lib/unreachable.ts'
import { type AssetEvent, factorOf } from '../market/assetEvent.ts'
import { type Converted, followed } from '../market/conversionPath.ts'
import type { Instrument, Market } from '../market/market.ts'
import { concentrated } from './concentration.ts'
import type { FundSpec } from './spec.ts'
import { capHolds, cappedWeights, largest, type Weights } from './weighting.ts'

const NONE: ReadonlySet<string> = new Set()
const NOTHING: Weights = new Map()

/** What a fund may choose from, and the weights that it aims at by the prices of the moment. */
export class Targets {
  private readonly spec: FundSpec
  private readonly market: Market
  /** Undefined is cash. */
  private candidates!: ReadonlyMap<string, Instrument | undefined>
  /** Asset → target weight of the scheme `fixed`. */
  private weights!: ReadonlyMap<string, number>
  /** Asset → circulating supply in units, as the definition has it. */
  private defined!: ReadonlyMap<string, number>
  /** Asset → circulating supply in units, of those that came at run time. */
  private dated: ReadonlyMap<string, number> = new Map()
  /** Says which assets have no market at `t` (ms). */
  private readonly isDead: (asset: string, instrument: Instrument, t: number) => boolean

  constructor(spec: FundSpec, market: Market, isDead: (asset: string, instrument: Instrument, t: number) => boolean) {
    this.spec = spec
    this.market = market
    this.isDead = isDead
    this.follow([], NONE)
  }

  /**
   * Takes in what has happened to assets since the definition was written, in order of time. Those in `delisted` are candidates no more: the
   * others share their weight.
   */
  follow(events: readonly AssetEvent[], delisted: ReadonlySet<string>): void {
    const { spec, market } = this
    const now = (asset: string): Converted => followed(asset, events)
    const names = new Set(candidatesOf(spec).map(asset => now(asset).asset))
    this.candidates = new Map(
      [...names]
        .filter(asset => !delisted.has(asset))
        .map(asset => [asset, asset === spec.quote ? undefined : market.instrument(`${asset}-${spec.quote}`)]),
    )
    const weights = summed(spec.weighting.scheme === 'fixed' ? spec.weighting.weights : [], asset => ({
      asset: now(asset).asset,
      factor: 1,
    }))
    const left = [...weights].filter(([asset]) => !delisted.has(asset))
    this.weights = left.length < weights.size ? (cappedWeights(left) ?? NOTHING) : weights
    this.defined = summed(spec.supplies, asset => ({ asset: now(asset).asset, factor: factorOf(now(asset).ratio) }))
  }

  /** The instruments that price the candidates. */
  *instruments(): Iterable<Instrument> {
    for (const instrument of this.candidates.values()) if (instrument) yield instrument
  }

  /** The instrument of a candidate; undefined for cash and for any other asset. */
  instrument(asset: string): Instrument | undefined {
    return this.candidates.get(asset)
  }

  /** Takes supplies as they are from now on; a candidate that is not named keeps its own. Returns whether that changes anything. */
  supply(supplies: ReadonlyMap<string, number>): boolean {
    const before = this.dated
    this.dated = new Map([...before, ...supplies])
    if (this.spec.weighting.scheme !== 'market-cap') return false
    return [...this.candidates.keys()].some(asset => this.supplyOf(asset) !== (before.get(asset) ?? this.defined.get(asset) ?? 0))
  }

  /** Returns the circulating supply of a candidate in units, 0 if unknown. */
  supplyOf(asset: string): number {
    return this.dated.get(asset) ?? this.defined.get(asset) ?? 0
  }

  /**
   * Returns the target weights by the prices of this moment, `t` (ms); undefined if they do not suffice. An asset without a market is not
   * chosen.
   */
  weigh(t: number): Weights | undefined {
    const { weighting } = this.spec
    const priced = [...this.candidates.keys()].filter(asset => this.isPriced(asset, t))
    switch (weighting.scheme) {
      case 'market-cap': {
        const members = largest(
          priced.map(asset => [asset, this.priceOf(asset) * this.supplyOf(asset)] as const),
          weighting.count,
        )
        return weighting.rules ? concentrated(members, weighting.cap, weighting.rules) : cappedWeights(members, weighting.cap)
      }
      case 'equal': {
        const alike = priced.map(asset => [asset, 1] as const)
        return capHolds(weighting.cap, alike.length) ? cappedWeights(alike, weighting.cap) : undefined
      }
      case 'fixed':
        if (priced.length < this.candidates.size || this.weights.size === 0) return undefined
        // They sum to one as they are written; none is computed if none has to be cut.
        return Math.max(...this.weights.values()) > weighting.cap ? cappedWeights(this.weights, weighting.cap) : this.weights
      case 'units':
        return undefined
      default:
        return unreachable(weighting)
    }
  }

  /** Returns the price of a candidate in the quote currency; NaN if unknown. */
  priceOf(asset: string): number {
    if (asset === this.spec.quote) return 1
    return this.candidates.get(asset)?.price ?? Number.NaN
  }

  /** Returns the candidates that may be chosen now and have no price at `t` (ms). */
  missing(t: number): string[] {
    return this.eligible().filter(asset => !this.isPriced(asset, t))
  }

  /** Says whether any candidate that may be chosen now has a price from the market. Cash has its price before any market does. */
  get anyQuoted(): boolean {
    return this.eligible().some(asset => this.candidates.get(asset) !== undefined && !Number.isNaN(this.priceOf(asset)))
  }

  /** The candidates that may be chosen now: those with a supply, if weights go by it. */
  private eligible(): string[] {
    const candidates = [...this.candidates.keys()]
    if (this.spec.weighting.scheme !== 'market-cap') return candidates
    return candidates.filter(asset => this.supplyOf(asset) > 0)
  }

  private isPriced(asset: string, t: number): boolean {
    const instrument = this.candidates.get(asset)
    if (instrument === undefined) return asset === this.spec.quote
    return !Number.isNaN(instrument.price) && !this.isDead(asset, instrument, t)
  }
}

/** Returns measures under the names that assets have now, those of one name added up. */
const summed = (
  measures: Iterable<readonly [string, number]>,
  now: (asset: string) => { readonly asset: string; readonly factor: number },
): ReadonlyMap<string, number> => {
  const sums = new Map<string, number>()
  for (const [name, measure] of measures) {
    const { asset, factor } = now(name)
    sums.set(asset, (sums.get(asset) ?? 0) + measure * factor)
  }
  return sums
}

const candidatesOf = ({ weighting, supplies }: FundSpec): string[] => {
  switch (weighting.scheme) {
    case 'market-cap':
      return [...supplies].filter(([, supply]) => supply > 0).map(([asset]) => asset)
    case 'equal':
      return [...weighting.assets]
    case 'fixed':
      return [...weighting.weights.keys()]
    case 'units':
      return [...weighting.units.keys()]
  }
}
