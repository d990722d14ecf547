import { timeOf } from '../../../streams/lib/time.ts'
import type { Side } from '../../../streams/market/ticks.ts'

/** A number as venues and files write it, as text or as a JSON number; NaN for anything else. */
export const decimal = (value: unknown): number =>
  typeof value === 'string' ? decimalText(value) : typeof value === 'number' ? value : Number.NaN

const DECIMAL = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/
const POWERS = Array.from({ length: 16 }, (_, k) => 10 ** k)
const DOT = 46
const ZERO = 48

/** Up to 15 digits are an exact integer, and dividing it by an exact power of ten rounds once: what `Number` gives, at a fifth of the cost. */
const decimalText = (text: string): number => {
  const { length } = text
  let mantissa = 0
  let dot = -1
  for (let i = 0; i < length && i < 16; i++) {
    const code = text.charCodeAt(i)
    const digit = code - ZERO
    if (digit >= 0 && digit <= 9) mantissa = mantissa * 10 + digit
    else if (code === DOT && dot < 0) dot = i
    else return decimalForm(text)
  }
  const digits = dot < 0 ? length : length - 1
  if (digits < 1 || digits > 15) return decimalForm(text)
  return dot < 0 ? mantissa : mantissa / POWERS[length - 1 - dot]!
}

const decimalForm = (text: string): number => (DECIMAL.test(text) ? Number(text) : Number.NaN)

/** Returns a number of a CSV field, also one with separated thousands ("61,234.50"), which only a quoted field can hold; NaN if it is none. */
export const csvNumber = (text: string | undefined): number => {
  const value = decimal(text)
  return Number.isNaN(value) && text !== undefined && THOUSANDS.test(text) ? Number(text.replaceAll(',', '')) : value
}

/** Thousands and a decimal point: "1,234" alone may be a number with a decimal comma. */
const THOUSANDS = /^\d{1,3}(?:,\d{3})+\.\d+$/

/** Returns ms since the epoch of an RFC 3339 time, finer digits cut off, UTC if it names no zone; NaN if there is none. */
export const isoTime = (value: unknown): number => {
  if (typeof value !== 'string') return Number.NaN
  return value.endsWith('Z') ? Date.parse(value) : timeOf(value)
}

/** ms since the epoch of seconds with up to six decimals. Rounded to the microsecond first, because 0.587 s is no exact double. */
export const secondsTime = (value: unknown): number => Math.floor(Math.round(decimal(value) * 1e6) / 1e3)

/** A trade's id, which venues write as text or as a number. A trade without one is not of the documented form: TypeError. */
export const idOf = (value: unknown): string => {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string' && value !== '') return value
  throw new TypeError('a trade without an id')
}

/**
 * Returns the price of a side of a quote; NaN if nobody stands there, which venues say by no price, an empty one, zero, or nothing at it.
 * A price that is no number is -1, which no quote takes.
 */
export const sideOfQuote = (price: unknown, size?: unknown): number => {
  if (price === undefined || price === null || price === '' || decimal(size) === 0) return Number.NaN
  const value = decimal(price)
  return value === 0 ? Number.NaN : Number.isNaN(value) ? -1 : value
}

const SIDES = new Map<unknown, Side>([
  ...['buy', 'Buy', 'BUY', 'b'].map(name => [name, 'buy'] as const),
  ...['sell', 'Sell', 'SELL', 's'].map(name => [name, 'sell'] as const),
])

/** `Buy`, `BUY`, `b` …; '' for anything else. */
export const sideOf = (value: unknown): Side => SIDES.get(value) ?? ''

/** Returns the other side; none stays none. */
export const opposite = (side: Side): Side => (side === 'buy' ? 'sell' : side === 'sell' ? 'buy' : '')
