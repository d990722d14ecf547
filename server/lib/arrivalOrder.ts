/**
 * The place of a request in the order of arrival. Numbers rise with time: a socket has the number of its opening, an HTTP request that of
 * its beginning, and a question for an order that of its asking.
 */
export interface Origin {
  readonly source: number
  readonly at: number
}

let moments = 0
/** Returns a number above all that it has returned before. */
export const nextMoment = (): number => ++moments
