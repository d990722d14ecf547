/**
 * The newest trade and quote of every symbol, by its number: columns, because funds read thousands of prices in a frame, and those of
 * separate objects lie far apart. NaN is unknown. Columns are replaced as they grow: read them from here again in each frame.
 */
export class Quotes {
  price = unknown(64)
  /** Event time of the newest trade. */
  t = unknown(64)
  bid = unknown(64)
  ask = unknown(64)
  /** Event time of the newest quote. */
  quoteT = unknown(64)
  /** 1 if every feed that the symbol comes from is silent. */
  stale = new Uint8Array(64)

  /** Makes room for the symbol of this number. */
  reserve(index: number): void {
    const before = this.price.length
    if (index < before) return
    const size = Math.max(index + 1, before * 2)
    for (const name of ['price', 't', 'bid', 'ask', 'quoteT'] as const) {
      const column = unknown(size)
      column.set(this[name])
      this[name] = column
    }
    const stale = new Uint8Array(size)
    stale.set(this.stale)
    this.stale = stale
  }
}

const unknown = (size: number): Float64Array => new Float64Array(size).fill(Number.NaN)
