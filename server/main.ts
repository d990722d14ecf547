import { mkdir } from 'node:fs/promises'
import type { Logger } from 'pino'
import { runCollectors } from './compose/collectors.ts'
import { openCore } from './compose/core.ts'
import { describeToStore } from './compose/describe.ts'
import { openGateway } from './compose/gateway.ts'
import { answerGateways, followersOf } from './compose/gateways.ts'
import { readPlan } from './compose/plan.ts'
import { repairAtStart } from './compose/repair.ts'
import { runFeeds } from './compose/replay.ts'
import { coreServices } from './compose/services.ts'
import { shutDown } from './compose/shutdown.ts'
import { openTracingOf } from './compose/tracing.ts'
import type { Settings } from './config/settings.ts'
import { Progress } from './core/progress.ts'
import { aborted } from './core/run.ts'

/** A server that has been started. */
export interface Running {
  readonly port: number
  /** Resolves when the server was asked to end with its feeds and they have ended; rejects when it cannot go on. */
  readonly done: Promise<void>
  /** Looks for a new certificate and key now; false if the server does not speak TLS. */
  renewKeyPair(): boolean
  /** Sends clients a notice, writes what is waiting, closes everything. */
  stop(reason: string): Promise<void>
}

/** Starts what the role asks for. */
export const start = async (settings: Settings, log: Logger): Promise<Running> => {
  if (settings.role !== 'gateway') return startCore(settings, log)
  // Without it no code of Redis is loaded.
  const { startGateway } = await import('./compose/gatewayRole.ts')
  return startGateway(settings, log)
}

/** Puts the server together and starts it: sockets and journal first, the engine behind them, the feeds last. */
const startCore = async (settings: Settings, log: Logger): Promise<Running> => {
  await mkdir(settings.dataDir, { recursive: true, mode: 0o700 })
  const plan = await readPlan(settings, log)
  const abort = new AbortController()
  const { signal } = abort
  // A ledger in Redis is repaired as it is opened.
  if (settings.repair && settings.redisJournal === undefined) await repairAtStart(settings, log, signal)
  const core = await openCore(plan, log, signal)
  const progress = new Progress(plan.replaying)
  const services = coreServices(core, progress, await openTracingOf(settings, log), log)
  const gateway = await openGateway(services, log)
  const { status, symbols$, tracing } = services
  const answering = await answerGateways({ core, services, gateway, log })
  status.begin()

  core.startEngine()
  const described = describeToStore(core, log, signal).then(symbols => {
    for (const symbol of symbols) symbols$.next(symbol)
    progress.engineReady = true
  })
  const ran = runFeeds({ core, hub: followersOf(gateway.hub, answering), status, progress, log, signal }).then(() =>
    plan.replaying && !settings.exitAtEnd ? aborted(signal) : undefined,
  )
  const collected = runCollectors({ core, status, log, signal })
  // A journal that ClickHouse or its own entries do not confirm ends the server.
  const fenced = core.term?.fenced.then(() => Promise.reject(new Error('another core has begun to publish frames in its place')))
  const done = Promise.race([
    Promise.all([ran, described, collected, core.auditCopy.agreed]).then(() => {}),
    core.clearing.unsound,
    ...(fenced === undefined ? [] : [fenced]),
  ])
  // It is awaited later; until then a rejection is not unhandled.
  done.catch(() => {})

  return {
    port: gateway.port,
    done,
    renewKeyPair: () => gateway.renewKeyPair(),
    async stop(reason) {
      if (!progress.stopping) await shutDown({ core, gateway, answering, tracing, status, progress, abort, log }, reason)
    },
  }
}
