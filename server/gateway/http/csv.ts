import type { JsonObject } from '../../../streams/wire/mergePatch.ts'

/** Returns rows as CSV. Nested members become columns such as `day.n`; a column that a row does not have is empty there. */
export const csvOf = (rows: readonly JsonObject[]): string => {
  const flat = rows.map(row => new Map(flatten(row, '')))
  const columns = [...new Set(flat.flatMap(row => [...row.keys()]))]
  return [columns.map(cell).join(','), ...flat.map(row => columns.map(column => cell(row.get(column))).join(','))]
    .map(line => `${line}\n`)
    .join('')
}

const cell = (value: unknown): string => {
  const text = value === undefined ? '' : String(value)
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const flatten = function* (value: JsonObject, prefix: string): Iterable<[string, string | number | boolean]> {
  for (const [key, member] of Object.entries(value)) {
    if (typeof member !== 'object') yield [prefix + key, member]
    else yield* flatten(member as JsonObject, `${prefix}${key}.`)
  }
}
