import { type ReadonlySignal, useComputed } from '@preact/signals'
import type { PnlState } from '../../../../driftwire-client/src/index.ts'
import { fixed } from '../../format/number.ts'
import type { Shown } from '../../live/channels.ts'
import type { Column } from '../../parts/columns.ts'
import { Grid } from '../../parts/grid.tsx'

interface Row {
  readonly account: string
  readonly asset: string
  readonly qty: number
}

const COLUMNS: readonly Column<Row>[] = [
  {
    key: 'account',
    head: 'Account',
    width: 128,
    align: 'left',
    heading: true,
    show: ({ account }) => account || 'without a name',
    order: ({ account }) => account,
  },
  { key: 'asset', head: 'Asset', width: 84, align: 'left', show: ({ asset }) => asset, order: ({ asset }) => asset },
  {
    key: 'qty',
    head: 'Balance',
    width: 160,
    show: ({ qty }) => ({
      text: fixed(qty, 8),
      tone: qty < 0 ? 'warn' : undefined,
      why: qty < 0 ? 'below zero: a row is missing' : String(qty),
    }),
    order: ({ qty }) => qty,
    raw: ({ qty }) => qty,
  },
]

/** What lies in each account that rows name. */
export const Accounts = ({ id, shown }: { readonly id: string; readonly shown: ReadonlySignal<Shown<PnlState> | undefined> }) => {
  const accounts = useComputed(() => shown.value?.state.accounts)
  const rows = useComputed<readonly Row[]>(() =>
    Object.entries(accounts.value ?? {}).flatMap(([account, assets]) =>
      Object.entries(assets).map(([asset, qty]) => ({ account, asset, qty: Number(qty) })),
    ),
  )
  return (
    <section class="card">
      <h2>Accounts</h2>
      <Grid
        label={`${id} accounts`}
        id="accounts"
        rows={rows}
        keyOf={row => `${row.account} ${row.asset}`}
        columns={COLUMNS}
        height={308}
        empty="no row names an account"
      />
    </section>
  )
}
