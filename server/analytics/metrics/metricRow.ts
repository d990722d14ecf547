import { faultOf, type SourcedFact } from '../../../streams/analytics/features/metricLog.ts'
import { isMetric, knownFrom, type Metric } from '../../../streams/analytics/features/metrics.ts'
import { NAME, NAME_FORM } from '../../../streams/lib/names.ts'
import { timeOf } from '../../../streams/lib/time.ts'
import { FIRST_MS, LAST_MS } from '../../storage/engine/rowBinary.ts'

/** A row is no metric: why, and nothing of the row but what was found. */
class BadMetric extends Error {}

/** A row of a file, or what is wrong with it. */
export type MetricLine = { readonly line: number; readonly fact: SourcedFact } | { readonly line: number; readonly why: string }

/** The columns of a row; those that may be missing are `false`. */
export const METRIC_COLUMNS = {
  asset: true,
  metric: true,
  period: true,
  value: true,
  available_at: false,
  source: false,
  ref: false,
} as const

/** A source that names none. */
const IMPORTED = 'import'
const REF_MAX = 200
/** A number as files write it: not 0x10, which is rather an address. */
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
const MONTH = /^\d{4}-\d\d$/
/** Characters of what is found that an error repeats. */
const FOUND_MAX = 80

/**
 * Reads a row as files and requests have it: texts of CSV, or the members of an object. `period` is any time in ms or ISO 8601, or a month such as 2024-06;
 * `available_at` is when the period can be known at the earliest, if it is left out. An empty `value` is not known. Throws BadMetric.
 */
const readMetric = (row: Readonly<Record<string, unknown>>): SourcedFact => {
  const unknown = Object.keys(row).find(name => !Object.hasOwn(METRIC_COLUMNS, name))
  if (unknown !== undefined) throw bad('', unknown, `no others than ${Object.keys(METRIC_COLUMNS).join(', ')}`)
  const asset = textIn(row, 'asset')
  if (!NAME.test(asset)) throw bad('asset', asset, NAME_FORM)
  const metric = textIn(row, 'metric')
  if (!isMetric(metric)) throw bad('metric', metric, 'a metric of docs/analytics.md such as tvl')
  const source = textIn(row, 'source', IMPORTED)
  if (!NAME.test(source)) throw bad('source', source, NAME_FORM)
  const ref = textIn(row, 'ref', '')
  if (ref.length > REF_MAX) throw bad('ref', ref, `at most ${REF_MAX} characters`)
  const period = periodIn(row)
  return { asset, metric, period, availableAt: knownIn(row, metric, period), value: valueIn(row), source, ref }
}

const textIn = (row: Readonly<Record<string, unknown>>, name: string, otherwise?: string): string => {
  const given = row[name]
  const text = given === undefined || given === '' ? otherwise : given
  if (typeof text !== 'string') throw bad(name, given, 'a text')
  return text
}

const periodIn = ({ period }: Readonly<Record<string, unknown>>): number =>
  timeIn(
    'period',
    typeof period === 'string' && MONTH.test(period) ? `${period}-01` : period,
    'ms since the epoch, a day such as 2024-06-15 or a month such as 2024-06',
  )

const knownIn = ({ available_at }: Readonly<Record<string, unknown>>, metric: Metric, period: number): number =>
  available_at === undefined || available_at === ''
    ? knownFrom(metric, period)
    : timeIn('available_at', available_at, 'ms since the epoch or an ISO 8601 time')

const timeIn = (name: string, given: unknown, expected: string): number => {
  const t = timeOf(given)
  if (!(t >= FIRST_MS && t <= LAST_MS)) throw bad(name, given, expected)
  return t
}

const valueIn = ({ value }: Readonly<Record<string, unknown>>): number | null => {
  if (value === null || value === '') return null
  const read = typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value
  if (typeof read !== 'number' || !Number.isFinite(read)) throw bad('value', value, 'a number, or nothing if it is not known')
  return read
}

const bad = (where: string, found: unknown, expected: string): BadMetric => {
  // JSON has numbers that are too large to be one here, and would write them as null.
  const text =
    found === undefined ? 'nothing' : (typeof found === 'number' ? `${found}` : (JSON.stringify(found) ?? '')).slice(0, FOUND_MAX)
  return new BadMetric(`${where === '' ? '' : `${where}: `}found ${text}, expected ${expected}`)
}

/** Returns the members of an object in JSON. Throws BadMetric. */
export const recordIn = (text: string): Readonly<Record<string, unknown>> => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new BadMetric('the line is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadMetric('expected an object')
  return value as Readonly<Record<string, unknown>>
}

/** Reads a row, and checks that it can be a fact. */
export const checked = (line: number, now: number, row: () => Readonly<Record<string, unknown>>): MetricLine => {
  try {
    const fact = readMetric(row())
    const why = faultOf(fact, now)
    return why === undefined ? { line, fact } : { line, why }
  } catch (error) {
    if (!(error instanceof BadMetric)) throw error
    return { line, why: error.message }
  }
}
