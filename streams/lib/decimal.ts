/**
 * Amounts that somebody owns: exact decimals with at most 18 places, held as `bigint` in units of 10⁻¹⁸.
 * Nothing that is owned ever passes through a float; `toNumber` is for measures only.
 */

/** Decimal places of an amount. */
const PLACES = 18
/** One unit, as an amount. */
export const ONE = 10n ** 18n

/** Characters of a decimal. No amount has more; making a number of millions of digits would take seconds. */
const TEXT_MAX = 1_000
const FORM = /^([+-]?)(\d+)(?:\.(\d+))?$/

/**
 * Reads a plain decimal ("12", "-0.5", "1.000"). Returns undefined for anything else: exponents, blanks, more than 18 significant places,
 * more than 1,000 characters.
 */
export const parseDecimal = (text: string): bigint | undefined => {
  if (text.length > TEXT_MAX) return undefined
  const m = FORM.exec(text)
  if (!m) return undefined
  const fraction = (m[3] ?? '').replace(/0+$/, '')
  if (fraction.length > PLACES) return undefined
  const digits = BigInt(m[2]! + fraction.padEnd(PLACES, '0'))
  return m[1] === '-' ? -digits : digits
}

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/
/** Characters of a number. Nothing that anybody owns is written longer, and reading a long one would take long. */
const NUMBER_CHARS_MAX = 100

/**
 * Reads a number as files and programs write it, exactly: also ".5", "5." and exponents ("8.5E-6", "0E-8"). Returns undefined for anything
 * else, for more than 18 significant places, and for an exponent beyond 60.
 */
export const parseNumber = (text: string): bigint | undefined => {
  const [, sign, whole, fraction = '', exponent = '0'] = (text.length <= NUMBER_CHARS_MAX && NUMBER.exec(text)) || []
  if (whole === undefined || whole + fraction === '') return undefined
  const digits = BigInt(whole + fraction)
  if (digits === 0n) return 0n
  const shift = Number(exponent) - fraction.length + PLACES
  if (Math.abs(Number(exponent)) > EXPONENT_MAX) return undefined
  const scale = 10n ** BigInt(Math.abs(shift))
  if (shift < 0 && digits % scale !== 0n) return undefined
  const amount = shift < 0 ? digits / scale : digits * scale
  return sign === '-' ? -amount : amount
}
const EXPONENT_MAX = 60

/** Reads a plain decimal that was written before. Throws TypeError for anything else. */
export const readDecimal = (text: unknown): bigint => {
  const amount = typeof text === 'string' ? parseDecimal(text) : undefined
  if (amount === undefined) throw new TypeError(`found ${JSON.stringify(text)}, expected a decimal`)
  return amount
}

/** Returns the shortest plain decimal: "1", "-0.5", never an exponent or trailing zeros. */
export const formatDecimal = (amount: bigint): string => {
  const negative = amount < 0n
  const digits = (negative ? -amount : amount).toString()
  const point = digits.length - PLACES
  const whole = point > 0 ? digits.slice(0, point) : '0'
  const start = Math.max(point, 0)
  let end = digits.length
  while (end > start && digits.charCodeAt(end - 1) === ZERO) end--
  const fraction = end > start ? `.${'0'.repeat(Math.max(-point, 0))}${digits.slice(start, end)}` : ''
  return (negative ? '-' : '') + whole + fraction
}
const ZERO = 0x30

/** Returns the nearest double: for measures, never for what is owned. */
export const toNumber = (amount: bigint): number => Number(formatDecimal(amount))

/**
 * Returns the decimal that a double prints as, cut to 18 places toward zero; undefined for NaN and infinities.
 * A double is a measure; this is the one way for a price to become part of an amount.
 */
export const fromNumber = (value: number): bigint | undefined => {
  if (!Number.isFinite(value)) return undefined
  const m = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value))!
  const fraction = m[3] ?? ''
  const shift = Number(m[4] ?? 0) - fraction.length + PLACES
  const digits = BigInt(m[2]! + fraction)
  const scaled = shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift)
  return m[1] ? -scaled : scaled
}

/** Returns a × b, rounded toward negative infinity at 18 places. */
export const mulDown = (a: bigint, b: bigint): bigint => divFloor(a * b, ONE)

/** Returns a × b, rounded toward positive infinity at 18 places. */
export const mulUp = (a: bigint, b: bigint): bigint => {
  const product = a * b
  const cut = product / ONE
  return product > 0n && cut * ONE !== product ? cut + 1n : cut
}

/** Returns a ÷ b, rounded toward negative infinity at 18 places. Throws RangeError if b is zero. */
export const divDown = (a: bigint, b: bigint): bigint => divFloor(a * ONE, b)

/** Returns a ÷ b, rounded toward negative infinity; `/` of integers cuts toward zero. */
const divFloor = (a: bigint, b: bigint): bigint => {
  const cut = a / b
  return a < 0n !== b < 0n && cut * b !== a ? cut - 1n : cut
}
