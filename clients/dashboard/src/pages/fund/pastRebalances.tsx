import { useComputed } from '@preact/signals'
import type { PastRebalance, Rebalances } from '../../../../../streams/wire/answers/funds.ts'
import { amount, direction, fixed, signed } from '../../format/number.ts'
import { minute, moment } from '../../format/time.ts'
import type { Answer } from '../../live/answer.ts'
import type { Column } from '../../parts/columns.ts'
import { toned } from '../../parts/figure.tsx'
import { Grid } from '../../parts/grid.tsx'

const COLUMNS: readonly Column<PastRebalance>[] = [
  {
    key: 'since',
    head: 'Opened (UTC)',
    width: 124,
    align: 'left',
    heading: true,
    show: ({ since }) => ({ text: minute(since), why: `${moment(since)} UTC` }),
    order: ({ since }) => since,
    raw: ({ since }) => new Date(since).toISOString(),
  },
  { key: 'reason', head: 'Reason', width: 80, align: 'left', show: ({ reason }) => reason },
  {
    key: 'status',
    head: 'Outcome',
    width: 96,
    align: 'left',
    show: ({ status, ended }) => ({ text: status, why: ended === undefined ? undefined : `ended ${moment(ended)} UTC` }),
  },
  { key: 'trades', head: 'Trades', width: 52, show: ({ trades }) => fixed(Object.keys(trades).length, 0) },
  {
    key: 'turnover',
    head: 'Turnover',
    width: 88,
    show: ({ turnover }) => ({ text: amount(turnover, 2), why: turnover }),
    order: ({ turnover }) => Number(turnover),
    raw: ({ turnover }) => turnover,
  },
  { key: 'fees', head: 'Fees', width: 64, show: ({ fees }) => ({ text: amount(fees, 4), why: fees }), raw: ({ fees }) => fees },
  {
    key: 'slippage',
    head: 'Slippage',
    width: 96,
    show: ({ slippage }) => toned(signed(slippage), direction(-slippage, 2)),
    raw: ({ slippage }) => slippage,
  },
]

/** The rebalances that were carried out, with what they cost. */
export const Past = ({ id, answer }: { readonly id: string; readonly answer: Answer<Rebalances> }) => {
  const rows = useComputed(() => answer.value.value?.rebalances ?? [])
  const { error } = answer
  return (
    <section class="card">
      <h2>Past rebalances</h2>
      <Grid
        label={`${id} past rebalances`}
        id="past"
        rows={rows}
        keyOf={row => String(row.id)}
        columns={COLUMNS}
        height={308}
        empty={error.value?.message ?? (answer.value.value ? 'none was carried out' : 'loading')}
      />
    </section>
  )
}
