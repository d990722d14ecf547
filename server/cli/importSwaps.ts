import { setTimeout as delay } from 'node:timers/promises'
import { formatDecimal } from '../../streams/lib/decimal.ts'
import { DAY } from '../../streams/market/candles.ts'
import { UsageError } from '../config/options.ts'
import type { AtomicSwap } from '../dex/swap.ts'
import { swapsIn } from '../dex/swapFile.ts'
import type { SwapsAnswer } from '../dex/swapImport.ts'
import { type Stored, storeSwaps } from '../dex/swapStore.ts'
import type { OwnDirectory } from './ownDirectory.ts'
import { type RunningServer, ServerError } from './server.ts'
import { openStoreTarget, type StoreOptions } from './storeTarget.ts'
import { spanOf } from './times.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Where swaps go. */
interface SwapTarget {
  put(swaps: readonly AtomicSwap[]): Promise<Stored>
  close(): Promise<void>
}

interface SwapsOptions extends StoreOptions {
  readonly every?: string
}

const PIECE = 1_000
/** Bad rows beyond this number are counted, not shown. */
const TOLD = 20

/** Runs `import swaps …` until it is done or ended by a signal. Returns the exit code. */
export const importSwaps = async (files: readonly string[], options: SwapsOptions, environment: Environment): Promise<number> => {
  const abort = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => abort.abort())
  return runImportSwaps(files, options, environment, abort.signal)
}

/**
 * `import swaps FILE… [--every 60s]`. Returns the exit code; with `--every` it continues until `signal` aborts. A later look takes in
 * what was completed in the day before the newest swap of the file, so that what a source learns late is not missed. Throws UsageError.
 */
const runImportSwaps = async (
  files: readonly string[],
  options: SwapsOptions,
  environment: Environment,
  signal: AbortSignal,
): Promise<number> => {
  const every = options.every === undefined ? undefined : spanOf('every', options.every)
  const newest = new Map<string, number>()
  const target = await openTarget(options, environment)
  let failed = false
  try {
    do {
      const begun = Date.now()
      failed = false
      for (const file of files) failed = !(await one(file, target, newest, every !== undefined)) || failed
      if (every !== undefined) await delay(Math.max(0, begun + every - Date.now()), undefined, { signal }).catch(() => {})
    } while (every !== undefined && !signal.aborted)
  } finally {
    await target.close()
  }
  return failed ? 1 : 0
}

/** One file. Returns false if a row did not go in. A row that a later look may find complete is named, too, but is no failure. */
const one = async (file: string, target: SwapTarget, newest: Map<string, number>, again: boolean): Promise<boolean> => {
  const imported = { accepted: 0, known: 0, left: 0, refused: 0 }
  const before = newest.get(file)
  let waiting: AtomicSwap[] = []
  const flush = async (): Promise<void> => {
    if (waiting.length === 0) return
    const { accepted, known } = await target.put(waiting)
    imported.accepted += accepted
    imported.known += known
    waiting = []
  }
  let failed = false
  const since = before === undefined ? 0 : before - DAY
  let last = before ?? 0
  try {
    for await (const rows of swapsIn(file, since)) {
      for (const row of rows) {
        if (typeof row === 'string') imported.left += 1
        else if ('why' in row) {
          imported.refused += 1
          if (imported.refused <= TOLD && before === undefined) console.error(`${file}:${row.line}: ${row.why}`)
        } else if (row.t >= since) {
          last = Math.max(last, row.t)
          waiting.push(row)
        }
      }
      if (waiting.length >= PIECE) await flush()
    }
    await flush()
    newest.set(file, last)
  } catch (error) {
    if (!(error instanceof ServerError) && !(again && error instanceof UsageError)) throw error
    failed = true
    console.error(`driftwire: ${error.message}`)
  }
  const { accepted, known, left, refused } = imported
  // A look that found nothing new says nothing.
  if (before === undefined || accepted > 0 || failed)
    console.log(`${file}: ${accepted} swaps accepted, ${known} known, ${left} left out, ${refused} refused`)
  return !failed && refused === 0
}

const openTarget = async (options: SwapsOptions, environment: Environment): Promise<SwapTarget> => {
  const target = await openStoreTarget(options, environment)
  return 'server' in target ? overHttp(target.server) : ofDirectory(target.directory)
}

const overHttp = (server: RunningServer): SwapTarget => ({
  async put(swaps) {
    const lines = swaps.map(swap => JSON.stringify(recordOf(swap)))
    const { accepted, known, refused } = await server.post<SwapsAnswer>('/v1/admin/swaps', 'application/x-ndjson', lines.join('\n'))
    if (refused[0]) throw new ServerError(`${server.url}: ${refused[0].why}`)
    return { accepted, known }
  },
  close: async () => {},
})

/** As `readSwap` reads it. */
const recordOf = (swap: AtomicSwap): object => ({
  uuid: swap.id,
  started_at: swap.started / 1000,
  finished_at: swap.t / 1000,
  maker_coin: swap.makerCoin,
  taker_coin: swap.takerCoin,
  maker_amount: formatDecimal(swap.makerAmount),
  taker_amount: formatDecimal(swap.takerAmount),
  ...(!Number.isNaN(swap.makerUsd) && { maker_coin_usd_price: swap.makerUsd }),
  ...(!Number.isNaN(swap.takerUsd) && { taker_coin_usd_price: swap.takerUsd }),
})

const ofDirectory = (directory: OwnDirectory): SwapTarget => ({
  async put(swaps) {
    const stored = await storeSwaps(directory.engine, swaps)
    if (stored.accepted > 0) directory.keep()
    return stored
  },
  close: () => directory.close(),
})
