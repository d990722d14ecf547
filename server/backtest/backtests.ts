import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import type { PastFacts } from '../../streams/fund/backtest.ts'
import type { AssetCloses } from '../../streams/fund/backtestMoments.ts'
import { namesOf } from '../../streams/market/assetEvent.ts'
import type { BacktestReport } from '../../streams/wire/answers/funds.ts'
import { INTERVALS } from '../../streams/wire/channels.ts'
import { ProtocolError } from '../../streams/wire/errors.ts'
import type { Config } from '../config/schema.ts'
import { compiledFile } from '../lib/compiledFile.ts'
import { Semaphore } from '../lib/semaphore.ts'
import type { History } from '../storage/read/history.ts'
import type { BacktestOutcome, BacktestWork } from './thread.ts'
import { type BacktestPlan, type BacktestWish, planOf } from './wish.ts'

/** Backtests that may wait for the one that runs. */
const MAY_WAIT = 8
/** ms that one may take in all. */
const MOST_MS = 60_000
/** Rows that are read at once: other questions about the past get their turn between two pages. */
const PAGE = 10_000
/** MiB that the thread may use. */
const HEAP_MB = 256

/** What backtests are run with. */
export interface BacktestsOptions {
  readonly history: Pick<History, 'columns'>
  /** What happened to assets, and supplies with their dates. */
  readonly facts: () => Promise<PastFacts>
  readonly config: Config
  readonly log: Logger
}

/** Runs backtests over what is stored, one at a time, each in a thread of its own. */
export class Backtests {
  /** Backtests: running and waiting now; since the start, finished, refused, and given up with their requests. */
  readonly figures = { running: 0, waiting: 0, done: 0, refused: 0, givenUp: 0 }
  private readonly options: BacktestsOptions
  private readonly turns = new Semaphore(1, MAY_WAIT, () => new ProtocolError('too_much', 'too many backtests are waiting', 1))

  constructor(options: BacktestsOptions) {
    this.options = options
  }

  /**
   * Returns what a fund would have done. It ends, or leaves its waiting place, when `signal` aborts. Rejects with a ProtocolError:
   * `invalid_params`, `too_much`, `not_ready`.
   */
  async run(wish: BacktestWish, signal: AbortSignal): Promise<BacktestReport> {
    const { figures } = this
    let waits = true
    figures.waiting += 1
    try {
      const plan = planOf(wish, this.options.config)
      const report = await this.turns.run(async () => {
        figures.waiting -= 1
        waits = false
        return this.running(plan, signal)
      }, signal)
      figures.done += 1
      return report
    } catch (error) {
      figures[signal.aborted ? 'givenUp' : 'refused'] += 1
      throw waits && signal.aborted ? new ProtocolError('too_much', 'the backtest was given up') : error
    } finally {
      if (waits) figures.waiting -= 1
    }
  }

  private async running(plan: BacktestPlan, signal: AbortSignal): Promise<BacktestReport> {
    const { config, log } = this.options
    const until = AbortSignal.any([signal, AbortSignal.timeout(MOST_MS)])
    const begun = performance.now()
    this.figures.running += 1
    try {
      const { events, supplies } = await this.options.facts()
      const closes = await this.closes(plan, namesOf(plan.assets, events), until)
      const facts = { events, supplies: plan.ownSupplies ? [] : supplies }
      const staleAfterMs = Math.max(config.staleAfterMs, 2 * INTERVALS[plan.interval])
      const outcome = await computed({ spec: plan.spec, closes, facts, staleAfterMs }, until)
      if ('pending' in outcome)
        throw new ProtocolError(
          'invalid_params',
          `body.fund: found no price of ${outcome.pending.join(', ') || 'enough assets'} from ${plan.from} to ${plan.to}, expected candles ${plan.interval} of each`,
        )
      return outcome
    } catch (error) {
      if (!until.aborted) throw error
      throw new ProtocolError('too_much', `the backtest took more than ${MOST_MS / 1000} s, or was given up`)
    } finally {
      this.figures.running -= 1
      log.info({ ms: Math.round(performance.now() - begun), assets: plan.assets.length, interval: plan.interval }, 'a backtest was run')
    }
  }

  /** Reads the closes of all assets. A candle is known at its end. */
  private async closes({ spec, from, to, interval }: BacktestPlan, assets: readonly string[], until: AbortSignal): Promise<AssetCloses[]> {
    const length = INTERVALS[interval]
    const all: AssetCloses[] = []
    for (const asset of assets) {
      const [t, price]: [number[], number[]] = [[], []]
      const query = {
        channel: `candle:${interval}:${asset}-${spec.quote}`,
        fields: ['c'],
        from: from - length,
        to: to - length,
        limit: PAGE,
      }
      let cursor: string | undefined
      do {
        until.throwIfAborted()
        const { columns, next } = await this.options.history.columns({ ...query, cursor })
        for (const [i, close] of columns.c!.entries()) {
          if (typeof close !== 'number') continue
          t.push((columns.open_t![i] as number) + length)
          price.push(close)
        }
        cursor = next
      } while (cursor !== undefined)
      all.push({ asset, t: Float64Array.from(t), price: Float64Array.from(price) })
    }
    return all
  }
}

/** Resolves with what the thread says. Ends the thread, and rejects, when `until` aborts. */
const computed = (work: BacktestWork, until: AbortSignal): Promise<BacktestOutcome> =>
  new Promise((resolve, reject) => {
    until.throwIfAborted()
    const worker = new Worker(compiledFile('./thread.js', import.meta.url), {
      workerData: work,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    })
    const stop = (): void => {
      reject(until.reason)
      void worker.terminate()
    }
    until.addEventListener('abort', stop)
    worker.once('message', resolve)
    worker.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? new ProtocolError('too_much', 'the backtest needs too much memory') : error),
    )
    worker.once('exit', () => {
      until.removeEventListener('abort', stop)
      reject(new Error('the thread of a backtest ended without an answer'))
    })
  })
