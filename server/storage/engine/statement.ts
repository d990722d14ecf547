/** The little that has to be known of SQL's text to hand statements to an engine that takes text only. */

const READS = /^\s*(?:\/\*.*?\*\/\s*)*(?:SELECT|WITH|SHOW|DESCRIBE|DESC|EXISTS|EXPLAIN)\b/is
const FORMAT = /\bFORMAT\s+(\w+)\s*$/i
const INSERT = /^\s*(INSERT\s+INTO\s+\S+?\s*(?:\([^)]*\))?)\s*(SETTINGS\s.*?)?\s*FORMAT\s+(\w+)\s*$/is
const PLACEHOLDER = /\{(\w+)\s*:/g
const NAME = /^\w+$/

/** Whether a statement only reads. */
export const reads = (query: string): boolean => READS.test(query)

/** The format a SELECT ends with, where it can be streamed. */
export const streamFormat = (query: string): string | undefined =>
  /^\s*(?:SELECT|WITH)\b/i.test(query) ? FORMAT.exec(query)?.[1] : undefined

/** `INSERT INTO … FORMAT …` that takes its rows from a file. Throws where the statement has another form. */
export const insertFromFile = (query: string, path: string): string => {
  const [, into, settings, format] = INSERT.exec(query) ?? []
  if (into === undefined)
    throw new SyntaxError(`found "${query.slice(0, 60)}", expected INSERT INTO table (columns) [SETTINGS …] FORMAT name`)
  return `${into} FROM INFILE ${literal(path)} ${settings ?? ''} FORMAT ${format}`
}

/** The engine reads these as patterns in the name of a file. */
export const isPattern = (path: string): boolean => /[*?{}[\]]/.test(path)

/** `SET` statements for settings and bound parameters, in one. A parameter that the statement names and nobody gave is an error. */
export const assignments = (
  query: string,
  settings: Readonly<Record<string, unknown>>,
  parameters: Readonly<Record<string, unknown>>,
): string[] => {
  for (const [, name] of query.matchAll(PLACEHOLDER)) {
    if (!Object.hasOwn(parameters, name!)) throw new RangeError(`the statement names the parameter "${name}", which is not given`)
  }
  return [
    ...Object.entries(settings).map(([name, value]) => `${checked(name)} = ${literal(plain(value))}`),
    ...Object.entries(parameters).map(([name, value]) => `param_${checked(name)} = ${literal(escaped(value))}`),
  ]
}

/** The names of settings that the engine takes, of those that a client may bring; the rest concern HTTP. */
export const engineSettings = (settings: Readonly<Record<string, unknown>> = {}): Record<string, unknown> =>
  Object.fromEntries(Object.entries(settings).filter(([name, value]) => value !== undefined && !HTTP_ONLY.test(name)))

const HTTP_ONLY = /^(?:wait_end_of_query|send_progress_in_http_headers|default_format|buffer_size|enable_http_compression|http_\w+)$/

const checked = (name: string): string => {
  if (!NAME.test(name)) throw new RangeError(`found the name "${name}", expected letters, digits and _`)
  return name
}

const literal = (text: string): string => `'${text.replace(/[\\']/g, c => `\\${c}`)}'`

const plain = (value: unknown): string => (value === true ? '1' : value === false ? '0' : String(value))

const ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\0': '\\0', '\\': '\\\\', "'": "\\'" }

/** A parameter as the engine parses it: a text with escapes, within an array a quoted one. */
const escaped = (value: unknown): string => {
  if (value === null || value === undefined) return '\\N'
  if (Array.isArray(value))
    return `[${value.map(element => (typeof element === 'string' ? `'${escaped(element)}'` : escaped(element))).join(',')}]`
  return plain(value).replace(/[\t\n\r\0\\']/g, c => ESCAPES[c]!)
}
