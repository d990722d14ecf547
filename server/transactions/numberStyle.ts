/** How the numbers of a file mark decimals and thousands. */
export type NumberStyle = 'point' | 'comma' | 'unclear'

const SEPARATED = /^[+-]?[\d.,]*[.,][\d.,]*$/
const SPACED = /^[+-]?\d{1,3}(?:[ \u00A0\u2009\u202F'’]\d{3})+(?:[.,]\d+)?$/
const SPACES = /[ \u00A0\u2009\u202F'’]/g
const POINT_GROUPS = /^[+-]?[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?$/
const COMMA_GROUPS = /^[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/
const POINT_DECIMAL = /^[+-]?\d*\.\d+$/
const COMMA_DECIMAL = /^[+-]?\d*,\d+$/

/**
 * Finds out how the numbers of a file are written. "1,234" is one thousand and more with a decimal point, and one and a bit with a decimal
 * comma: only other numbers of the file can say which.
 */
export class NumberStyles {
  private readonly delimiter: string
  private point = false
  private comma = false
  private ambiguous = false

  /** `delimiter` parts the fields: if it is a comma, decimals have a point unless the file shows otherwise. */
  constructor(delimiter: string) {
    this.delimiter = delimiter
  }

  /** Notes a field; one that is no number says nothing. */
  note(field: string): void {
    const text = field.trim()
    if (!SEPARATED.test(text)) return
    const asPoint = POINT_DECIMAL.test(text) || COMMA_GROUPS.test(text)
    const asComma = COMMA_DECIMAL.test(text) || POINT_GROUPS.test(text)
    if (asPoint && !asComma) this.point = true
    if (asComma && !asPoint) this.comma = true
    if (asPoint && asComma && text.includes(',')) this.ambiguous = true
  }

  get style(): NumberStyle {
    if (this.point && this.comma) return 'unclear'
    if (this.comma) return 'comma'
    if (this.point || !this.ambiguous || this.delimiter === ',') return 'point'
    return 'unclear'
  }
}

/**
 * Returns a number as it stands in a field, in the plain form: a decimal point and no separators. Undefined if it could be two numbers, or is
 * none with separators; a text without separators is returned as it is.
 */
export const plainNumber = (field: string, style: NumberStyle): string | undefined => {
  let text = field.trim()
  if (SPACED.test(text)) text = text.replace(SPACES, '')
  if (!text.includes(',') && !/\..*\./.test(text) && (style === 'point' || !POINT_GROUPS.test(text))) return text
  const asPoint = COMMA_GROUPS.test(text) || POINT_DECIMAL.test(text) ? text.replaceAll(',', '') : undefined
  const asComma = POINT_GROUPS.test(text) || COMMA_DECIMAL.test(text) ? text.replaceAll('.', '').replace(',', '.') : undefined
  if (asPoint === undefined || asComma === undefined) return asPoint ?? asComma
  return style === 'unclear' ? undefined : style === 'point' ? asPoint : asComma
}
