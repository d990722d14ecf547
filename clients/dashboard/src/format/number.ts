/** Numbers as text. All of it is pure; `Intl` costs several times as much and is not used where figures move. */

/** What stands in the place of a figure that is not known. */
export const ABSENT = '—'

const MINUS = '−'

/** Puts a comma between thousands of a run of digits. */
const grouped = (digits: string): string => {
  if (digits.length < 4) return digits
  let text = digits.slice(-3)
  for (let end = digits.length - 3; end > 0; end -= 3) text = `${digits.slice(Math.max(0, end - 3), end)},${text}`
  return text
}

const unsigned = (value: number, places: number): string => {
  const text = Math.abs(value).toFixed(places)
  const point = places === 0 ? text.length : text.length - places - 1
  // Above 10^21 toFixed writes an exponent; no figure of a market is as large.
  return text.includes('e') ? text : grouped(text.slice(0, point)) + text.slice(point)
}

const isZero = (text: string): boolean => !/[1-9]/.test(text)

const known = (value: number | undefined): value is number => value !== undefined && Number.isFinite(value)

/** Returns `1,234.50`; a dash if it is unknown. */
export const fixed = (value: number | undefined, places = 2): string => {
  if (!known(value)) return ABSENT
  const text = unsigned(value, places)
  return value < 0 && !isZero(text) ? MINUS + text : text
}

/** Returns `+1.23` or `−1.23`; zero has no sign. */
export const signed = (value: number | undefined, places = 2): string => {
  const text = fixed(value, places)
  return known(value) && value > 0 && !isZero(text) ? `+${text}` : text
}

/** Returns a share as `12.34 %`. */
export const percent = (share: number | undefined, places = 2): string => (known(share) ? `${fixed(share * 100, places)}\u00a0%` : ABSENT)

/** Returns a change as `+1.23 %`. */
export const signedPercent = (share: number | undefined, places = 2): string =>
  known(share) ? `${signed(share * 100, places)}\u00a0%` : ABSENT

/** Returns a share in basis points: `+1.2 bp`. */
export const basisPoints = (share: number | undefined): string => (known(share) ? `${signed(share * 1e4, 1)}\u00a0bp` : ABSENT)

const STEPS: readonly (readonly [number, string])[] = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
]

/** Returns large money as `12.35 M`; below a million as it is. */
export const compact = (value: number | undefined, places = 2): string => {
  if (!known(value)) return ABSENT
  const step = STEPS.find(([least]) => Math.abs(value) >= least)
  return step ? `${fixed(value / step[0], places)}\u00a0${step[1]}` : fixed(value, places)
}

/** Returns any figure in at most six significant digits: `1,234.56`, `0.0125`, `12.35 M`. */
export const plain = (value: number | undefined): string => {
  if (!known(value)) return ABSENT
  if (Math.abs(value) >= 1e6) return compact(value)
  if (value !== 0 && Math.abs(value) < 1e-6) return value.toExponential(3).replace('-', MINUS)
  const [, decimals = ''] = String(Number(value.toPrecision(6))).split('.')
  return fixed(value, decimals.length)
}

/** Returns a count. */
export const count = (value: number | undefined): string => fixed(value, 0)

/** Returns -1, 0 or 1 for what the text shows: what is too small to be shown has no direction. */
export const direction = (value: number | undefined, places: number): -1 | 0 | 1 => {
  if (!known(value) || isZero(Math.abs(value).toFixed(places))) return 0
  return value > 0 ? 1 : -1
}

/** Returns the places after the point that a price of this size is shown with: five significant digits, at least two places. */
export const placesOf = (price: number): number => {
  if (!Number.isFinite(price) || price === 0) return 2
  return Math.min(12, Math.max(2, 4 - Math.floor(Math.log10(Math.abs(price)))))
}

/** The places of each symbol's price. They stay as they are until the price has moved far, so that figures do not jump. */
export class PlacesBySymbol {
  private readonly kept = new Map<string, { readonly places: number; readonly price: number }>()

  /** Returns the places for this price of the symbol. */
  of(symbol: string, price: number | undefined): number {
    const before = this.kept.get(symbol)
    if (price === undefined || !Number.isFinite(price) || price === 0) return before?.places ?? 2
    const moved = before === undefined ? Number.POSITIVE_INFINITY : Math.abs(Math.log10(Math.abs(price / before.price)))
    if (before && moved < 1) return before.places
    const places = placesOf(price)
    this.kept.set(symbol, { places, price })
    return places
  }
}

/** Returns a decimal string that somebody owns with its thousands grouped and at most `places` places, cut off, never rounded up. */
export const amount = (text: string | undefined, places = 18): string => {
  const parts = text === undefined ? null : /^(-?)(\d+)(?:\.(\d*))?$/.exec(text)
  if (parts === null) return text ?? ABSENT
  const [, sign, whole, fraction = ''] = parts
  const rest = fraction.slice(0, places).replace(/0+$/, '')
  return `${sign ? MINUS : ''}${grouped(whole!)}${rest && `.${rest}`}`
}

/** Returns an amount that somebody owns in about ten digits, cut off, never rounded up: the whole of it stands in its tip. */
export const brief = (text: string | undefined): string => {
  const whole = /^-?(\d+)/.exec(text ?? '')?.[1]?.length ?? 0
  return amount(text, Math.max(2, 9 - whole))
}
