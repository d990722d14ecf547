import { useComputed, useSignal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { BacktestReport } from '../../../../../streams/wire/answers/funds.ts'
import type { Interval } from '../../../../../streams/wire/channels.ts'
import { Chart } from '../../charts/chart.tsx'
import type { Series } from '../../charts/plot.ts'
import { count, direction, fixed, percent, signedPercent } from '../../format/number.ts'
import { minute, moment } from '../../format/time.ts'
import { post, Refused } from '../../live/http.ts'
import { newest } from '../../live/line.ts'
import { session } from '../../live/session.ts'
import { Choices } from '../../parts/choices.tsx'
import type { Column } from '../../parts/columns.ts'
import { Still, toned } from '../../parts/figure.tsx'
import { Grid } from '../../parts/grid.tsx'
import { choice, place } from '../../router.ts'
import type { Asset } from './assets.ts'
import { Field } from './field.tsx'
import { wishOf } from './wish.ts'

/** Spans by name: the candles that are looked at, and how far back, ms. */
const SPANS = {
  '1d': ['1m', 86_400_000],
  '1w': ['5m', 604_800_000],
  '1M': ['1h', 2_592_000_000],
  '1y': ['1h', 31_536_000_000],
  '5y': ['1d', 157_680_000_000],
} as const satisfies Record<string, readonly [Interval, number]>
const CHOICES = Object.keys(SPANS) as (keyof typeof SPANS)[]

type Rebalance = BacktestReport['rebalances'][number]

const COLUMNS: readonly Column<Rebalance>[] = [
  {
    key: 't',
    head: 'Rebalanced (UTC)',
    width: 136,
    align: 'left',
    heading: true,
    show: ({ t }) => ({ text: minute(t), why: `${moment(t)} UTC` }),
    order: ({ t }) => t,
    raw: ({ t }) => new Date(t).toISOString(),
  },
  { key: 'reason', head: 'Reason', width: 88, align: 'left', show: ({ reason }) => reason, order: ({ reason }) => reason },
  { key: 'trades', head: 'Trades', width: 64, show: ({ trades }) => count(trades), raw: ({ trades }) => trades },
  {
    key: 'turnover',
    head: 'Turnover',
    width: 88,
    show: ({ turnover }) => percent(turnover),
    order: ({ turnover }) => turnover,
    raw: ({ turnover }) => turnover,
  },
  { key: 'fees', head: 'Fees', width: 88, show: ({ fees }) => fixed(fees), order: ({ fees }) => fees, raw: ({ fees }) => fees },
]

/** Properties of a backtest: the question of the page. */
interface BacktestProps {
  /** With their prices of now, of all that have one. */
  readonly assets: () => readonly Asset[]
  readonly cap: number
  readonly count: number
  readonly capital: number
}

/** What a fund with this cap and count would have done by what the server has stored, rebalanced beyond a drift. */
export const Backtest = (props: BacktestProps) => {
  const { query } = place.value
  const [drift, fee] = [query.get('drift') ?? '0.02', query.get('fee') ?? '10']
  const span = choice('past', CHOICES)
  const report = useSignal<BacktestReport | undefined>(undefined)
  const error = useSignal<string | undefined>(undefined)
  const busy = useSignal(false)
  const running = useRef<AbortController | undefined>(undefined)
  // Who goes away takes the request along, and the server stops.
  useEffect(() => () => running.current?.abort(), [])
  const run = async (): Promise<void> => {
    running.current?.abort()
    const stop = new AbortController()
    running.current = stop
    const [interval, length] = SPANS[span]
    const to = newest.peek() + 1
    busy.value = true
    try {
      const wish = {
        ...wishOf({ ...props, assets: props.assets() }, Number(drift), Number(fee)),
        from: Math.max(0, to - length),
        to,
        interval,
      }
      report.value = await post<BacktestReport>('/v1/backtests', wish, stop.signal)
      error.value = undefined
    } catch (reason) {
      if (stop.signal.aborted) return
      report.value = undefined
      error.value = reason instanceof Refused ? `${reason.code}: ${reason.message}` : String(reason)
    } finally {
      if (running.current === stop) busy.value = false
    }
  }
  return (
    <>
      <section class="card">
        <h2>
          Backtest
          <span class="note">
            {' '}
            · the fund of this cap and count, by the candles that the server has stored, rebalanced beyond the drift
          </span>
        </h2>
        {session.value ? (
          <form
            class="fields"
            onSubmit={event => {
              event.preventDefault()
              void run()
            }}
          >
            <Choices name="past" label="How far back" of={CHOICES} />
            <Field name="drift" label="Drift, as a share" value={drift} />
            <Field name="fee" label="Fee, basis points" value={fee} />
            <button type="submit" class="primary" disabled={newest.value === 0}>
              {busy.value ? 'Running' : 'Run'}
            </button>
            {busy.value && (
              <button
                type="button"
                class="tool"
                onClick={() => {
                  running.current?.abort()
                  busy.value = false
                }}
              >
                Give up
              </button>
            )}
          </form>
        ) : (
          <p class="lead">
            It takes the server a while, so it is for clients and operators. <a href="/sign-in?to=/allocate">Sign in</a>
          </p>
        )}
        {error.value && (
          <p class="refusal" role="alert">
            {error.value}
          </p>
        )}
        {report.value && <Result report={report.value} capital={props.capital} />}
      </section>
      {report.value && <Rebalances report={report.value} />}
    </>
  )
}

const Result = ({ report, capital }: { readonly report: BacktestReport; readonly capital: number }) => {
  const { points, rebalances, moreRebalances = 0 } = report
  const scale = capital / 100
  const data = useComputed(() => ({
    x: points.map(({ t }) => t),
    y: [points.map(({ nav }) => nav * scale), points.map(({ held }) => held * scale), points.map(({ level }) => level * scale)],
  }))
  const series = useMemo<readonly Series[]>(
    () => [
      { label: 'Rebalanced', color: '--accent', text: value => fixed(value), width: 2 },
      { label: 'Bought and held', color: '--warn', text: value => fixed(value) },
      { label: 'Without costs', color: '--quiet', text: value => fixed(value), dash: [4, 4] },
    ],
    [],
  )
  const change = (share: number) => toned(signedPercent(share), direction(share * 100, 2))
  return (
    <>
      <p class="note" role="status">
        {moment(report.from)} to {moment(report.to)} UTC, {count(report.moments)} moments, in {report.quote}
      </p>
      <Chart key={`${report.from} ${report.to} ${report.nav}`} label="Value in the backtest" data={data} series={series} height={240} />
      <dl class="figures">
        <Still name="Rebalanced" of={change(report.navReturn)} />
        <Still name="Bought and held" of={change(report.heldReturn)} />
        <Still name="Without costs" of={change(report.levelReturn)} />
        <Still name="Tracking difference" of={change(report.trackingDifference)} />
        <Still name="Turnover" of={percent(report.turnover)} />
        <Still name="Fees" of={fixed(report.fees)} />
        <Still name="Rebalances" of={count(rebalances.length + moreRebalances)} />
      </dl>
    </>
  )
}

const Rebalances = ({ report }: { readonly report: BacktestReport }) => {
  const rows = useSignal(report.rebalances)
  useEffect(() => {
    rows.value = report.rebalances
  }, [report])
  return (
    <section class="card">
      <h2>
        Rebalances of the backtest
        {report.moreRebalances !== undefined && <span class="note"> · the first; {count(report.moreRebalances)} came after them</span>}
      </h2>
      <Grid
        label="Rebalances of the backtest"
        id="rebalances"
        rows={rows}
        keyOf={row => String(row.t)}
        columns={COLUMNS}
        height={224}
        empty="the drift was never so large"
      />
    </section>
  )
}
