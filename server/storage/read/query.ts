import type { Aggregate } from '../../../streams/wire/requests.ts'

/** A question about the past of one channel. */
export interface HistoryQuery {
  readonly channel: string
  /** `from ≤ t < to`, ms; of candles, `open_t`. */
  readonly from: number
  readonly to: number
  /**
   * ms. Of ticks and measures only the last row of each step; of portfolios the rows by hours, if it is whole hours; candles are
   * put together to candles of this length.
   */
  readonly step?: number | undefined
  /** What a step becomes, if not its last row: its first, or of each number the average, the least or the greatest. */
  readonly agg?: Aggregate | undefined
  /** Only these members, by their paths: `nav`, `inav.mid`, `weights.BTC`; whole rows if left out. */
  readonly fields?: readonly string[] | undefined
  /** Rows of one page. */
  readonly limit?: number
  /** `next` of the page before. */
  readonly cursor?: string | undefined
  /** A frame, ms: of ticks only those accepted by it. */
  readonly asOf?: number
}

/** A query that has been checked: times within what a column holds, and a limit. */
export interface PageQuery extends HistoryQuery {
  /** The channel's name without its kind. */
  readonly id: string
  readonly limit: number
}
