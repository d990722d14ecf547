/** An asset to allocate to. */
export interface Asset {
  readonly symbol: string
  readonly marketCap: number
  /** Of the market if it is left out. */
  readonly price: number | undefined
}

/** Reads a line an asset: name, market capitalisation, price. Lines that say nothing are left out. */
export const readAssets = (text: string): Asset[] =>
  text.split('\n').flatMap(line => {
    const [symbol = '', cap = '', price = ''] = line.split(/[,;\t]/).map(part => part.trim())
    if (symbol === '') return []
    return { symbol, marketCap: Number(cap || Number.NaN), price: price === '' ? undefined : Number(price) }
  })

/** Returns the `count` largest by market capitalisation. */
export const largest = (assets: readonly Asset[], count: number): readonly Asset[] =>
  Number.isInteger(count) && count > 0 ? [...assets].sort((a, b) => b.marketCap - a.marketCap).slice(0, count) : assets
