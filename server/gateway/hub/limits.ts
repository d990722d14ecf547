import type { ReaderLagLimits } from './readerLag.ts'

/** What a socket may cost, and how long channels are kept for sockets that come back. */
export interface HubLimits extends ReaderLagLimits {
  /** Bytes owed by a reader beyond which nothing is sent to it by itself until it has read. */
  readonly directBytes: number
  /** Requests a second and socket. */
  readonly requestsPerSecond: number
  /** Patches are kept this long, ms. */
  readonly resumeMs: number
  /** Bytes of patches that are kept, of all channels together. */
  readonly resumeBytes: number
}

/** The limits, if the configuration says nothing else. */
export const HUB_LIMITS: HubLimits = {
  lagBytes: 32 * 1024,
  lagMs: 500,
  lagBytesMax: 512 * 1024,
  deadAfterMs: 300_000,
  directBytes: 256 * 1024,
  requestsPerSecond: 100,
  resumeMs: 60_000,
  resumeBytes: 64 * 1024 * 1024,
}
