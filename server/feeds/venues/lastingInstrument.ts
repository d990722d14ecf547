import { isTime, type Side } from '../../../streams/market/ticks.ts'
import type { TickWriter } from '../../../streams/market/tickWriter.ts'
import { leftOf, type NumberGap, TradeNumbers } from './tradeNumbers.ts'

/** A trade as a venue gives it. */
export interface VenueTrade {
  /** Event time, ms. */
  readonly t: number
  readonly price: number
  readonly size: number
  readonly side: Side
  readonly id: string
  /** Its number, if the venue numbers the trades of an instrument one by one; NaN if not. */
  readonly number: number
}

/** What is known of an instrument over all connections of a line: what it is, and how far its trades have come. */
export class LastingInstrument {
  /** The venue's name of it. */
  readonly name: string
  /** The number of its canonical symbol. */
  readonly symbol: number
  readonly source: number
  /** Quote currency that one contract is worth, if sizes are contracts; 0 if they are base units. */
  private readonly contract: number
  private readonly numbers = new TradeNumbers()
  private readonly onGap: ((instrument: LastingInstrument, gap: NumberGap) => void) | undefined
  private heardT = Number.NaN

  constructor(
    name: string,
    symbol: number,
    source: number,
    contract: number,
    onGap?: (instrument: LastingInstrument, gap: NumberGap) => void,
  ) {
    this.name = name
    this.symbol = symbol
    this.source = source
    this.contract = contract
    this.onGap = onGap
  }

  /** The number of its newest trade; NaN if there is none. */
  get newest(): number {
    return this.numbers.newest
  }

  /** Writes one trade. */
  trade(writer: TickWriter, trade: VenueTrade): void {
    this.take(writer, trade.number, trade.number, trade.t)
    this.write(writer, trade)
  }

  /** Writes one tick that stands for the trades of the numbers `first` to `last`. */
  aggregate(writer: TickWriter, trade: VenueTrade, first: number, last: number): void {
    this.take(writer, first, last, trade.t)
    this.write(writer, trade)
  }

  /** Writes a trade that was missed and fetched; false if its number is not missing. */
  refill(writer: TickWriter, gap: NumberGap, trade: VenueTrade): boolean {
    if (!gap.left.some(([first, last]) => trade.number >= first && trade.number <= last)) return false
    this.trade(writer, trade)
    return true
  }

  /** Takes note of the numbers `first` to `last` of trades at `t` (ms), with what they leave missing or bring after all. */
  take(writer: TickWriter, first: number, last: number, t: number): void {
    const { gap, healed = [] } = this.numbers.take(first, last, t)
    if (gap) {
      this.tell(writer, gap, leftOf(gap), false)
      this.onGap?.(this, gap)
    }
    for (const each of healed) this.tell(writer, each, each.last - each.first + 1, true)
  }

  /** Notes market data at `t` (ms). */
  heard(t: number): void {
    if (!(t <= this.heardT) && isTime(t)) this.heardT = t
  }

  /** Begins a new connection, which brings its first data at `t` (ms). If no number can show what was missed before, that is a gap. */
  resume(writer: TickWriter, t: number): void {
    const from = this.heardT
    if (Number.isNaN(from) || !Number.isNaN(this.numbers.newest)) return
    writer.gap({
      symbol: this.symbol,
      source: this.source,
      from,
      to: Math.max(from, Number.isNaN(t) ? from : t),
      missing: Number.NaN,
      healed: false,
    })
  }

  /** Sizes are contracts. */
  get inContracts(): boolean {
    return this.contract !== 0
  }

  /** Returns a size at a price in base units. Of an inverse contract that is size × contract value ÷ price. */
  baseUnits(size: number, price: number): number {
    return this.contract === 0 ? size : (size * this.contract) / price
  }

  private write(writer: TickWriter, { t, price, size, side, id }: VenueTrade): void {
    this.heard(t)
    writer.trade(this.symbol, this.source, t, price, this.baseUnits(size, price), side, id)
  }

  private tell(writer: TickWriter, { from, to }: NumberGap, missing: number, healed: boolean): void {
    writer.gap({ symbol: this.symbol, source: this.source, from, to, missing, healed })
  }
}
