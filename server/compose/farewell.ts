import { setTimeout as delay } from 'node:timers/promises'
import type { Hub } from '../gateway/hub/hub.ts'
import type { Session } from '../gateway/hub/session.ts'

/** The farewells of all sockets are spread over this time, ms: others take them in one by one. */
const SPREAD_MS = { least: 500, most: 2_000, each: 4 }

/** Says goodbye to each socket at a moment of its own, and closes it: it may come back at once, elsewhere. */
export const farewell = async (hub: Hub, reason: string): Promise<void> => {
  const sessions = [...hub.all]
  if (sessions.length === 0) return
  const spread = Math.min(SPREAD_MS.most, Math.max(SPREAD_MS.least, sessions.length * SPREAD_MS.each))
  await Promise.all(sessions.map(session => leave(session, Math.random() * spread, reason)))
}

const leave = async ({ socket }: Session, ms: number, reason: string): Promise<void> => {
  await delay(ms)
  socket.send(JSON.stringify({ bye: { reason, reconnectInMs: 0 } }))
  socket.close(1001, reason)
}
