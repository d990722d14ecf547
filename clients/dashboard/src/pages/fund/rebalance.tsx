import { useComputed } from '@preact/signals'
import type { RebalanceTradeState } from '../../../../driftwire-client/src/index.ts'
import { ABSENT, amount, brief, fixed, percent } from '../../format/number.ts'
import { moment } from '../../format/time.ts'
import { useChannel } from '../../live/channels.ts'
import type { Column } from '../../parts/columns.ts'
import { Grid } from '../../parts/grid.tsx'
import { placesFor } from '../overviewColumns.ts'

/** A trade under its id. */
interface Row extends RebalanceTradeState {
  readonly id: string
}

const worthOf = ({ amount, price }: Row): number | undefined =>
  amount === undefined || price === undefined ? undefined : Number(amount) * price

const COLUMNS: readonly Column<Row>[] = [
  {
    key: 'asset',
    head: 'Asset',
    width: 72,
    align: 'left',
    heading: true,
    show: ({ asset }) => asset ?? ABSENT,
    order: ({ asset }) => asset,
  },
  {
    key: 'side',
    head: 'Side',
    width: 64,
    align: 'left',
    show: ({ side }) => ({ text: side ?? ABSENT, tone: side === 'buy' ? 'up' : 'down' }),
    order: ({ side }) => side,
  },
  { key: 'amount', head: 'Amount', width: 104, show: row => ({ text: brief(row.amount), why: row.amount }), raw: row => row.amount },
  { key: 'price', head: 'Price', width: 96, show: row => fixed(row.price, placesFor(row.asset ?? '', row.price)), raw: row => row.price },
  { key: 'value', head: 'Value', width: 104, show: row => fixed(worthOf(row)), order: worthOf, raw: worthOf },
  {
    key: 'fee',
    head: 'Fee',
    width: 88,
    show: row => ({ text: row.fee === undefined ? ABSENT : amount(row.fee, 4), why: row.fee ?? 'nothing of it is filled' }),
    raw: row => row.fee,
  },
  { key: 'status', head: 'Status', width: 112, align: 'left', show: row => ({ text: row.status ?? ABSENT, why: row.why }) },
]

const WORDS: Record<string, string> = {
  proposed: 'proposed',
  running: 'running',
  completed: 'completed',
  partial: 'ended, partly traded',
  failed: 'failed',
}

/** The rebalance that runs or is proposed, or the last one. */
export const Rebalance = ({ id }: { id: string }) => {
  const shown = useChannel(`rebalances:${id}`)
  const rows = useComputed<readonly Row[]>(() =>
    Object.entries(shown.value?.state.trades ?? {}).map(([key, trade]) => ({ id: key, ...trade })),
  )
  const state = shown.value?.state
  const turnover = rows.value.reduce((sum, row) => sum + (worthOf(row) ?? Number.NaN), 0)
  return (
    <section class="card">
      <h2>Rebalance</h2>
      <p class="lead">
        {state === undefined && 'loading'}
        {state?.mode === 'off' && 'This fund is never rebalanced.'}
        {state !== undefined && state.mode !== 'off' && state.status === undefined && 'None is needed, and none was carried out yet.'}
        {state?.status && (
          <>
            <strong>{WORDS[state.status] ?? state.status}</strong>
            {state.reason && ` · ${state.reason}`}
            {state.since !== undefined && ` · since ${moment(state.since)} UTC`}
            {state.ended !== undefined && ` · ended ${moment(state.ended)} UTC`}
            {rows.value.length > 0 && ` · ${rows.value.length} trades of ${fixed(turnover)}`}
          </>
        )}
      </p>
      {rows.value.length > 0 && (
        <Grid label={`${id} rebalance`} id="trades" rows={rows} keyOf={row => row.id} columns={COLUMNS} height={308} />
      )}
      {state?.mode === 'propose' && state.status === 'proposed' && <p class="note">The mode is “propose”: nothing of it is traded.</p>}
      {state?.targets && state.status !== 'completed' && (
        <p class="note">
          Targets:{' '}
          {Object.entries(state.targets)
            .map(([asset, weight]) => `${asset} ${percent(weight)}`)
            .join(', ')}
        </p>
      )}
    </section>
  )
}
