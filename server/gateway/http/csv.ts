import type { Columns } from '../../storage/read/columns.ts'

/** Returns columns as CSV. What is null is empty. */
export const csvOf = (columns: Columns): string => {
  const names = Object.keys(columns)
  const values = Object.values(columns)
  const lines = (values[0] ?? []).map((_, row) => values.map(column => cell(column[row])).join(','))
  return [names.map(cell).join(','), ...lines].map(line => `${line}\n`).join('')
}

const cell = (value: unknown): string => {
  const text = value === undefined || value === null ? '' : String(value)
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
