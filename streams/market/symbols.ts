import { isSymbol } from '../lib/names.ts'
import { KNOWN_ASSETS } from './assets.ts'

// Canonical symbols: `BASE-QUOTE` (`BTC-USD`), perpetuals `BTC-USDT-PERP`. A venue's name of an instrument is mapped by the configuration
// (`venue:SYMBOL`, then `SYMBOL`), else read off the name itself.

/** Quote currencies that end venue symbols written in one word. */
const QUOTES = [
  ...[
    'FDUSD',
    'USDT',
    'USDC',
    'BUSD',
    'TUSD',
    'USDP',
    'USDE',
    'PYUSD',
    'RLUSD',
    'USD1',
    'BIDR',
    'BKRW',
    'IDRT',
    'EURI',
    'EURC',
    'EURT',
    'DAI',
  ],
  ...['USD', 'EUR', 'GBP', 'JPY', 'CHF', 'CAD', 'AUD', 'BRL', 'TRY', 'KRW', 'PLN', 'MXN', 'ARS', 'ZAR', 'UAH', 'RUB', 'NGN', 'IDR', 'SGD'],
  ...['BTC', 'XBT', 'ETH', 'BNB', 'SOL', 'TRX', 'XRP', 'DOT', 'DOGE', 'PAX', 'UST', 'VAI'],
]

/** Quote currencies of few markets: they are possible, and so may leave a name undecided, but never win over another. */
const RARE_QUOTES = ['GUSD', 'HUSD', 'USDD', 'LUSD', 'SUSD', 'CUSD', 'MUSD', 'AUSD', 'AEUR']

/** Says whether an asset is one that others are priced in. */
export const isQuoteCurrency = (asset: string): boolean => QUOTES.includes(asset)

/** Other names that Kraken gives to assets: those of its old ones begin with X, those of currencies with Z. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['XBT', 'BTC'],
  ['XXBT', 'BTC'],
  ['XDG', 'DOGE'],
  ['XXDG', 'DOGE'],
  ...['ETH', 'ETC', 'LTC', 'MLN', 'REP', 'XLM', 'XMR', 'XRP', 'ZEC', 'ICN', 'NMC', 'XVN'].map(asset => [`X${asset}`, asset] as const),
  ...['USD', 'EUR', 'GBP', 'JPY', 'CAD', 'AUD', 'KRW', 'CHF'].map(currency => [`Z${currency}`, currency] as const),
])

const PERPETUAL = '-PERP'

/** Returns `{base, quote}` of a canonical symbol, of a perpetual those of what it follows; undefined if the name is no symbol. */
export const splitSymbol = (symbol: string): { base: string; quote: string } | undefined => {
  if (!isSymbol(symbol)) return undefined
  const pair =
    symbol.endsWith(PERPETUAL) && symbol.indexOf('-') < symbol.length - PERPETUAL.length ? symbol.slice(0, -PERPETUAL.length) : symbol
  const dash = pair.lastIndexOf('-')
  return dash > 0 ? { base: pair.slice(0, dash), quote: pair.slice(dash + 1) } : undefined
}

/** Whether names are those of perpetuals; `inverse`: of those whose sizes are contracts of a fixed number of dollars, margined in the coin itself. */
export type Perpetual = boolean | 'inverse'

/** How venues' names become canonical symbols. */
export interface SymbolMap {
  /** Returns what the configuration says, by `venue:SYMBOL` or `SYMBOL`, whatever kind of instrument it is. */
  named(venue: string, venueSymbol: string): string | undefined
  /** Returns the canonical symbol; undefined if neither the configuration nor the name gives one. */
  canonical(venue: string, venueSymbol: string, perpetual?: Perpetual): string | undefined
}

/**
 * Makes a map with `overrides` as in the configuration: `{"BTCUSDT":"BTC-USD","bybit-linear:BTCUSDT":"BTC-USD-PERP"}`. A plain symbol does not
 * map perpetuals. `assets` are known beside those of `KNOWN_ASSETS`. With a `quote`, the name of a known asset alone is its price in that.
 */
export const symbolMap = (overrides: Readonly<Record<string, string>>, assets: Iterable<string> = [], quote?: string): SymbolMap => {
  const given = new Map(Object.entries(overrides))
  const own = new Set([...assets].map(asset => asset.toUpperCase()))
  const isKnown = (asset: string): boolean => KNOWN_ASSETS.has(asset) || own.has(asset)
  const find = (name: string): string | undefined => given.get(name) ?? given.get(name.toUpperCase())
  const ofVenue = (venue: string, symbol: string) => given.get(`${venue}:${symbol}`) ?? given.get(`${venue}:${symbol.toUpperCase()}`)
  const alone = (name: string): string | undefined =>
    quote !== undefined && isKnown(name.toUpperCase()) ? `${assetName(name)}-${quote}` : undefined
  return {
    named: (venue, symbol) => ofVenue(venue, symbol) ?? find(symbol),
    canonical: (venue, symbol, perpetual = false) =>
      ofVenue(venue, symbol) ?? (perpetual ? undefined : find(symbol)) ?? readSymbol(symbol, perpetual, isKnown) ?? alone(symbol),
  }
}

