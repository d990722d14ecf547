import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Observable } from 'rxjs'
import type { Frame } from '../../streams/frame.ts'
import { AlertLog } from '../alerts/alertLog.ts'
import { Webhooks } from '../alerts/webhooks.ts'
import { isLoopback, type Settings } from '../config/settings.ts'
import { alertShard } from '../config/shard.ts'
import { ANONYMOUS, access, readersOf } from '../identity/access.ts'
import type { Engine } from '../storage/engine/engine.ts'
import type { Plan } from './plan.ts'

/** Where what happens to alerts goes to. */
export interface AlertOutlets {
  /** Undefined without rules. */
  readonly alertLog: AlertLog | undefined
  /** Undefined if there are none. */
  readonly webhooks: Webhooks | undefined
}

/** Returns whether everybody reads a channel. */
export const publicChannels = ({ config, host }: Settings): ((channel: string) => boolean) => {
  const readable = access(readersOf(config, isLoopback(host) ? 'public' : []))
  return channel => readable(ANONYMOUS, { read: channel })
}

/** Stores what happens to alerts, then sends it to webhooks. */
export const openAlerts = (
  { rules, settings, replaying }: Plan,
  engine: Promise<Engine>,
  frames$: Observable<Frame>,
  log: Logger,
): AlertOutlets => {
  const { dataDir, config, alertSecret: secret } = settings
  const { webhooks } = config.alerts
  const own = log.child({ module: 'alerts' })
  const file = join(dataDir, 'spool', 'alerts.ndjson')
  // What a former process has left is stored even if there are no rules any more.
  const alertLog = rules.length > 0 || existsSync(file) ? new AlertLog({ engine, file, shard: alertShard(settings), log: own }) : undefined
  // What a replay finds is long over.
  const sender =
    webhooks.length === 0 || replaying
      ? undefined
      : new Webhooks({ webhooks, secret, file: join(dataDir, 'spool', 'webhooks.ndjson'), isPublic: publicChannels(settings), log: own })
  if (alertLog)
    frames$.subscribe(({ alerts }) => {
      alertLog.take(alerts)
      sender?.take(alerts)
    })
  return { alertLog, webhooks: sender }
}
