import { csvFields } from '../lib/csv.ts'

/** The rows of a CSV file by the names of its columns; a field that a row lacks is ''. */
export const records = ([header, ...lines]: readonly string[]): Record<string, string>[] => {
  const columns = csvFields(header!)
  return lines.map(line => {
    const fields = csvFields(line)
    return Object.fromEntries(columns.map((column, i) => [column, fields[i] ?? '']))
  })
}
