/**
 * Returns the fields of one line of CSV (RFC 4180 without line breaks in fields). An unclosed quote takes the rest of the line; a field
 * that goes on behind its closing quote is not of this form and is returned as it stands.
 */
export const csvFields = (line: string): string[] => {
  if (!line.includes('"')) return line.split(',')
  const fields: string[] = []
  let start = 0
  for (;;) {
    let i = start
    let field: string | undefined
    if (line[i] === '"') {
      field = ''
      i += 1
      for (;;) {
        const end = line.indexOf('"', i)
        if (end < 0) return [...fields, field + line.slice(i)]
        field += line.slice(i, end)
        i = end + 1
        if (line[i] !== '"') break
        field += '"'
        i += 1
      }
    }
    const comma = line.indexOf(',', i)
    const end = comma < 0 ? line.length : comma
    fields.push(field === undefined || i < end ? line.slice(start, end) : field)
    if (comma < 0) return fields
    start = comma + 1
  }
}
