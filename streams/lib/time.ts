/**
 * Times as files and venues write them. Stamps are told apart by their size: what is now has 10 digits in seconds, 13 in ms, 16 in µs and
 * 19 in ns, and no two of them overlap between 1973 and 5138.
 */

const MS_FROM = 1e11
/** A stamp from here on is in µs, or in ns. */
export const US_FROM = 1e14
const NS_FROM = 1e17

/** Returns ms since the epoch, with their fraction, of a stamp in seconds, ms, µs or ns, by its size. NaN stays NaN. */
export const fineTime = (stamp: number): number =>
  stamp < MS_FROM ? stamp * 1e3 : stamp < US_FROM ? stamp : stamp < NS_FROM ? stamp / 1e3 : stamp / 1e6

/** Returns ms since the epoch of a stamp in seconds, ms, µs or ns, by its size. What is finer than a ms is cut off. NaN stays NaN. */
export const stampTime = (stamp: number): number => {
  // Seconds with decimals are rounded to the µs first, because 0.587 s is no exact double.
  return stamp < MS_FROM ? Math.floor(Math.round(stamp * 1e6) / 1e3) : Math.floor(fineTime(stamp))
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?)?(?: ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?(?: UTC)?))?$/i

/** Returns ms since the epoch of a stamp as text, digits alone, in seconds, ms, µs or ns; NaN for anything else, such as an exponent. */
const stampText = (text: string): number => {
  let stamp = 0
  let digits = 0
  for (; digits < text.length; digits++) {
    const digit = text.charCodeAt(digits) - ZERO
    if (digit < 0 || digit > 9) break
    stamp = stamp * 10 + digit
  }
  if (digits === 0 || digits > 19) return Number.NaN
  if (digits < text.length) return FRACTION.test(text.slice(digits)) ? stampTime(Number(text)) : Number.NaN
  // A double does not hold 19 digits: those below a ms are cut off before it is one.
  return digits > 17 ? Number(text.slice(0, -6)) : stampTime(stamp)
}

const ZERO = 48
const FRACTION = /^\.\d*$/

/** Returns ms since the epoch of an ISO 8601 time, finer digits cut off; NaN if it is none. Without a zone it is UTC. */
export const isoTime = (text: string): number => {
  const m = ISO.exec(text)
  if (m === null) return Number.NaN
  const [year, month, day, hour, minute, second] = m.slice(1, 7).map(part => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  if (hour > 23 || minute > 59 || second > 59) return Number.NaN
  const t = Date.UTC(year, month - 1, day, hour, minute, second, Number((m[7] ?? '').slice(0, 3).padEnd(3, '0')))
  // A day that its month does not have would count as one of the next.
  return new Date(t).getUTCDate() === day && new Date(t).getUTCMonth() === month - 1 ? t - offset(m[8]) : Number.NaN
}

/** Returns the ms that a zone such as "+05:30" is ahead of UTC; 0 for a zone by name or none. */
const offset = (zone = ''): number => {
  const [, sign, hours, minutes = '0'] = /^([+-])(\d\d):?(\d\d)?/.exec(zone) ?? []
  if (hours === undefined) return 0
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}

/**
 * Returns ms since the epoch of a time as files write it: a stamp in seconds, ms, µs or ns, as text or number, or an ISO 8601 time, UTC if
 * it names no zone. NaN if it is none of these.
 */
export const timeOf = (value: unknown): number => {
  if (typeof value === 'number') return stampTime(value)
  if (typeof value !== 'string') return Number.NaN
  const stamp = stampText(value)
  return Number.isNaN(stamp) ? isoTime(value) : stamp
}
