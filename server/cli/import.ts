import { join } from 'node:path'
import { NAME } from '../../streams/lib/names.ts'
import { symbolMap } from '../../streams/market/symbols.ts'
import { readOptions, UsageError } from '../config/options.ts'
import { readSettings, type Settings } from '../config/settings.ts'
import { packageRoot } from '../lib/packageRoot.ts'
import { importEvents } from './importEvents.ts'
import type { CandleStore } from './importPrices.ts'
import { readSupplies, sendSupplies } from './importSupplies.ts'
import { type Imported, type ImportedTransactions, importTransactions } from './importTransactions.ts'
import { answering, localToken, operatorsServer, type RunningServer, ServerError, type ServerOptions, serverOf } from './server.ts'

type Environment = Readonly<Record<string, string | undefined>>

interface TransactionsOptions extends ServerOptions {
  readonly portfolio?: string
  readonly quote?: string
}

/** Runs `import transactions FILE`. Returns the exit code. Throws UsageError. */
export const transactions = async (
  file: string,
  { portfolio, quote: given, ...options }: TransactionsOptions,
  environment: Environment,
): Promise<number> => {
  if (portfolio === undefined) throw new UsageError('--portfolio: found nothing, expected the id of a portfolio')
  checkQuote(given)
  const server = serverOf(options, environment)
  const imported: ImportedTransactions = { accepted: 0, known: 0, refused: 0, ignored: 0 }
  const log = {
    refused: (line: number, why: string) => console.error(`${file}:${line}: ${why}`),
    ignored: (line: number, why: string) => console.error(`${file}:${line}: ignored: ${why}`),
  }
  let failed = false
  try {
    await answering(server)
    const known = await quoteOf(server, portfolio)
    if (given !== undefined && known !== '' && given !== known)
      throw new UsageError(`--quote: found "${given}", expected "${known}", which the portfolio counts in`)
    await importTransactions(file, { portfolio, quote: known || (given ?? '') }, server, imported, log)
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    failed = true
    console.error(`driftwire: ${error.message}`)
  }
  if (failed && imported.accepted > 0) console.error('driftwire: import the file again: what has been accepted will be known')
  const ignored = imported.ignored > 0 ? `, ${imported.ignored} ignored` : ''
  console.log(`${file}: ${imported.accepted} rows accepted, ${imported.known} known, ${imported.refused} refused${ignored}`)
  return failed || imported.refused > 0 ? 1 : 0
}

/** Throws UsageError for a `--quote` that names no asset. */
const checkQuote = (quote: string | undefined): void => {
  if (quote !== undefined && !NAME.test(quote)) throw new UsageError(`--quote: found "${quote}", expected a currency such as USD`)
}

/** Returns the currency that a portfolio counts in; '' if the server does not say, and then sending rows says why. */
const quoteOf = async (server: RunningServer, portfolio: string): Promise<string> => {
  try {
    const { quote = '' } = await server.get<{ quote?: string }>(`/v1/state/pnl:${encodeURIComponent(portfolio)}`)
    return quote
  } catch (error) {
    if (error instanceof ServerError && error.status !== undefined) return ''
    throw error
  }
}

/** Runs `import events FILE`. Returns the exit code. Throws UsageError. */
export const events = async (file: string, options: ServerOptions, environment: Environment): Promise<number> => {
  const server = await operatorsServer(options, environment)
  let refused = 0
  const { accepted, known } = await importEvents(file, server, (line, why) => {
    refused += 1
    console.error(`${file}:${line}: ${why}`)
  })
  console.log(`${file}: ${accepted} events accepted, ${known} known, ${refused} refused`)
  return refused > 0 ? 1 : 0
}

/** Runs `import supplies FILE`. Returns the exit code. Throws UsageError. */
export const supplies = async (file: string, options: ServerOptions, environment: Environment): Promise<number> => {
  let refused = 0
  const told = await readSupplies(file, (line, why) => {
    refused += 1
    console.error(`${file}:${line}: ${why}`)
  })
  const { accepted, known } = await sendSupplies(told, await operatorsServer(options, environment))
  console.log(`${file}: ${accepted} supplies accepted, ${known} known, ${refused} refused`)
  return refused > 0 ? 1 : 0
}

interface PricesOptions extends ServerOptions {
  readonly data?: string
  readonly config?: string
  readonly quote?: string
}

/** Runs `import prices FILE…`. Returns the exit code. Throws UsageError. */
export const prices = async (
  files: readonly string[],
  { url, token, quote, ...place }: PricesOptions,
  environment: Environment,
): Promise<number> => {
  checkQuote(quote)
  const { importPrices } = await import('./importPrices.ts')
  const settings = readSettings(readOptions(place, environment), environment, join(packageRoot(), 'server', 'demo', 'config.json'))
  const map = symbolMap(settings.config.symbols, Object.keys(settings.config.assets), quote)
  let refused = 0
  let store: CandleStore | undefined
  try {
    store = await storeOf({ url, token }, place.data !== undefined, settings, environment)
    for (const file of files) {
      const imported: Imported = { accepted: 0, known: 0, refused: 0 }
      await importPrices(file, map, store, imported, why => console.error(`${file}: ${why}`))
      console.log(`${file}: ${imported.accepted} candles accepted, ${imported.known} known, ${imported.refused} refused`)
      refused += imported.refused
    }
  } finally {
    await store?.close()
  }
  return refused > 0 ? 1 : 0
}

/** Opens the store of the running server, if one is named or the local one answers; otherwise, or if it is named, the directory's. */
const storeOf = async (
  { url, token }: ServerOptions,
  named: boolean,
  { dataDir, adminToken }: Settings,
  environment: Environment,
): Promise<CandleStore> => {
  const { directoryStore, serverStore } = await import('./importPrices.ts')
  const { openOwnDirectory } = await import('./ownDirectory.ts')
  const ofDirectory = async () => directoryStore(await openOwnDirectory(dataDir))
  if (named && url === undefined) return ofDirectory()
  const given = token ?? adminToken ?? (url === undefined ? await localToken(dataDir) : undefined)
  const server = serverOf({ url, token: given }, environment)
  if (url !== undefined || (await server.answers())) return serverStore(await answering(server))
  return ofDirectory()
}
