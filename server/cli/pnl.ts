import { NAME } from '../../streams/lib/names.ts'
import { HOUR } from '../../streams/market/candles.ts'
import type { JsonObject } from '../../streams/wire/mergePatch.ts'
import { UsageError } from '../config/options.ts'
import type { HistoryPage } from '../storage/read/page.ts'
import { pnlTable } from './pnlTable.ts'
import { type ServerOptions, serverOf } from './server.ts'
import { HOLLOW, type PlotPoint, plot } from './terminal/plot.ts'
import { say, saying } from './terminal/say.ts'
import { rangeOf } from './times.ts'

type Environment = Readonly<Record<string, string | undefined>>

interface PnlOptions extends ServerOptions {
  readonly from?: string
  readonly to?: string
  readonly csv?: boolean
  readonly json?: boolean
}

/** Columns of `--csv`: the sums as they are, and the names of the assets that have no price or an older one. */
const SUMS = ['t', 'value', 'cost', 'unrealised', 'realised', 'income', 'expenses', 'fees', 'flows', 'total'] as const
const NAMES = ['unpriced', 'carried'] as const

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

/** Runs `pnl PORTFOLIO …`: profit and loss of a portfolio of a running server, now and by hours. Returns the exit code. Throws UsageError. */
export const pnl = async (portfolio: string, options: PnlOptions, environment: Environment, columns: number): Promise<number> => {
  const asked = read(portfolio, options)
  const server = serverOf(options, environment)
  await saying(() => show(asked, Math.max(columns, LEAST_WIDTH), path => server.get(path)))
  return 0
}

const show = async ({ portfolio, from, to, hours, form }: Asked, width: number, ask: <T>(path: string) => Promise<T>): Promise<void> => {
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

const read = (portfolio: string, { from, to, csv = false, json = false }: PnlOptions): Asked => {
  if (!NAME.test(portfolio)) throw new UsageError(`pnl: found "${portfolio}", expected the id of a portfolio`)
  return {
    portfolio,
    ...rangeOf({ from, to }),
    hours: csv || from !== undefined || to !== undefined,
    form: csv ? 'csv' : json ? 'json' : 'text',
  }
}
