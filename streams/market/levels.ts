/** One figure for each side of a book or a pool. */
export interface Depth {
  /** Below the price: of the quote token (token0), for which the price falls. */
  readonly bid: number
  /** Above the price: of the base token (token1), for which the price rises. */
  readonly ask: number
}

/** A level: its price in the quote token a base token, and the base tokens wanted or offered at it. */
export type Level = readonly [price: number, base: number]

/** The levels of an order book, in any order. */
export interface Levels {
  readonly bids: readonly Level[]
  readonly asks: readonly Level[]
  /** How far from the middle, as a share of it, all levels of a side are known; everywhere if it is left out. */
  readonly reach?: Depth
}

/** How the order book of a symbol stands at a source. Only books that a pool shows are sent. */
export interface BookLevels {
  readonly kind: 'levels'
  readonly feed: number
  /** The connection of the feed that it came by; 0 if it is left out. */
  readonly line?: number
  /** Indexes into the pipeline's interners. */
  readonly symbol: number
  readonly source: number
  /** Event time of its newest change, ms. */
  readonly t: number
  /** Undefined: unknown until a whole book comes. */
  readonly levels: Levels | undefined
}

/** How far from its middle, as a share of it, a followed book is known, unless its venue sends less. */
export const SHOWN_REACH = 0.1

/** A level at the very edge counts, whatever the rounding of the edge: the edge is moved outward by this factor. */
export const EDGE_TOLERANCE = 1 + 1e-12

/** Returns the best ask; NaN if that side is empty. */
export const lowestAsk = ({ asks }: Levels): number => asks.reduce((low, level) => Math.min(low, level[0]), asks[0]?.[0] ?? Number.NaN)
/** Returns the best bid; NaN if that side is empty. */
export const highestBid = ({ bids }: Levels): number => bids.reduce((high, level) => Math.max(high, level[0]), bids[0]?.[0] ?? Number.NaN)

/** Returns the same book seen from the other token: a bid for the one is an ask for the other. */
export const inverted = ({ bids, asks }: Levels): Levels => {
  const turned = (levels: readonly Level[]): Level[] => levels.map(([price, base]) => [1 / price, price * base])
  return { bids: turned(asks), asks: turned(bids) }
}

// Books of thousands of levels are added up several times a frame: nothing is allocated on the way.

/** Sums the base tokens of the levels priced at `most` or below. */
export const baseOf = (levels: readonly Level[], most = Number.POSITIVE_INFINITY): number =>
  levels.reduce((sum, level) => (level[0] <= most ? sum + level[1] : sum), 0)

/** Sums the quote tokens of the levels priced at `least` or above. */
export const quoteOf = (levels: readonly Level[], least = 0): number =>
  levels.reduce((sum, level) => (level[0] >= least ? sum + level[0] * level[1] : sum), 0)

/**
 * Sums the base tokens offered up to `fraction` above the middle of the best bid and ask, and the quote tokens bid down to `fraction`
 * below it; the edges count. NaN for a side whose levels are not all known that far.
 */
export const depthOf = (levels: Levels, fraction: number): Depth => {
  const mid = (lowestAsk(levels) + highestBid(levels)) / 2
  const reaches = (side: keyof Depth): boolean => !Number.isNaN(mid) && (levels.reach === undefined || fraction <= levels.reach[side])
  return {
    bid: reaches('bid') ? quoteOf(levels.bids, (mid * (1 - fraction)) / EDGE_TOLERANCE) : Number.NaN,
    ask: reaches('ask') ? baseOf(levels.asks, mid * (1 + fraction) * EDGE_TOLERANCE) : Number.NaN,
  }
}
