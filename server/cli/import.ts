import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { symbolMap } from '../../streams/market/symbols.ts'
import { readOptions, UsageError } from '../config/options.ts'
import { readSettings, type Settings } from '../config/settings.ts'
import { packageRoot } from '../lib/packageRoot.ts'
import { importEvents } from './importEvents.ts'
import type { CandleStore } from './importPrices.ts'
import { readSupplies, sendSupplies } from './importSupplies.ts'
import { type Imported, type ImportedTransactions, importTransactions } from './importTransactions.ts'
import { localToken, RunningServer, ServerError } from './server.ts'

type Environment = Readonly<Record<string, string | undefined>>

const SERVER = { url: { type: 'string' }, token: { type: 'string' } } as const
const TRANSACTIONS = { ...SERVER, portfolio: { type: 'string' } } as const
const PRICES = { ...SERVER, data: { type: 'string' }, config: { type: 'string' } } as const

/** `import transactions …`, `import prices …`, `import supplies …`, `import events …` and `import coingecko …`. Gives the exit code. Throws UsageError. */
export const runImport = async ([what, ...rest]: readonly string[], environment: Environment): Promise<number> => {
  switch (what) {
    case 'transactions':
      return transactions(rest, environment)
    case 'prices':
      return prices(rest, environment)
    case 'supplies':
      return supplies(rest, environment)
    case 'events':
      return events(rest, environment)
    case 'coingecko':
      return (await import('./importCoingecko.ts')).importCoingecko(rest, environment)
    default:
      throw new UsageError(`import: found "${what ?? ''}", expected transactions, prices, supplies, events, swaps or coingecko`)
  }
}

const transactions = async (args: readonly string[], environment: Environment): Promise<number> => {
  const { values, files } = read(args, TRANSACTIONS)
  const { portfolio, url, token } = values as Partial<Record<string, string>>
  const [file] = files
  if (file === undefined || files.length > 1) throw new UsageError(`import transactions: found ${files.length} files, expected one`)
  if (!portfolio) throw new UsageError('--portfolio: found nothing, expected the id of a portfolio')
  const server = new RunningServer(url ?? environment.DRIFTWIRE_URL, token ?? environment.DRIFTWIRE_TOKEN, environment.DRIFTWIRE_PORT)
  const imported: ImportedTransactions = { accepted: 0, known: 0, refused: 0, ignored: 0 }
  const log = {
    refused: (line: number, why: string) => console.error(`${file}:${line}: ${why}`),
    ignored: (line: number, why: string) => console.error(`${file}:${line}: ignored: ${why}`),
  }
  let failed = false
  try {
    if (!(await server.answers())) throw new ServerError(`${server.url}: found no server, expected a running one`)
    await importTransactions(file, { portfolio, quote: await quoteOf(server, portfolio) }, server, imported, log)
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

/** Returns the one file of a command, and the running server to which an operator sends it. */
const operatorsFile = async (what: string, args: readonly string[], environment: Environment) => {
  const { values, files } = read(args, SERVER)
  const { url = environment.DRIFTWIRE_URL, token } = values as Partial<Record<string, string>>
  const [file] = files
  if (file === undefined || files.length > 1) throw new UsageError(`import ${what}: found ${files.length} files, expected one`)
  const given = token ?? environment.DRIFTWIRE_TOKEN ?? environment.DRIFTWIRE_ADMIN_TOKEN
  const local = url === undefined ? await localToken(resolve(environment.DRIFTWIRE_DATA ?? 'data')) : undefined
  return { file, server: new RunningServer(url, given ?? local, environment.DRIFTWIRE_PORT) }
}

const events = async (args: readonly string[], environment: Environment): Promise<number> => {
  const { file, server } = await operatorsFile('events', args, environment)
  let refused = 0
  try {
    if (!(await server.answers())) throw new ServerError(`${server.url}: found no server, expected a running one`)
    const { accepted, known } = await importEvents(file, server, (line, why) => {
      refused += 1
      console.error(`${file}:${line}: ${why}`)
    })
    console.log(`${file}: ${accepted} events accepted, ${known} known, ${refused} refused`)
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    console.error(`driftwire: ${error.message}`)
    return 1
  }
  return refused > 0 ? 1 : 0
}

const supplies = async (args: readonly string[], environment: Environment): Promise<number> => {
  const { file, server } = await operatorsFile('supplies', args, environment)
  let refused = 0
  const told = await readSupplies(file, (line, why) => {
    refused += 1
    console.error(`${file}:${line}: ${why}`)
  })
  try {
    if (!(await server.answers())) throw new ServerError(`${server.url}: found no server, expected a running one`)
    const { accepted, known } = await sendSupplies(told, server)
    console.log(`${file}: ${accepted} supplies accepted, ${known} known, ${refused} refused`)
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    console.error(`driftwire: ${error.message}`)
    return 1
  }
  return refused > 0 ? 1 : 0
}

const prices = async (args: readonly string[], environment: Environment): Promise<number> => {
  const { importPrices } = await import('./importPrices.ts')
  const { values, files } = read(args, PRICES)
  const { url = environment.DRIFTWIRE_URL, token, data, config } = values as Partial<Record<string, string>>
  if (files.length === 0) throw new UsageError('import prices: found no file, expected FILE or FILE#SYMBOL')
  const options = [...(data === undefined ? [] : ['--data', data]), ...(config === undefined ? [] : ['--config', config])]
  const settings = readSettings(readOptions(options, environment), environment, join(packageRoot(), 'server', 'demo', 'config.json'))
  const map = symbolMap(settings.config.symbols, Object.keys(settings.config.assets))
  let refused = 0
  let store: CandleStore | undefined
  try {
    store = await storeOf(url, token ?? environment.DRIFTWIRE_TOKEN, data !== undefined, settings, environment.DRIFTWIRE_PORT)
    for (const file of files) {
      const imported: Imported = { accepted: 0, known: 0, refused: 0 }
      await importPrices(file, map, store, imported, why => console.error(`${file}: ${why}`))
      console.log(`${file}: ${imported.accepted} candles accepted, ${imported.known} known, ${imported.refused} refused`)
      refused += imported.refused
    }
  } catch (error) {
    if (!(error instanceof ServerError)) throw error
    console.error(`driftwire: ${error.message}`)
    return 1
  } finally {
    await store?.close()
  }
  return refused > 0 ? 1 : 0
}

/** Opens the store of the running server, if one is named or the local one answers; otherwise, or if it is named, the directory's. */
const storeOf = async (
  url: string | undefined,
  token: string | undefined,
  named: boolean,
  { dataDir, adminToken }: Settings,
  port: string | undefined,
): Promise<CandleStore> => {
  const { directoryStore, serverStore } = await import('./importPrices.ts')
  const given = token ?? adminToken
  if (named && url === undefined) return directoryStore(dataDir)
  const server = new RunningServer(url, given ?? (url === undefined ? await localToken(dataDir) : undefined), port)
  if (await server.answers()) return serverStore(server)
  if (url !== undefined) throw new ServerError(`${server.url}: found no server, expected a running one`)
  return directoryStore(dataDir)
}

const read = <F extends Record<string, { type: 'string' }>>(args: readonly string[], options: F) => {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, strict: true, allowPositionals: true })
    return { values, files: positionals }
  } catch (error) {
    throw new UsageError(`import: ${(error as Error).message}`)
  }
}
