/**
 * The place of a request in the order of arrival. Numbers rise with time: a socket has the number of its opening, an HTTP request that of
 * its beginning, and a question for an order that of its asking.
 */
export interface Origin {
  /** Names the socket or the request among all others, of all gateways. */
  readonly source: number | string
  readonly at: number
}

/** Moments of one ms: this many entries of a Redis stream may have one time. */
const PER_MS = 4_096

let newest = 0

/** Returns a number above all that it has returned before, and above all moments that were seen. */
export const nextMoment = (): number => {
  newest = Math.max(newest + 1, Date.now() * PER_MS)
  return newest
}
/** Returns the moment of an entry of a Redis stream, by its id (`ms-n`). Moments of one stream rise as its entries do. */
export const momentOf = (id: string): number => {
  const [ms, n] = id.split('-')
  return Number(ms) * PER_MS + Math.min(Number(n), PER_MS - 1)
}

/** Notes a moment of elsewhere: whatever begins from now on comes after it. */
export const momentSeen = (moment: number): void => {
  newest = Math.max(newest, moment)
}
