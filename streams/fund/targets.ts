import { unreachable } from '../lib/unreachable.ts'
import type { Instrument, Market } from '../market/market.ts'
import { concentrated } from './concentration.ts'
import type { FundSpec } from './spec.ts'
import { capHolds, cappedWeights, largest, type Weights } from './weighting.ts'

/** What a fund may choose from, and the weights that it aims at by the prices of the moment. */
export class Targets {
  private readonly spec: FundSpec
  /** Undefined is cash. */
  private readonly candidates: ReadonlyMap<string, Instrument | undefined>
  /** Asset → circulating supply in units. */
  private supplies: ReadonlyMap<string, number>

  constructor(spec: FundSpec, market: Market) {
    this.spec = spec
    this.supplies = spec.supplies
    this.candidates = new Map(
      candidatesOf(spec).map(asset => [asset, asset === spec.quote ? undefined : market.instrument(`${asset}-${spec.quote}`)]),
    )
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
    if (this.spec.weighting.scheme !== 'market-cap') return false
    const now = new Map([...this.supplies].map(([asset, before]) => [asset, supplies.get(asset) ?? before]))
    if ([...now].every(([asset, supply]) => this.supplies.get(asset) === supply)) return false
    this.supplies = now
    return true
  }

  /** Returns the target weights by the prices of this moment; undefined if they do not suffice. */
  weigh(): Weights | undefined {
    const { weighting } = this.spec
    const priced = [...this.candidates.keys()].filter(asset => !Number.isNaN(this.priceOf(asset)))
    switch (weighting.scheme) {
      case 'market-cap': {
        const members = largest(
          priced.map(asset => [asset, this.priceOf(asset) * (this.supplies.get(asset) ?? 0)] as const),
          weighting.count,
        )
        return weighting.rules ? concentrated(members, weighting.cap, weighting.rules) : cappedWeights(members, weighting.cap)
      }
      case 'equal': {
        const alike = priced.map(asset => [asset, 1] as const)
        return capHolds(weighting.cap, alike.length) ? cappedWeights(alike, weighting.cap) : undefined
      }
      case 'fixed':
        if (priced.length < this.candidates.size) return undefined
        // They sum to one as they are written; none is computed if none has to be cut.
        return Math.max(...weighting.weights.values()) > weighting.cap ? cappedWeights(weighting.weights, weighting.cap) : weighting.weights
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

  /** Returns the candidates that may be chosen now and have no price. */
  missing(): string[] {
    return this.eligible().filter(asset => Number.isNaN(this.priceOf(asset)))
  }

  /** Says whether any candidate that may be chosen now has a price from the market. Cash has its price before any market does. */
  get anyQuoted(): boolean {
    return this.eligible().some(asset => this.candidates.get(asset) !== undefined && !Number.isNaN(this.priceOf(asset)))
  }

  /** The candidates that may be chosen now: those with a supply, if weights go by it. */
  private eligible(): string[] {
    const candidates = [...this.candidates.keys()]
    if (this.spec.weighting.scheme !== 'market-cap') return candidates
    return candidates.filter(asset => this.supplies.get(asset)! > 0)
  }
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
