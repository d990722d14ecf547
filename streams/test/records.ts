/** The rows of a CSV file without quotes, by the names of its columns; a field that a row lacks is ''. */
export const records = ([header, ...lines]: readonly string[]): Record<string, string>[] => {
  const columns = header!.split(',')
  return lines.map(line => {
    const fields = line.split(',')
    return Object.fromEntries(columns.map((column, i) => [column, fields[i] ?? '']))
  })
}
