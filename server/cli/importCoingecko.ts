import { join } from 'node:path'
import { formatDecimal, fromNumber, parseDecimal } from '../../streams/lib/decimal.ts'
import { isSymbol, NAME } from '../../streams/lib/names.ts'
import { type SymbolMap, splitSymbol, symbolMap } from '../../streams/market/symbols.ts'
import { COINS_MAX, type Coin, CoinGecko, CoinGeckoError } from '../coingecko/coingecko.ts'
import { resolutionOf } from '../coingecko/hourly.ts'
import { type Plan, planOf } from '../coingecko/plan.ts'
import { readCount, readOptions, UsageError } from '../config/options.ts'
import { readSettings } from '../config/settings.ts'
import { systemEnvironment } from '../feeds/environment.ts'
import { packageRoot } from '../lib/packageRoot.ts'
import { type ImportedCoin, importCoin } from './importCoingeckoCoin.ts'
import { Progress } from './importCoingeckoProgress.ts'
import { openTarget, type Target, type TargetOptions } from './importCoingeckoTarget.ts'
import { sendSupplies } from './importSupplies.ts'
import { type RunningServer, ServerError, type ServerOptions } from './server.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Refused hours of a coin beyond this number are counted, not shown. */
const REFUSALS_SHOWN = 20

interface CoingeckoOptions extends ServerOptions {
  readonly top?: string
  readonly days?: string
  readonly vs?: string
  readonly key?: string
  readonly data?: string
  readonly config?: string
  readonly supplies?: boolean
}

const DAYS_MAX = 3_650

/** An import as the options ask for it. */
interface Order {
  readonly count: number
  readonly vs: string
  readonly days: number
  readonly supplies: boolean
  readonly plan: Plan
  readonly baseUrl: string | undefined
  readonly target: TargetOptions
  readonly symbols: Readonly<Record<string, string>>
}

/**
 * Runs `import coingecko …`: imports hourly prices of the largest coins. It neither asks for nor overwrites what the target has, so the same
 * command continues after any end. Returns the exit code. Throws UsageError.
 */
export const importCoingecko = async (options: CoingeckoOptions, environment: Environment): Promise<number> => {
  const order = orderOf(options, environment)
  const stop = new AbortController()
  const stopped = (): void => stop.abort(new Error('stopped'))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stopped)
  const progress = new Progress(process.stdout, order.count)
  let target: Target | undefined
  try {
    target = await openTarget(order.target)
    return await importCoins(order, target, progress, stop.signal)
  } catch (error) {
    progress.end()
    if (stop.signal.aborted) console.error('driftwire: stopped; the same command continues from here')
    else if (error instanceof ServerError || error instanceof CoinGeckoError) console.error(`driftwire: ${error.message}`)
    else throw error
    return 1
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stopped)
    await target?.close()
  }
}

const orderOf = (options: CoingeckoOptions, environment: Environment): Order => {
  const { top = '10', days: daysText = '7', vs: vsText = 'usd', key, url, token, supplies = false } = options
  const { data, config } = options
  const count = readCount('top', top, 1, COINS_MAX)
  const days = readCount('days', daysText, 1, DAYS_MAX)
  const vs = vsText.toLowerCase()
  if (!/^[a-z]{2,10}$/.test(vs)) throw new UsageError(`--vs: found "${vsText}", expected a currency such as usd`)
  const settings = readSettings(
    readOptions({ ...(data !== undefined && { data }), ...(config !== undefined && { config }) }, environment),
    environment,
    join(packageRoot(), 'server', 'demo', 'config.json'),
  )
  return {
    count,
    days,
    vs,
    supplies,
    plan: planOf(key, environment),
    baseUrl: baseOf(environment.COINGECKO_BASE_URL),
    symbols: settings.config.symbols,
    target: {
      url: data === undefined ? url : undefined,
      token: token ?? settings.adminToken,
      port: environment.DRIFTWIRE_PORT,
      dataDir: settings.dataDir,
      directory: data !== undefined,
    },
  }
}

