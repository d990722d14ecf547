/** The market as the store knows it, for a start: what an instrument was at the moment that the past ends with. */
export interface MarketPast {
  readonly instruments: readonly InstrumentPast[]
}

/** One symbol of the past. */
export interface InstrumentPast {
  readonly symbol: string
  /** The newest trades and candles in the order they came, oldest first: the tape, the price, and which ids are known. */
  readonly newest: readonly PastTrade[]
}

/** A stored trade, or the close of a stored candle. */
export interface PastTrade {
  readonly t: number
  readonly price: number
  readonly size: number
  /** A number of SIDES. */
  readonly side: number
  /** The name of its source. */
  readonly src: string
  readonly id: string
}
