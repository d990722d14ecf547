import { parseArgs } from 'node:util'
import { NAME } from '../../streams/lib/names.ts'
import { HOUR } from '../../streams/market/candles.ts'
import { isTime } from '../../streams/market/ticks.ts'
import type { JsonObject } from '../../streams/wire/mergePatch.ts'
import { UsageError } from '../config/options.ts'
import type { HistoryPage } from '../storage/read/page.ts'
import { HOLLOW, type PlotPoint, plot } from './plot.ts'
import { pnlTable } from './pnlTable.ts'
import { RunningServer, ServerError } from './server.ts'

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
const OPTIONS = { from: text, to: text, url: text, token: text, csv: flag, json: flag }

/** Columns of `--csv`: the sums as they are, and the names of the assets that have no price or an older one. */
const SUMS = ['t', 'value', 'cost', 'unrealised', 'realised', 'income', 'expenses', 'fees', 'flows', 'total'] as const
const NAMES = ['unpriced', 'carried'] as const

/** Columns of what is no terminal. */
const WIDTH = 80
/** A terminal that is narrower gets lines that are too long. */
const LEAST_WIDTH = 40

interface Asked {
  readonly portfolio: string
  /** ms, `from ≤ t < to`; NaN if not given. */
  readonly from: number
  readonly to: number
  /** The hours are asked for. */
  readonly hours: boolean
  readonly form: 'text' | 'csv' | 'json'
}

/** `pnl PORTFOLIO …`: profit and loss of a portfolio of a running server, now and by hours. Gives the exit code. Throws UsageError. */
export const pnl = async (args: readonly string[], environment: Readonly<Record<string, string | undefined>>): Promise<number> => {
  const { asked, url, token = environment.DRIFTWIRE_TOKEN } = read(args)
  const server = new RunningServer(url ?? environment.DRIFTWIRE_URL, token, environment.DRIFTWIRE_PORT)
  // The reader of a pipe may close it early; then `say` reports it.
  process.stdout.on('error', () => {})
  try {
    await show(asked, path => server.get(path))
    return 0
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return 0
    if (!(error instanceof ServerError)) throw error
    console.error(`driftwire: ${error.message}`)
    return 1
  }
}

const show = async ({ portfolio, from, to, hours, form }: Asked, ask: <T>(path: string) => Promise<T>): Promise<void> => {
  const channel = `pnl:${portfolio}`
  const pages = async function* (): AsyncGenerator<HistoryPage['rows']> {
    const range = { ...(!Number.isNaN(from) && { from: String(from) }), ...(!Number.isNaN(to) && { to: String(to) }), step: String(HOUR) }
    for (let cursor: string | undefined; ; ) {
      const query = new URLSearchParams({ ...range, ...(cursor !== undefined && { cursor }) })
      const { rows, next } = await ask<HistoryPage>(`/v1/history/${channel}?${query}`)
      yield rows
      if (next === undefined) return
      cursor = next
    }
  }
  if (form === 'csv') {
    let header = `${[...SUMS, ...NAMES].join(',')}\n`
    for await (const rows of pages()) {
      await say(header + rows.map(csvLine).join(''))
      header = ''
    }
    return
  }
  const state = await ask<JsonObject>(`/v1/state/${channel}`)
  if (form === 'json') {
    await say(`{"state":${JSON.stringify(state)}`)
    let before = ',"rows":['
    if (hours) {
      for await (const rows of pages()) {
        for (const row of rows) {
          await say(`${before}${JSON.stringify(row)}`)
          before = ',\n'
        }
      }
    }
    await say(hours ? `${before.startsWith(',"') ? before : ''}]}\n` : '}\n')
    return
  }
  const width = Math.max(process.stdout.columns ?? WIDTH, LEAST_WIDTH)
  await say(`${pnlTable(portfolio, state, width).join('\n')}\n`)
  if (!hours) return
  const points: PlotPoint[] = []
  for await (const rows of pages()) for (const row of rows) points.push(pointOf(row))
  await say(`\n${seriesOf(points, from, to, String(state.quote ?? ''), width).join('\n')}\n`)
}

/** `total` by hours. A row has the end of its hour. */
const seriesOf = (points: readonly PlotPoint[], from: number, to: number, quote: string, width: number): string[] => {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined) return ['no hours of that time']
  const left = Number.isNaN(from) ? first.t - HOUR : from
  const right = Math.max(Number.isNaN(to) ? last.t : Math.min(to, Date.now()), left + HOUR)
  const whole = points.every(point => point.whole)
  return [
    `total in ${quote}, ${points.length} hours, times in UTC`,
    ...plot(points, { from: left, to: right, step: HOUR, width }),
    ...(points.some(({ value }) => Number.isNaN(value)) ? ['a gap: an asset had no price'] : []),
    ...(whole ? [] : [`${HOLLOW} an asset is at an older price`]),
  ]
}

const pointOf = ({ t, total, carried }: JsonObject): PlotPoint => ({
  t: Math.ceil((t as number) / HOUR) * HOUR,
  value: typeof total === 'number' ? total : Number.NaN,
  whole: namesOf(carried).length === 0,
})

const csvLine = (row: JsonObject): string =>
  `${[...SUMS.map(sum => row[sum] ?? ''), ...NAMES.map(name => namesOf(row[name]).join(' '))].join(',')}\n`

const namesOf = (value: unknown): string[] => (typeof value === 'object' && value !== null ? Object.keys(value) : [])

/** Resolves when the text is on its way, so that no more waits than was read. */
const say = (line: string): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(line, error => (error ? reject(error) : resolve()))
  })

const read = (args: readonly string[]): { asked: Asked; url?: string; token?: string } => {
  let given: ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>
  try {
    given = parseArgs({ args: [...args], options: OPTIONS, strict: true, allowPositionals: true })
  } catch (error) {
    throw new UsageError(`pnl: ${(error as Error).message.split(/\. |\n/)[0]}`)
  }
  const { from, to, csv = false, json = false, url, token } = given.values
  const [portfolio, ...more] = given.positionals
  if (portfolio === undefined || more.length > 0) throw new UsageError(`pnl: found ${given.positionals.length} portfolios, expected one`)
  if (!NAME.test(portfolio)) throw new UsageError(`pnl: found "${portfolio}", expected the id of a portfolio`)
  if (csv && json) throw new UsageError('--csv: found also --json, expected one of them')
  const asked: Asked = {
    portfolio,
    from: timeOf('from', from),
    to: timeOf('to', to),
    hours: csv || from !== undefined || to !== undefined,
    form: csv ? 'csv' : json ? 'json' : 'text',
  }
  if (asked.from >= asked.to) throw new UsageError(`--to: found "${to}", expected a time after --from`)
  return { asked, ...(url !== undefined && { url }), ...(token !== undefined && { token }) }
}

const ISO = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/

/** ms of "1723118400000" or of an ISO 8601 time, which without an offset is UTC; NaN if nothing is given. */
const timeOf = (name: string, given: string | undefined): number => {
  if (given === undefined) return Number.NaN
  const iso = given.replace(' ', 'T')
  const t = /^\d{10,16}$/.test(given)
    ? Number(given)
    : ISO.test(given) && new Date(iso.slice(0, 10)).getUTCDate() === Number(iso.slice(8, 10))
      ? Date.parse(iso.length === 10 || /(Z|[+-]\d\d:?\d\d)$/.test(iso.slice(10)) ? iso : `${iso}Z`)
      : Number.NaN
  if (!isTime(t)) throw new UsageError(`--${name}: found "${given}", expected ms since the epoch or an ISO 8601 time`)
  return t
}
