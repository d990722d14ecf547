import { isSymbol } from '../lib/names.ts'

// Canonical symbols: `BASE-QUOTE` (`BTC-USD`), perpetuals `BTC-USDT-PERP`. A venue's name of an instrument is mapped by the configuration
// (`venue:SYMBOL`, then `SYMBOL`), else read off the name itself.

/** Quote currencies that end venue symbols written in one word, longest first so that `USDT` wins over `USD`-less readings. */
const QUOTES = [
  ...['FDUSD', 'USDT', 'USDC', 'BUSD', 'TUSD', 'USDP', 'USDE', 'PYUSD', 'RLUSD', 'BIDR', 'EURI', 'DAI'],
  ...['USD', 'EUR', 'GBP', 'JPY', 'CHF', 'CAD', 'AUD', 'BRL', 'TRY', 'KRW', 'PLN', 'MXN', 'ARS', 'ZAR', 'UAH', 'RUB', 'NGN', 'IDR', 'SGD'],
  ...['BTC', 'XBT', 'ETH', 'BNB', 'SOL', 'TRX', 'XRP', 'DOT', 'DOGE', 'PAX', 'UST', 'VAI'],
].sort((a, b) => b.length - a.length)

/** Says whether an asset is one that others are priced in. */
export const isQuoteCurrency = (asset: string): boolean => QUOTES.includes(asset)

/** Other names that some venues (Kraken) give to assets. */
const ALIASES: Record<string, string> = { XBT: 'BTC', XDG: 'DOGE' }

const PERPETUAL = '-PERP'

/** Returns `{base, quote}` of a canonical symbol, of a perpetual those of what it follows; undefined if the name is no symbol. */
export const splitSymbol = (symbol: string): { base: string; quote: string } | undefined => {
  if (!isSymbol(symbol)) return undefined
  const pair =
    symbol.endsWith(PERPETUAL) && symbol.indexOf('-') < symbol.length - PERPETUAL.length ? symbol.slice(0, -PERPETUAL.length) : symbol
  const dash = pair.lastIndexOf('-')
  return dash > 0 ? { base: pair.slice(0, dash), quote: pair.slice(dash + 1) } : undefined
}

/** How venues' names become canonical symbols. */
export interface SymbolMap {
  /** Returns what the configuration says, by `venue:SYMBOL` or `SYMBOL`, whatever kind of instrument it is. */
  named(venue: string, venueSymbol: string): string | undefined
  /** Returns the canonical symbol; undefined if neither the configuration nor the name gives one. */
  canonical(venue: string, venueSymbol: string, perpetual?: boolean): string | undefined
}

/** Makes a map with `overrides` as in the configuration: `{"BTCUSDT":"BTC-USD","bybit-linear:BTCUSDT":"BTC-USD-PERP"}`. A plain symbol does not map perpetuals. */
export const symbolMap = (overrides: Readonly<Record<string, string>>): SymbolMap => {
  const named = new Map(Object.entries(overrides))
  return {
    named: (venue, venueSymbol) => named.get(`${venue}:${venueSymbol}`) ?? named.get(venueSymbol),
    canonical: (venue, venueSymbol, perpetual = false) =>
      named.get(`${venue}:${venueSymbol}`) ?? (perpetual ? undefined : named.get(venueSymbol)) ?? readSymbol(venueSymbol, perpetual),
  }
}

/**
 * Reads `BTCUSDT`, `BTC-USD`, `XBT/USD`, `btc_usdt`, `BTCUSDT-PERP`. Returns undefined if no known quote ends a one-word name, and for
 * a dated future (`BTCUSDT_240927`, `BTC-27SEP24`), which is another thing than its perpetual.
 */
export const readSymbol = (venueSymbol: string, perpetual = false): string | undefined => {
  const name = venueSymbol.toUpperCase()
  const perp = perpetual || name.endsWith(PERPETUAL)
  const pair = name.endsWith(PERPETUAL) ? name.slice(0, -PERPETUAL.length) : name
  const parts = pair.split(/[-/_]/)
  let split: [string, string] | undefined
  if (parts.length === 2 && parts[0] && parts[1]) split = /^\d/.test(parts[1]!) ? undefined : [parts[0]!, parts[1]!]
  else if (parts.length === 1 && !isQuoteCurrency(pair)) {
    const quote = QUOTES.find(q => pair.endsWith(q) && pair.length > q.length)
    if (quote) split = [pair.slice(0, -quote.length), quote]
    else if (perp && pair.endsWith('PERP')) split = [pair.slice(0, -4), 'USDC'] // Bybit's name of a perpetual settled in USDC
  }
  if (!split) return undefined
  const symbol = `${ALIASES[split[0]] ?? split[0]}-${ALIASES[split[1]] ?? split[1]}${perp ? PERPETUAL : ''}`
  return isSymbol(symbol) ? symbol : undefined
}
