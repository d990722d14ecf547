import { z } from 'zod'

const count = z.int().min(1).optional()

/** The bounds of one address or one user. */
const boundsSchema = z.strictObject({
  sockets: count.describe('open at once'),
  channels: count.describe('followed at once, over all sockets'),
  requestsPerSecond: count.describe('by websocket and by HTTP'),
  commandsPerSecond: count.describe('creations, redemptions and transfers'),
  bytesPerSecond: count.describe('of requests'),
})

/** The bounds of what the server takes, sends and keeps. */
export const limitsSchema = z.strictObject({
  sockets: count.describe('open at once, of all clients together'),
  perAddress: boundsSchema.extend({ connectsPerSecond: count.describe('websockets opened') }).prefault({}),
  perUser: boundsSchema.prefault({}),
  channelsPerSocket: z.int().min(1).default(1_000),
  requestsPerSecond: z.int().min(1).default(100),
  requestBytes: z
    .int()
    .min(1024)
    .max(1_000_000)
    .default(64 * 1024),
  bodyBytes: z
    .int()
    .min(1024)
    .default(10 * 1024 * 1024),
  sendBufferBytes: z
    .int()
    .min(64 * 1024)
    .default(1024 * 1024)
    .describe('what may wait for one socket'),
  deadAfterMs: z.int().min(1000).default(300_000),
  resumeMs: z.int().min(0).default(60_000),
  resumeBytes: z
    .int()
    .min(0)
    .default(64 * 1024 * 1024)
    .describe('patches kept for who comes back, over all channels'),
  spoolBytes: z
    .int()
    .min(1024 * 1024)
    .default(1024 * 1024 * 1024)
    .describe('rows kept on disk while ClickHouse is away'),
})
