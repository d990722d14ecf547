/** The few facts about SQL's text that are needed to give statements to an engine that takes text only. */

const READS = /^\s*(?:\/\*.*?\*\/\s*)*(?:SELECT|WITH|SHOW|DESCRIBE|DESC|EXISTS|EXPLAIN)\b/is
const FORMAT = /\bFORMAT\s+(\w+)\s*$/i
const INSERT = /^\s*(INSERT\s+INTO\s+\S+?\s*(?:\([^)]*\))?)\s*(SETTINGS\s.*?)?\s*FORMAT\s+(\w+)\s*$/is
const PLACEHOLDER = /\{(\w+)\s*:/g
const NAME = /^\w+$/

/** Returns whether a statement only reads. */
export const reads = (query: string): boolean => READS.test(query)

/** Returns the format that a SELECT ends with, if its answer can be streamed. */
export const streamFormat = (query: string): string | undefined =>
  /^\s*(?:SELECT|WITH)\b/i.test(query) ? FORMAT.exec(query)?.[1] : undefined

/** Returns an `INSERT INTO … FORMAT …` that takes its rows from a file. Throws if the statement has another form. */
export const insertFromFile = (query: string, path: string): string => {
  const [, into, settings, format] = INSERT.exec(query) ?? []
  if (into === undefined)
    throw new SyntaxError(`found "${query.slice(0, 60)}", expected INSERT INTO table (columns) [SETTINGS …] FORMAT name`)
  return `${into} FROM INFILE ${literal(path)} ${settings ?? ''} FORMAT ${format}`
}

/** Returns whether the engine reads the name of a file as a pattern. */
export const isPattern = (path: string): boolean => /[*?{}[\]]/.test(path)

/** Returns the assignments of a `SET` for settings and bound parameters. Throws if the statement names a parameter that is not given. */
export const assignments = (
  query: string,
  settings: Readonly<Record<string, unknown>>,
  parameters: Readonly<Record<string, unknown>>,
): string[] => {
  for (const [, name] of query.matchAll(PLACEHOLDER)) {
    if (!Object.hasOwn(parameters, name!))
      throw new RangeError(`parameter "${name}": found none, expected a value, since the statement names it`)
  }
  return [
    ...Object.entries(settings).map(([name, value]) => `${checked(name)} = ${literal(plain(value))}`),
    ...Object.entries(parameters).map(([name, value]) => `param_${checked(name)} = ${literal(escaped(value))}`),
  ]
}

/** Returns those of a client's settings that the engine takes; the rest concern HTTP. */
export const engineSettings = (settings: Readonly<Record<string, unknown>> = {}): Record<string, unknown> =>
  Object.fromEntries(Object.entries(settings).filter(([name, value]) => value !== undefined && !HTTP_ONLY.test(name)))

const HTTP_ONLY = /^(?:wait_end_of_query|send_progress_in_http_headers|default_format|buffer_size|enable_http_compression|http_\w+)$/

const checked = (name: string): string => {
  if (!NAME.test(name)) throw new RangeError(`found the name "${name}", expected letters, digits and _`)
  return name
}

/** Returns a text as SQL writes it. */
export const literal = (text: string): string => `'${text.replace(/[\\']/g, c => `\\${c}`)}'`

const plain = (value: unknown): string => (value === true ? '1' : value === false ? '0' : String(value))

const ESCAPES: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\0': '\\0', '\\': '\\\\', "'": "\\'" }

/** Returns a parameter as the engine parses it: a text with escapes, within an array a quoted one. */
const escaped = (value: unknown): string => {
  if (value === null || value === undefined) return '\\N'
  if (Array.isArray(value))
    return `[${value.map(element => (typeof element === 'string' ? `'${escaped(element)}'` : escaped(element))).join(',')}]`
  return plain(value).replace(/[\t\n\r\0\\']/g, c => ESCAPES[c]!)
}
