import type { Logger } from 'pino'
import { merge, type Observable } from 'rxjs'
import { isLoopback } from '../config/settings.ts'
import { coreName } from '../config/shard.ts'
import type { Hub } from '../gateway/hub/hub.ts'
import type { Answering } from './answering.ts'
import type { Core } from './core.ts'
import type { Gateway } from './gateway.ts'
import type { CoreServices } from './services.ts'

interface GatewaysParts {
  readonly core: Core
  readonly services: CoreServices
  readonly gateway: Gateway
  readonly log: Logger
}

/** Answers gateways in other processes; undefined without `--redis`, where not even the code is loaded. */
export const answerGateways = async ({ core, services, gateway, log }: GatewaysParts): Promise<Answering | undefined> => {
  const { redis, host, behindTls, role, shard } = core.plan.settings
  if (redis === undefined || core.term === undefined) return undefined
  const { openAnswering } = await import('./answering.ts')
  const parts = {
    core: services,
    gateway,
    role,
    epoch: core.term.epoch,
    isExposed: !isLoopback(host) || behindTls,
    log: log.child({ module: 'gateways' }),
  }
  const answering = await openAnswering(redis, coreName(shard, core.term.epoch), parts)
  services.status.add('nodes', answering.figures)
  return answering
}

/** Counts those who follow something, here and at gateways. */
export const followersOf = (
  hub: Pick<Hub, 'subscribers' | 'subscribed$'>,
  answering: Pick<Answering, 'subscribers' | 'subscribed$'> | undefined,
): { readonly subscribers: number; readonly subscribed$: Observable<void> } => {
  if (answering === undefined) return hub
  return {
    get subscribers() {
      return hub.subscribers + answering.subscribers
    },
    subscribed$: merge(hub.subscribed$, answering.subscribed$),
  }
}
