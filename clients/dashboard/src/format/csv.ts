/** A value of a file. */
export type Value = number | string | undefined

const quoted = (value: Value): string => {
  const text = value === undefined || Number.isNaN(value) ? '' : String(value)
  // A text that a spreadsheet would take for a formula is marked as text.
  const safe = typeof value === 'string' && /^[=+@\t]/.test(text) ? `'${text}` : text
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Returns rows as CSV (RFC 4180). What is not known is empty, never zero. */
export const csvOf = (heads: readonly string[], rows: readonly (readonly Value[])[]): string =>
  [heads, ...rows].map(row => `${row.map(quoted).join(',')}\r\n`).join('')
