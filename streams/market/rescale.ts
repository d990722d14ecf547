import { type AssetEvent, factorOf } from './assetEvent.ts'
import { splitSymbol } from './symbols.ts'

/** From the event on, prices of a symbol are those of before × `price`, sizes those of before × `size`. */
export interface Rescale {
  readonly event: AssetEvent
  readonly price: number
  readonly size: number
}

const NONE: readonly Rescale[] = []

/** Returns what events of assets, in order of time, change in the numbers of a symbol. A new name is another symbol. */
export const rescalesOf = (symbol: string, events: readonly AssetEvent[]): Rescale[] => {
  const { base, quote } = splitSymbol(symbol) ?? {}
  return events.flatMap((event): Rescale[] => {
    const { asset, to, ratio } = event
    if (to !== asset || ratio.before === ratio.after) return []
    const factor = factorOf(ratio)
    if (asset === base) return [{ event, price: 1 / factor, size: factor }]
    return asset === quote ? [{ event, price: factor, size: 1 }] : []
  })
}

/** Returns the rescales that lie within a time, after `from` and before `to`, ms: what was traded in it is on several scales. */
export const dividing = (rescales: readonly Rescale[], from: number, to: number): readonly Rescale[] =>
  rescales.length === 0 ? NONE : rescales.filter(({ event }) => event.t > from && event.t < to)

/** Returns what several rescales come to. */
export const factorOfAll = (rescales: readonly Rescale[]): { readonly price: number; readonly size: number } => {
  let [price, size] = [1, 1]
  for (const rescale of rescales) {
    price *= rescale.price
    size *= rescale.size
  }
  return { price, size }
}

/** On which scale the numbers of a symbol are: which events of its assets have come, and which is next. */
export class Scale {
  /** ms: when the next event comes; Infinity if none does. */
  nextAt = Number.POSITIVE_INFINITY
  private readonly symbol: string
  private rescales = NONE
  private passed = 0
  private t = Number.NEGATIVE_INFINITY

  constructor(symbol: string) {
    this.symbol = symbol
  }

  /** Takes in all events that are known, in order of time. Returns the rescales of those that are new and should have come already. */
  follow(events: readonly AssetEvent[]): readonly Rescale[] {
    const before = new Set(this.rescales.map(({ event }) => event))
    this.rescales = rescalesOf(this.symbol, events)
    const come = this.rescales.filter(({ event }) => event.t <= this.t)
    this.passTo(come.length)
    return come.filter(({ event }) => !before.has(event))
  }

  /** Lets time come to `t` (ms). Returns the rescales that come by that. */
  advance(t: number): readonly Rescale[] {
    if (t > this.t) this.t = t
    if (t < this.nextAt) return NONE
    const from = this.passed
    let to = from
    while (to < this.rescales.length && this.rescales[to]!.event.t <= t) to += 1
    this.passTo(to)
    return this.rescales.slice(from, to)
  }

  /** ms: the newest event that has come; -Infinity if none has. */
  get lastAt(): number {
    return this.passed === 0 ? Number.NEGATIVE_INFINITY : this.rescales[this.passed - 1]!.event.t
  }

  /** Returns the rescales that have come and lie after `from` and before `to`, ms. */
  within(from: number, to: number): readonly Rescale[] {
    return this.since(from).filter(({ event }) => event.t < to)
  }

  /** Returns the rescales that have come since `t` (ms): those that numbers of then need. */
  since(t: number): readonly Rescale[] {
    if (t >= this.lastAt) return NONE
    return this.rescales.slice(0, this.passed).filter(({ event }) => event.t > t)
  }

  private passTo(place: number): void {
    this.passed = place
    this.nextAt = this.rescales[place]?.event.t ?? Number.POSITIVE_INFINITY
  }
}