/** Ends of names that are contracts: of these neither the size of one nor when it ends is known. */
const CONTRACT = /^(PERP|PERPETUAL|SWAP|FUTURES?|MOVE|QUARTER|(JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)\d{2,4}|\d.*)$/
/** Beginnings of the names of Kraken's futures: `PI_XBTUSD`. */
const FUTURE = /^(PI|PF|FI|FF|PV)$/

/**
 * Reads `BTCUSDT`, `BTC-USD`, `XBT/USD`, `btc_usdt`, `XXBTZUSD`, `BTCUSDT-PERP`. An asset written in both cases keeps them (`stETH-USD`).
 * Returns undefined if a name in one word has no known quote, or several and no known asset before one of them, and for dated futures and
 * contracts (`BTCUSDT_240927`, `BTC-27SEP24`, `BTCUSD_PERP`, `PI_XBTUSD`), which are other things than a perpetual.
 */
export const readSymbol = (
  venueSymbol: string,
  perpetual: Perpetual = false,
  isKnown: (asset: string) => boolean = asset => KNOWN_ASSETS.has(asset),
): string | undefined => {
  const marked = venueSymbol.toUpperCase().endsWith(PERPETUAL)
  const perp = perpetual !== false || marked
  const name = marked ? venueSymbol.slice(0, -PERPETUAL.length) : venueSymbol
  const pair = perpetual === 'inverse' ? name.replace(/_PERP$/i, '') : name
  const parts = pair.split(/[-/_]/)
  const split = parts.length === 2 ? twoWords(parts[0]!, parts[1]!, isKnown) : parts.length === 1 ? oneWord(pair, perp, isKnown) : undefined
  if (split === undefined) return undefined
  // Perpetuals named so are inverse: their sizes are contracts, and only a market of such knows how large they are.
  if (perp && parts.length === 1 && (split[1] === 'USD') !== (perpetual === 'inverse')) return undefined
  const symbol = `${assetName(split[0])}-${assetName(split[1])}${perp ? PERPETUAL : ''}`
  return isSymbol(symbol) ? symbol : undefined
}

/** Returns an asset as it is known everywhere: without Kraken's X and Z, and in capitals unless it is written in both cases (`stETH`). */
export const assetName = (name: string): string => {
  const capitals = name.toUpperCase()
  const known = ALIASES.get(capitals)
  return known ?? (name === name.toLowerCase() || isQuoteCurrency(capitals) ? capitals : name)
}

type Split = readonly [base: string, quote: string]
type IsKnown = (asset: string) => boolean

const twoWords = (base: string, quote: string, isKnown: IsKnown): Split | undefined => {
  if (base === '' || quote === '' || CONTRACT.test(quote.toUpperCase())) return undefined
  return FUTURE.test(base.toUpperCase()) && oneWord(quote, false, isKnown) !== undefined ? undefined : [base, quote]
}

/** The longest known asset decides, if the name can be split in several ways. */
const oneWord = (name: string, perpetual: boolean, isKnown: IsKnown): Split | undefined => {
  const capitals = name.toUpperCase()
  // The name of an asset is no pair: GUSD.
  if (isQuoteCurrency(capitals) || isKnown(capitals)) return undefined
  const splitsBy = (quotes: Iterable<string>): Split[] =>
    [...quotes].flatMap(quote =>
      capitals.length > quote.length && capitals.endsWith(quote) ? [[name.slice(0, -quote.length), quote]] : [],
    )
  const known = ([base]: Split): boolean => isKnown(base.toUpperCase()) || ALIASES.has(base.toUpperCase())
  const usual = splitsBy(QUOTES)
  const kraken = splitsBy(ALIASES.keys()).filter(known)
  const possible = [...usual, ...kraken, ...splitsBy(RARE_QUOTES).filter(known)].sort(([a], [b]) => b.length - a.length)
  if (possible.length === 0) return perpetual && capitals.endsWith('PERP') ? [name.slice(0, -'PERP'.length), 'USDC'] : undefined // as Bybit names those settled in USDC
  const longest = possible[0]!
  if (possible.length === 1) return RARE_QUOTES.includes(longest[1]) ? undefined : longest
  const decided = possible.find(known)
  if (decided === undefined || RARE_QUOTES.includes(decided[1])) return undefined
  return decided === longest || decided[0].length >= DECIDES ? decided : undefined
}

/** Letters of a known asset that decide against a longer one that is not known: so few letters as those of `AR` begin many names. */
const DECIDES = 3
