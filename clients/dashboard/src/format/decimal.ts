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

/** Returns an amount of a token of `decimals` decimals in its smallest units; undefined if it is none, or not above zero. */
export const rawOf = (text: string, decimals: number): string | undefined => {
  const [, whole, fraction = ''] = /^(\d{1,40})(?:\.(\d+))?$/.exec(text.trim()) ?? []
  if (whole === undefined || fraction.length > decimals) return undefined
  const raw = (whole + fraction.padEnd(decimals, '0')).replace(/^0+/, '')
  return raw === '' || raw.length > 78 ? undefined : raw
}

/** Writes smallest units of a token of `decimals` decimals as a decimal. */
export const wholeOf = (raw: string, decimals: number): string => {
  const digits = raw.padStart(decimals + 1, '0')
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
  return digits.slice(0, digits.length - decimals) + (decimals > 0 && fraction ? `.${fraction}` : '')
}
