import type { Logger } from 'pino'
import type { Bus } from '../server/bus/bus.ts'
import { Hub } from '../server/gateway/hub/hub.ts'
import { HUB_LIMITS } from '../server/gateway/hub/limits.ts'
import { openTransport } from '../server/gateway/transports/open.ts'
import type { Transport } from '../server/gateway/transports/transport.ts'
import { ANONYMOUS, type Principal } from '../server/identity/access.ts'

/** Opens a hub and its sockets. A message lists the channels that its socket follows. Resolves with the hub, whose turns are still to come, and the port. */
export const openHub = async (bus: Bus, log: Logger): Promise<{ readonly hub: Hub; readonly port: number }> => {
  let transport: Transport | undefined
  const hub = new Hub(bus, (topic, bytes) => transport?.publish(topic, bytes), HUB_LIMITS, Date.now)
  transport = await openTransport<Principal>(
    {
      upgrade: () => ({ accept: ANONYMOUS }),
      open: socket => void hub.open(socket),
      message: (socket, text) => {
        const session = hub.session(socket)!
        for (const channel of JSON.parse(text!) as string[])
          hub.follow(session, channel, { rate: 0, checksum: false, resume: undefined, fields: undefined, when: undefined })
        hub.begin(session)
      },
      pong: (socket, mark) => hub.pong(socket, mark),
      close: socket => hub.closed(socket),
      http: () => new Response(),
    },
    { log },
  )
  return { hub, port: await transport.listen('127.0.0.1', 0) }
}
