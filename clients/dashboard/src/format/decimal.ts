/** Exact decimals of up to 18 places, as the ledger writes them. */

const PLACES = 18

/** Returns a decimal string as a whole number of 10⁻¹⁸; undefined if it is none. */
export const unitsOf = (text: string): bigint | undefined => {
  const parts = /^(-?)(\d{1,30})(?:\.(\d{1,18}))?$/.exec(text.trim())
  if (!parts) return undefined
  const [, sign, whole, fraction = ''] = parts
  const units = BigInt(whole! + fraction.padEnd(PLACES, '0'))
  return sign ? -units : units
}

/** Writes what `unitsOf` reads. */
export const decimalOf = (units: bigint): string => {
  const digits = (units < 0n ? -units : units).toString().padStart(PLACES + 1, '0')
  const fraction = digits.slice(-PLACES).replace(/0+$/, '')
  return `${units < 0n ? '-' : ''}${digits.slice(0, -PLACES)}${fraction && `.${fraction}`}`
}

/** Returns a − b of two decimal strings. */
export const minus = (a: string, b: string): string => decimalOf((unitsOf(a) ?? 0n) - (unitsOf(b) ?? 0n))

/** Returns whether an amount is above zero and a whole multiple of a unit. */
export const isMultiple = (amount: string, unit: string): boolean => {
  const [n, of] = [unitsOf(amount), unitsOf(unit)]
  return n !== undefined && of !== undefined && n > 0n && of > 0n && n % of === 0n
}
