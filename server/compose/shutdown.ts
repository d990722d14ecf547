import type { Logger } from 'pino'
import type { Progress } from '../core/progress.ts'
import { logError } from '../lib/errorEvents.ts'
import type { ServerStatus } from '../telemetry/serverStatus.ts'
import type { Tracing } from '../telemetry/traces/open.ts'
import type { Answering } from './answering.ts'
import type { Core } from './core.ts'
import type { Gateway } from './gateway.ts'

/** Clients are asked to come back after this time, ms. */
const RECONNECT_MS = 1_000
/** The part of the five seconds of a stop in which rows may reach the engine; later they wait in the spool. ms. */
const FLUSH_MS = 2_000
/** ms that the engine may take to end its statements and close. It comes last, and the whole stop is cut short before that. */
const ENGINE_MS = 4_000
/** ms until sockets that are still open are cut. */
const CLOSE_MS = 500

/** One step of a stop. The next one begins when it is done, has failed, or has taken `limitMs`. */
interface Step {
  readonly name: string
  readonly limitMs: number
  readonly run: () => Promise<unknown>
}

interface Stopping {
  readonly core: Core
  readonly gateway: Gateway
  /** Undefined if this process is alone. */
  readonly answering: Answering | undefined
  readonly tracing: Tracing | undefined
  readonly status: ServerStatus
  readonly progress: Progress
  /** Ends the feeds and whatever waits for the engine. */
  readonly abort: AbortController
  readonly log: Logger
}

/** Stops the server in order: clients know first; decisions are written down before the journal closes, rows before the engine does. */
export const shutDown = async (
  { core, gateway, answering, tracing, status, progress, abort, log }: Stopping,
  reason: string,
): Promise<void> => {
  progress.stopping = true
  gateway.hub.bye(reason, RECONNECT_MS)
  // Otherwise another core goes on in its place, and clients of gateways stay.
  if (core.plan.settings.exitAtEnd) answering?.bye(reason, RECONNECT_MS)
  abort.abort()
  status.close()
  const {
    ledgerFeed,
    tradingVenue,
    rebalanceExecutor,
    sink,
    marketNotes,
    alertLog,
    webhooks,
    dex,
    recorder,
    auditCopy,
    clearing,
    tokens,
    operators,
    engine,
    term,
  } = core
  await runSteps(
    [
      { name: 'decisions', limitMs: 1_000, run: () => ledgerFeed.settled() },
      { name: 'exchange', limitMs: 1_000, run: () => tradingVenue.exchange.close() },
      { name: 'rebalances', limitMs: 1_000, run: () => rebalanceExecutor.settled() },
      {
        name: 'rows and sockets',
        limitMs: FLUSH_MS + CLOSE_MS,
        run: () =>
          Promise.all([
            // An engine that is still opening does not go on with it.
            sink.close(progress.engineReady ? FLUSH_MS : 0),
            marketNotes.close(),
            alertLog?.close(),
            webhooks?.close(),
            dex.close(),
            recorder?.close(),
            gateway.close(CLOSE_MS),
            auditCopy.close(),
          ]),
      },
      { name: 'gateways', limitMs: 1_000, run: async () => answering?.end() },
      { name: 'frames', limitMs: 1_500, run: async () => term?.end() },
      { name: 'traces', limitMs: 500, run: async () => tracing?.close() },
      { name: 'journal', limitMs: 1_000, run: () => clearing.close() },
      {
        name: 'tokens',
        limitMs: 100,
        run: async () => {
          tokens.close()
          operators.close()
        },
      },
      // One that was still opening as well: the process must not end beneath it. Its opener reports why it did not open.
      { name: 'engine', limitMs: ENGINE_MS, run: async () => (await engine.catch(() => undefined))?.close() },
    ],
    log,
  )
}

/** Runs the steps one after another, whatever becomes of each. */
const runSteps = async (steps: readonly Step[], log: Logger): Promise<void> => {
  for (const { name, limitMs, run } of steps) {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>(resolve => {
      timer = setTimeout(() => {
        log.warn({ step: name, ms: limitMs }, 'a step of the stop took too long; going on without it')
        resolve()
      }, limitMs)
    })
    await Promise.race([run(), late]).catch(err => logError(log, 'stop_step_failed', { err, step: name }))
    clearTimeout(timer)
  }
}
