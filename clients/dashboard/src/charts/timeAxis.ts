import { clock, day } from '../format/time.ts'

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

const dateOf = (t: number): string => `${Number(day(t).slice(8))} ${MONTHS[Number(day(t).slice(5, 7)) - 1]}`

/** Returns the labels of a time axis in UTC: the time of day, and the date under the first one of each day. */
export const timeLabels = (splits: readonly number[], step: number): string[] => {
  let before = ''
  return splits.map(t => {
    const date = dateOf(t)
    const first = date !== before
    before = date
    if (step >= 86_400_000) return step >= 28 * 86_400_000 ? `${MONTHS[Number(day(t).slice(5, 7)) - 1]} ${day(t).slice(0, 4)}` : date
    const time = step < 60_000 ? clock(t) : clock(t).slice(0, 5)
    return first ? `${time}\n${date}` : time
  })
}

/** Returns labels of an axis of which none repeats the one before: an axis of days has more marks than days if there are few. */
export const withoutRepeats = (labels: readonly string[]): string[] => labels.map((label, i) => (label === labels[i - 1] ? '' : label))
