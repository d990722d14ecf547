import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { formatDecimal, fromNumber, parseDecimal } from '../../streams/lib/decimal.ts'
import { isSymbol, NAME } from '../../streams/lib/names.ts'
import { type SymbolMap, splitSymbol, symbolMap } from '../../streams/market/symbols.ts'
import { COINS_MAX, type Coin, CoinGecko, CoinGeckoError } from '../coingecko/coingecko.ts'
import { resolutionOf } from '../coingecko/hourly.ts'
import { planOf } from '../coingecko/plan.ts'
import { readCount, readOptions, UsageError } from '../config/options.ts'
import { readSettings } from '../config/settings.ts'
import { systemEnvironment } from '../feeds/environment.ts'
import { packageRoot } from '../lib/packageRoot.ts'
import { importCoin } from './importCoingeckoCoin.ts'
import { Progress } from './importCoingeckoProgress.ts'
import { openTarget, type Target } from './importCoingeckoTarget.ts'
import { sendSupplies } from './importSupplies.ts'
import { ServerError } from './server.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Refused hours of a coin beyond so many are counted, not told. */
const TOLD = 20

const text = { type: 'string' } as const
const OPTIONS = {
  top: text,
  days: text,
  vs: text,
  key: text,
  url: text,
  token: text,
  data: text,
  config: text,
  supplies: { type: 'boolean' },
} as const
const DAYS_MAX = 3_650

/**
 * `import coingecko …`: hourly prices of the largest coins. What the target has is neither asked for nor written over, so the same
 * command goes on where it ended, however it ended. Gives the exit code. Throws UsageError.
 */
export const importCoingecko = async (args: readonly string[], environment: Environment): Promise<number> => {
  const { top = '10', days: daysText = '7', vs: vsText = 'usd', key, url, token, data, config, supplies = false } = read(args)
  const count = readCount('top', top, 1, COINS_MAX)
  const days = readCount('days', daysText, 1, DAYS_MAX)
  const vs = vsText.toLowerCase()
  if (!/^[a-z]{2,10}$/.test(vs)) throw new UsageError(`--vs: found "${vsText}", expected a currency such as usd`)
  if (url !== undefined && data !== undefined) throw new UsageError('--data: found also --url, expected one of them')
  if (supplies && data !== undefined) throw new UsageError('--supplies: found also --data, expected a running server')
  const plan = planOf(key, environment)
  const baseUrl = baseOf(environment.COINGECKO_BASE_URL)
  const options = [...(data === undefined ? [] : ['--data', data]), ...(config === undefined ? [] : ['--config', config])]
  const settings = readSettings(readOptions(options, environment), environment, join(packageRoot(), 'server', 'demo', 'config.json'))

  const stop = new AbortController()
  const stopped = (): void => stop.abort(new Error('stopped'))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stopped)
  let progress = new Progress(process.stdout, count)
  let target: Target | undefined
  try {
    target = await openTarget({
      url: data === undefined ? (url ?? environment.DRIFTWIRE_URL) : undefined,
      token: token ?? environment.DRIFTWIRE_TOKEN ?? settings.adminToken,
      port: environment.DRIFTWIRE_PORT,
      dataDir: settings.dataDir,
      directory: data !== undefined,
    })
    const { server } = target
    if (supplies && server === undefined) throw new ServerError('--supplies: found no server, expected one that runs')
    const gecko = new CoinGecko({
      plan,
      baseUrl,
      environment: systemEnvironment,
      signal: stop.signal,
      onWait(ms, why) {
        progress.end()
        console.error(`${why}; again in ${Math.ceil(ms / 1000)} s`)
      },
    })
    console.log(`CoinGecko, ${plan.name}: the ${count} largest coins in ${vs}, ${days} days, ${resolutionOf(days).every}`)
    const coins = await gecko.largest(count, vs)
    progress = new Progress(process.stdout, coins.length)
    const symbols = symbolsOf(coins, symbolMap(settings.config.symbols), vs)
    const sum = { accepted: 0, known: 0, refused: 0 }
    let failed = 0
    for (const coin of coins) {
      stop.signal.throwIfAborted()
      const symbol = symbols.get(coin)
      progress.now(symbol ?? coin.id)
      let told = 0
      try {
        if (symbol === undefined) throw new CoinGeckoError(`found the symbol "${coin.symbol}", expected one of its own`, 404)
        const imported = await importCoin(coin, symbol, { vs, days, now: systemEnvironment.now() }, gecko, target, why => {
          progress.end()
          if (++told <= TOLD) console.error(`${symbol}: ${why}`)
        })
        for (const name of ['accepted', 'known', 'refused'] as const) sum[name] += imported[name]
        const { without, bad } = imported
        progress.line(
          `${symbol}: ${hours(imported)}${without > 0 ? `, ${without} without a price` : ''}${bad > 0 ? `, ${bad} points left out` : ''}`,
        )
      } catch (error) {
        // There is no such chart; there may be others.
        if (!(error instanceof CoinGeckoError && error.status === 404)) throw error
        failed += 1
        progress.end()
        console.error(`${coin.id}: ${error.message}`)
      }
    }
    progress.end()
    console.log(`${coins.length - failed} of ${count} coins: ${hours(sum)}`)
    const assets = suppliesOf(symbols)
    if (supplies && server) {
      const known = Object.entries(assets).flatMap(([asset, { supply }]) => (supply ? [[asset, parseDecimal(supply)!] as const] : []))
      const told = await sendSupplies(new Map(known), server)
      console.log(`${told.accepted} supplies accepted, ${told.known} known`)
    }
    console.log(`"assets": ${JSON.stringify(assets)}`)
    return sum.refused > 0 || failed > 0 || coins.length < count ? 1 : 0
  } catch (error) {
    progress.end()
    if (stop.signal.aborted) console.error('driftwire: stopped; the same command goes on from here')
    else if (error instanceof ServerError || error instanceof CoinGeckoError) console.error(`driftwire: ${error.message}`)
    else throw error
    return 1
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stopped)
    await target?.close()
  }
}

const hours = ({ accepted, known, refused }: { accepted: number; known: number; refused: number }): string =>
  `${accepted} hours accepted, ${known} known, ${refused} refused`

/** As the configuration maps `coingecko:ID`, else by the coin's own symbol. Of several that claim one it is the largest's. */
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

/** The circulating supplies, as a configuration has them under `assets`. */
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

/** The options as given. No word of them is said again: it may be a key. */
const read = (args: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'] => {
  let given: ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>
  try {
    given = parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: true })
  } catch (error) {
    throw new UsageError(`import coingecko: ${(error as Error).message.split(/\. |\n/)[0]}`)
  }
  if (given.positionals.length > 0) throw new UsageError(`import coingecko: found ${given.positionals.length} words, expected options only`)
  return given.values
}
