/** What a list of the largest assets said of one of them at a time. NaN is what is not known; never zero. */
export interface AssetFacts {
  readonly name: string
  readonly symbol: string
  readonly rank: number
  readonly marketCap: number
  readonly price: number
  readonly supply: number
  /** What was traded in a day. */
  readonly volume: number
  /** Change of the price in 1 and 7 days, in percent. */
  readonly change1d: number
  readonly change7d: number
}

/** Such a list: all that could be known of its universe at `t`, in ms. */
export interface Snapshot {
  readonly t: number
  readonly assets: readonly AssetFacts[]
}