const importCoins = async (order: Order, target: Target, progress: Progress, signal: AbortSignal): Promise<number> => {
  const { count, vs, days, plan, baseUrl } = order
  const { server } = target
  if (order.supplies && server === undefined) throw new ServerError('--supplies: found no server, expected a running one')
  const gecko = new CoinGecko({
    plan,
    baseUrl,
    environment: systemEnvironment,
    signal,
    onWait(ms, why) {
      progress.end()
      console.error(`${why}; again in ${Math.ceil(ms / 1000)} s`)
    },
  })
  console.log(`CoinGecko, ${plan.name}: the ${count} largest coins in ${vs}, ${days} days, ${resolutionOf(days).every}`)
  const coins = await gecko.largest(count, vs)
  progress.total = coins.length
  const symbols = symbolsOf(coins, symbolMap(order.symbols), vs)
  const sum = { accepted: 0, known: 0, refused: 0 }
  let failed = 0
  for (const coin of coins) {
    signal.throwIfAborted()
    const imported = await importOne(coin, symbols.get(coin), order, gecko, target, progress)
    if (imported === undefined) failed += 1
    else for (const name of ['accepted', 'known', 'refused'] as const) sum[name] += imported[name]
  }
  progress.end()
  console.log(`${coins.length - failed} of ${count} coins: ${hours(sum)}`)
  const assets = suppliesOf(symbols)
  if (order.supplies && server) await putSupplies(assets, server)
  console.log(`"assets": ${JSON.stringify(assets)}`)
  return sum.refused > 0 || failed > 0 || coins.length < count ? 1 : 0
}

/** Imports one coin and shows its line; undefined if CoinGecko has no such chart, which says nothing of the others. */
const importOne = async (
  coin: Coin,
  symbol: string | undefined,
  { vs, days }: Order,
  gecko: CoinGecko,
  target: Target,
  progress: Progress,
): Promise<ImportedCoin | undefined> => {
  progress.now(symbol ?? coin.id)
  let shown = 0
  try {
    if (symbol === undefined) throw new CoinGeckoError(`found the symbol "${coin.symbol}", expected one of its own`, 404)
    const imported = await importCoin(coin, symbol, { vs, days, now: systemEnvironment.now() }, gecko, target, why => {
      progress.end()
      if (++shown <= REFUSALS_SHOWN) console.error(`${symbol}: ${why}`)
    })
    const { without, bad } = imported
    progress.line(
      `${symbol}: ${hours(imported)}${without > 0 ? `, ${without} without a price` : ''}${bad > 0 ? `, ${bad} points left out` : ''}`,
    )
    return imported
  } catch (error) {
    if (!(error instanceof CoinGeckoError && error.status === 404)) throw error
    progress.end()
    console.error(`${coin.id}: ${error.message}`)
    return undefined
  }
}

const putSupplies = async (assets: Readonly<Record<string, { supply?: string }>>, server: RunningServer): Promise<void> => {
  const known = Object.entries(assets).flatMap(([asset, { supply }]) =>
    supply ? [{ t: undefined, asset, supply: parseDecimal(supply)! }] : [],
  )
  const sent = await sendSupplies(known, server)
  console.log(`${sent.accepted} supplies accepted, ${sent.known} known`)
}

const hours = ({ accepted, known, refused }: { accepted: number; known: number; refused: number }): string =>
  `${accepted} hours accepted, ${known} known, ${refused} refused`

/** Returns each coin's symbol: as the configuration maps `coingecko:ID`, else the coin's own. If several claim one, the largest gets it. */
const symbolsOf = (coins: readonly Coin[], map: SymbolMap, vs: string): ReadonlyMap<Coin, string> => {
  const symbols = new Map<Coin, string>()
  const taken = new Set<string>()
  for (const coin of coins) {
    const base = coin.symbol.toUpperCase()
    const symbol = map.named('coingecko', coin.id) ?? `${base}-${vs.toUpperCase()}`
    if (!isSymbol(symbol) || taken.has(symbol) || !NAME.test(splitSymbol(symbol)?.base ?? '')) continue
    taken.add(symbol)
    symbols.set(coin, symbol)
  }
  return symbols
}

/** Returns the circulating supplies, as a configuration has them under `assets`. */
const suppliesOf = (symbols: ReadonlyMap<Coin, string>): Record<string, { supply?: string }> => {
  const assets: Record<string, { supply?: string }> = {}
  for (const [{ supply = Number.NaN }, symbol] of symbols) {
    const amount = fromNumber(supply) ?? 0n
    assets[splitSymbol(symbol)!.base] = amount > 0n ? { supply: formatDecimal(amount) } : {}
  }
  return assets
}

const baseOf = (address: string | undefined): string | undefined => {
  if (!address) return undefined
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol))
    throw new UsageError('COINGECKO_BASE_URL: found no address, expected one such as https://api.coingecko.com/api/v3')
  return address
}
