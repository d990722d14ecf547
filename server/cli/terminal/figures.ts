import { UNKNOWN } from '../../lib/plainText.ts'

/** Returns the figure as `write` writes it; a dash if it is unknown. */
export const shown = (write: (value: number) => string, value: unknown): string =>
  typeof value === 'number' && Number.isFinite(value) ? write(value) : UNKNOWN

/** Returns `1,234.50`; a value that rounds to zero has no sign. */
export const fixed = (value: number, places: number): string => {
  if (Math.abs(value) >= 1e15) return value.toExponential(3)
  const text = value.toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places })
  return /^-[0.,]*$/.test(text) ? text.slice(1) : text
}

/** Returns a share as per cent. */
export const percent = (share: number, places = 2): string => `${fixed(share * 100, places)} %`

/** Returns a price with `digits` digits, but at least two places of what is money. */
export const price = (value: number, digits: number): string => {
  const size = Math.abs(value)
  if (size >= 1) return fixed(value, size >= 10 ** (digits - 2) && digits < 6 ? Math.max(0, digits - 1 - Math.floor(Math.log10(size))) : 2)
  return plain(value, 4)
}

/** Returns a number with this many digits, without trailing zeros. */
export const plain = (value: number, digits: number): string => {
  const size = Math.abs(value)
  if (size === 0) return '0'
  if (size >= 1e15 || size < 1e-8) return value.toExponential(Math.max(0, digits - 3))
  return value.toLocaleString('en', { maximumFractionDigits: Math.min(18, Math.max(0, digits - 1 - Math.floor(Math.log10(size)))) })
}

/** Returns it as `plain` does, but short if it is large. */
export const amount = (value: number, digits: number): string => (Math.abs(value) < 1e6 ? plain(value, digits) : short(value))

/** Returns four digits, such as 12.35M; of what is next to nothing two. */
export const short = (value: number): string => {
  const size = Math.abs(value)
  const power = Math.min(4, Math.max(0, Math.floor(Math.log10(size || 1) / 3)))
  if (size >= 1e16) return value.toExponential(2)
  if (size > 0 && size < 1e-4) return value.toExponential(1)
  return power === 0 ? plain(value, 4) : `${Number((value / 1000 ** power).toPrecision(4))}${['', 'k', 'M', 'B', 'T'][power]}`
}

/** Returns how the numbers of a column are written: all with as many places as give the largest `digits` digits, without zeros that all have. */
export const aligned = (values: readonly number[], digits: number): ((value: number) => string) => {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  if (largest >= 1e15 || (largest > 0 && largest < 1e-8)) return value => plain(value, digits)
  const most = Math.min(18, Math.max(0, digits - 1 - Math.floor(Math.log10(largest || 1))))
  const needed = values.reduce((places, value) => {
    const decimals = /\.(\d*?)0*$/.exec(value.toFixed(most))?.[1]?.length ?? 0
    return Math.max(places, decimals)
  }, 0)
  return value => fixed(value, needed)
}

/** Returns a length of time, of two parts at most: `850 ms`, `12.3 s`, `4 min 5 s`, `3 h 12 min`, `9 d 4 h`. */
export const span = (ms: number): string => {
  const size = Math.max(0, ms)
  if (size < 1_000) return `${Math.round(size)} ms`
  if (size < 59_950) return `${(size / 1_000).toFixed(1)} s`
  for (const [unit, part, name, lesser] of UNITS) {
    if (size < unit) continue
    const whole = Math.floor(size / unit)
    const rest = Math.floor((size - whole * unit) / part)
    return rest === 0 ? `${whole} ${name}` : `${whole} ${name} ${rest} ${lesser}`
  }
  return '1 min'
}

const UNITS = [
  [86_400_000, 3_600_000, 'd', 'h'],
  [3_600_000, 60_000, 'h', 'min'],
  [60_000, 1_000, 'min', 's'],
] as const

/** Returns a time in UTC as `2024-08-08 12:00:00`, ms if there are any. */
export const moment = (t: number): string =>
  new Date(t)
    .toISOString()
    .replace('T', ' ')
    .replace(/(\.000)?Z$/, '')
