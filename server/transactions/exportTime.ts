import { isoTime, timeOf } from '../../streams/lib/time.ts'

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** Times as exports write them beside stamps and ISO 8601, each turned into ISO 8601. None can be read in two ways: 01/02/2024 is not among them. */
const FORMS: readonly (readonly [RegExp, (...parts: string[]) => string])[] = [
  // 01.05.2024 12:00: with dots the day stands first.
  [/^(\d\d)\.(\d\d)\.(\d{4})(?: (\d\d:\d\d(?::\d\d)?))?$/, (day, month, year, time = '00:00') => `${year}-${month}-${day}T${time}`],
  [/^(\d{4})\/(\d\d)\/(\d\d)(?: (\d\d:\d\d(?::\d\d)?))?$/, (year, month, day, time = '00:00') => `${year}-${month}-${day}T${time}`],
  [/^(\d\d:\d\d(?::\d\d)?) (\d{4}-\d\d-\d\d)$/, (time, date) => `${date}T${time}`],
  // May. 01, 2024, 02:30 PM
  [
    /^([A-Z][a-z]{2})[a-z]*\.? (\d\d?), (\d{4}),? (\d\d?):(\d\d)(?::(\d\d))? ([AP]M)$/,
    (month, day, year, hour, minute, second = '00', half) => {
      const number = String(MONTHS.indexOf(month!.toLowerCase()) + 1).padStart(2, '0')
      return `${year}-${number}-${day!.padStart(2, '0')}T${String((Number(hour) % 12) + (half === 'PM' ? 12 : 0)).padStart(2, '0')}:${minute}:${second}`
    },
  ],
]

/**
 * Returns ms since the epoch of a time in an export; NaN if it is none. `zone` is that of its column ("UTC+08:00"), which counts if the time names
 * none. Without either it is UTC.
 */
export const exportTime = (text: string, zone = ''): number => {
  const iso = isoOf(text)
  const [, offset] = /^(?:UTC|GMT)([+-]\d{1,2}(?::\d\d)?)$/.exec(zone) ?? []
  if (offset !== undefined && /\d\d:\d\d(?::\d\d(?:\.\d+)?)?$/.test(iso) && !/[+-]\d\d:?\d\d$/.test(iso.slice(11)))
    return isoTime(iso + offset.replace(/^([+-])(\d)(?!\d)/, '$10$2'))
  return timeOf(iso)
}

const isoOf = (text: string): string => {
  for (const [form, iso] of FORMS) {
    const parts = form.exec(text)
    if (parts) return iso(...parts.slice(1))
  }
  return text
}
