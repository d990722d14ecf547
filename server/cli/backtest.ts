import { pino } from 'pino'
import { type Backtest, BacktestRun, type PastRebalance } from '../../streams/fund/backtest.ts'
import { backtestReport, growth } from '../../streams/fund/backtestReport.ts'
import type { FundSpec } from '../../streams/fund/spec.ts'
import { namesOf } from '../../streams/market/assetEvent.ts'
import { symbolMap } from '../../streams/market/symbols.ts'
import { configuredFacts } from '../config/assetFacts.ts'
import { fundSpecs } from '../config/fundSpecs.ts'
import { UsageError } from '../config/options.ts'
import { readSettings } from '../config/settings.ts'
import { wantedSymbols } from '../config/wantedSymbols.ts'
import { type Column, table } from '../lib/textTable.ts'
import { type Asked, recordedPrices, storedPrices } from './backtestPrices.ts'
import { type ServerOptions, serverOf } from './server.ts'
import { plot } from './terminal/plot.ts'
import { timeOf } from './times.ts'

type Environment = Readonly<Record<string, string | undefined>>

interface BacktestOptions extends ServerOptions {
  readonly fund?: string
  readonly from?: string
  readonly to?: string
  readonly feed?: string[]
  readonly json?: boolean
}

/** Runs `backtest CONFIG …`: prints what its fund would have done. Returns the exit code. Throws UsageError. */
export const runBacktest = async (file: string, options: BacktestOptions, environment: Environment, width: number): Promise<number> => {
  const { config } = readSettings({ config: file }, {}, file)
  const spec = chosen(fundSpecs(config), options.fund)
  const facts = await configuredFacts(config, file)
  const assets = [...wantedSymbols([spec], [], [], config.quote)].map(symbol => symbol.slice(0, -config.quote.length - 1))
  const asked: Asked = {
    assets: namesOf(assets, facts.events),
    quote: config.quote,
    from: time('from', options.from, 0),
    to: time('to', options.to, Number.POSITIVE_INFINITY),
  }
  if (asked.from >= asked.to) throw new UsageError(`--to: found ${options.to}, expected a time after --from ${options.from}`)
  const run = new BacktestRun(spec, Math.max(config.staleAfterMs, STALE_MINUTES), facts)
  const log = pino({ level: 'warn' }, pino.destination(2))
  const moments = options.feed
    ? recordedPrices(options.feed, symbolMap(config.symbols), asked, log)
    : storedPrices(serverOf(options, environment), bounded(asked))
  for await (const moment of moments) run.apply(moment)
  const result = run.result()
  if ('pending' in result) {
    console.error(`driftwire: ${spec.id} cannot begin: no price of ${result.pending.join(', ') || 'enough assets'} in this time`)
    return 1
  }
  console.log(options.json ? JSON.stringify(backtestReport(spec, result)) : report(spec, result, width))
  return 0
}

/** Two candles, as a replay has it. */
const STALE_MINUTES = 2 * 60_000

const chosen = (funds: readonly FundSpec[], id: string | undefined): FundSpec => {
  const ids = funds.map(fund => fund.id).join(', ') || 'none'
  const found = id === undefined && funds.length === 1 ? funds[0] : funds.find(fund => fund.id === id)
  if (found === undefined) throw new UsageError(`--fund: found ${id === undefined ? 'nothing' : `"${id}"`}, expected one of: ${ids}`)
  return found
}

/** A store is asked for a time that has two ends. */
const bounded = (asked: Asked): Asked => {
  if (asked.from === 0 || asked.to === Number.POSITIVE_INFINITY)
    throw new UsageError('--from, --to: found only a part, expected both where no --feed gives the prices')
  return asked
}

const time = (name: string, text: string | undefined, otherwise: number): number => {
  if (text === undefined) return otherwise
  return /^\d+$/.test(text) ? Number(text) : timeOf(name, text)
}

const percent = (share: number): string => `${(share * 100).toFixed(3)} %`
const day = (t: number): string => new Date(t).toISOString().slice(0, 16).replace('T', ' ')

interface Row {
  readonly what: string
  readonly first: string
  readonly last: string
  readonly change: string
}
const ROWS: readonly Column<Row>[] = [
  { head: '', cell: ({ what }) => what, left: true },
  { head: 'first', cell: ({ first }) => first },
  { head: 'last', cell: ({ last }) => last },
  { head: 'change', cell: ({ change }) => change },
]
const REBALANCES: readonly Column<PastRebalance>[] = [
  { head: 'rebalanced (UTC)', cell: ({ t }) => day(t), left: true },
  { head: 'reason', cell: ({ reason }) => reason, left: true },
  { head: 'trades', cell: ({ trades }) => String(trades) },
  { head: 'turnover', cell: ({ turnover }) => percent(turnover) },
  { head: 'fees', cell: ({ fees }) => fees.toFixed(2) },
]
/** Rebalances that are told one by one. */
const TOLD = 20

const report = ({ id, quote }: FundSpec, { t, nav, level, held, rebalances, ...sums }: Backtest, width: number): string => {
  const row = (what: string, column: readonly number[]): Row => ({
    what,
    first: column[0]!.toFixed(4),
    last: column.at(-1)!.toFixed(4),
    change: percent(growth(column)),
  })
  const [from, to] = [t[0]!, t.at(-1)!]
  const points = t.map((at, i) => ({ t: at, value: nav[i]!, whole: true }))
  const step = Math.max(60_000, Math.ceil((to - from) / width))
  const more = rebalances.length - TOLD
  return [
    `${id}, ${day(from)} to ${day(to)} UTC, ${t.length} moments, in ${quote}`,
    '',
    table([row('value of a share', nav), row('level, without costs', level), row('bought and held', held)], ROWS),
    '',
    `rebalances ${rebalances.length}   turnover ${percent(sums.turnover)}   fees ${sums.fees.toFixed(2)}   tracking difference ${percent(sums.trackingDifference)}`,
    ...(rebalances.length > 0 ? ['', table(rebalances.slice(0, TOLD), REBALANCES)] : []),
    ...(more > 0 ? [`and ${more} more`] : []),
    '',
    ...plot(points, { from, to: Math.max(to, from + step), step, width }),
  ].join('\n')
}
