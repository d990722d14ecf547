import { isTime } from '../../streams/market/ticks.ts'
import { UsageError } from '../config/options.ts'

/** The ends of a stretch of time, as typed. */
export interface TimeOptions {
  readonly from?: string | undefined
  readonly to?: string | undefined
}

const ISO = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/
const AGO = /^(\d{1,6})(s|m|h|d)$/
const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/**
 * Returns the ms of "1723118400000", of an ISO 8601 time, which without an offset is UTC, or of "90m", so long before `now`; NaN if nothing is
 * given. Throws UsageError for anything else.
 */
export const timeOf = (name: string, given: string | undefined, now = Date.now()): number => {
  if (given === undefined) return Number.NaN
  const [, count, unit] = AGO.exec(given) ?? []
  const iso = given.replace(' ', 'T')
  const t = /^\d{10,16}$/.test(given)
    ? Number(given)
    : unit !== undefined
      ? now - Number(count) * UNITS[unit]!
      : ISO.test(given) && new Date(iso.slice(0, 10)).getUTCDate() === Number(iso.slice(8, 10))
        ? Date.parse(iso.length === 10 || /(Z|[+-]\d\d:?\d\d)$/.test(iso.slice(10)) ? iso : `${iso}Z`)
        : Number.NaN
  if (!isTime(t))
    throw new UsageError(`--${name}: found "${given}", expected ms since the epoch, an ISO 8601 time, or 90m for 90 minutes ago`)
  return t
}

/** Returns the two ends of a stretch of time, ms; NaN for one that is not given. Throws UsageError. */
export const rangeOf = ({ from, to }: TimeOptions): { readonly from: number; readonly to: number } => {
  const now = Date.now()
  const range = { from: timeOf('from', from, now), to: timeOf('to', to, now) }
  if (range.from >= range.to) throw new UsageError(`--to: found "${to}", expected a time after --from`)
  return range
}

/** Returns the ms of "60s", "5m", "1h" or "1d". Throws UsageError for what is no length of time of at least a second. */
export const spanOf = (name: string, given: string): number => {
  const [, count, unit] = AGO.exec(given) ?? []
  const ms = unit === undefined ? Number.NaN : Number(count) * UNITS[unit]!
  if (!(ms >= 1_000)) throw new UsageError(`--${name}: found "${given}", expected a time such as 60s`)
  return ms
}
