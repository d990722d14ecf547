import { pino } from 'pino'
import { type FrameKeys, frameKeys } from '../../bus/redis/keys.ts'
import { openTerm } from '../../bus/redis/publish.ts'
import { RedisBus } from '../../bus/redis/redisBus.ts'
import { readRedisAddress } from '../../config/redisAddress.ts'
import { openRedis, type RedisClient, whenReady } from '../../redis/connection.ts'
import { LabCore } from '../labCore.ts'

const log = pino({ level: 'silent' })
let shards = 0

/** Keys that nobody else has. */
export const ownKeys = (): FrameKeys => {
  shards += 1
  return frameKeys(`${process.pid}.${shards}`)
}

/** A core that publishes its frames. */
export interface PublishingCore {
  readonly core: LabCore
  readonly fenced: Promise<void>
  figures(): ReturnType<Awaited<ReturnType<typeof openTerm>>['figures']>
  end(): Promise<void>
}

export const publishingCore = async ({ url }: { readonly url: string }, keys: FrameKeys): Promise<PublishingCore> => {
  const term = await openTerm(readRedisAddress('redis', url), keys, log)
  const core = new LabCore(term.epoch)
  term.publish(core.bus)
  return { core, fenced: term.fenced, figures: () => term.figures(), end: () => term.end() }
}

/** The bus of a gateway, and its connections. */
export interface GatewayBus {
  readonly bus: RedisBus
  readonly client: RedisClient
  readonly reader: RedisClient
  end(): Promise<void>
}

let gateways = 0

export const gatewayBus = async ({ url }: { readonly url: string }, keys: FrameKeys): Promise<GatewayBus> => {
  const address = readRedisAddress('redis', url)
  const [client, reader] = [openRedis(address, 'commands', log), openRedis(address, 'reading', log)]
  await Promise.all([whenReady(client, address, 5_000), whenReady(reader, address, 5_000)])
  gateways += 1
  const bus = new RedisBus({ client, reader, keys, name: `g${gateways}`, now: () => performance.now() })
  const end = async (): Promise<void> => {
    reader.disconnect()
    await bus.end()
    client.disconnect()
  }
  return { bus, client, reader, end }
}
