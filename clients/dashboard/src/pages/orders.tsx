import { useComputed } from '@preact/signals'
import type { OrderList } from '../../../../streams/wire/answers/clearing.ts'
import { ABSENT, amount, fixed } from '../format/number.ts'
import { moment } from '../format/time.ts'
import { useAnswer } from '../live/answer.ts'
import { useChannel } from '../live/channels.ts'
import { session } from '../live/session.ts'
import type { Column } from '../parts/columns.ts'
import { Grid } from '../parts/grid.tsx'
import type { PageProps } from './page.ts'
import { Transfer } from './transfer.tsx'

type Order = OrderList['orders'][number]

const COLUMNS: readonly Column<Order>[] = [
  { key: 'seq', head: 'Entry', width: 72, heading: true, show: ({ seq }) => fixed(seq, 0), order: ({ seq }) => seq, raw: ({ seq }) => seq },
  {
    key: 't',
    head: 'Time (UTC)',
    width: 168,
    align: 'left',
    show: ({ t }) => moment(t),
    order: ({ t }) => t,
    raw: ({ t }) => new Date(t).toISOString(),
  },
  { key: 'side', head: 'Side', width: 80, align: 'left', show: ({ side }) => side, order: ({ side }) => side },
  {
    key: 'what',
    head: 'What',
    width: 96,
    align: 'left',
    show: ({ fund, asset }) => fund ?? asset ?? ABSENT,
    order: ({ fund, asset }) => fund ?? asset,
  },
  {
    key: 'amount',
    head: 'Amount',
    width: 128,
    show: order => ({ text: amount(order.amount, 8), why: order.amount }),
    order: order => Number(order.amount),
    raw: order => order.amount,
  },
  {
    key: 'nav',
    head: 'NAV',
    width: 104,
    show: ({ nav }) => ({ text: fixed(nav, 4), why: nav === undefined ? 'an order without a fee needs no price' : undefined }),
    raw: ({ nav }) => nav,
  },
  {
    key: 'fee',
    head: 'Fee',
    width: 128,
    show: ({ fee }) => ({ text: fee ? `${amount(fee.amount, 6)} ${fee.asset}` : ABSENT, why: fee ? fee.amount : 'none' }),
    raw: ({ fee }) => fee?.amount,
  },
  {
    key: 'status',
    head: 'Status',
    width: 176,
    align: 'left',
    show: ({ status, code, shortfall }) => ({
      text: code ? `${status}: ${code}` : status,
      tone: status === 'rejected' ? 'warn' : undefined,
      why: shortfall && `${shortfall.asset}: ${shortfall.needed} needed, ${shortfall.held} held`,
    }),
    order: ({ status }) => status,
  },
  { key: 'key', head: 'Key', width: 180, align: 'left', show: ({ key }) => ({ text: key, why: key }) },
]

interface Holding {
  readonly name: string
  readonly kind: string
  readonly amount: string
}

const HOLDING_COLUMNS: readonly Column<Holding>[] = [
  { key: 'name', head: 'Name', width: 96, align: 'left', heading: true, show: ({ name }) => name, order: ({ name }) => name },
  { key: 'kind', head: 'Kind', width: 80, align: 'left', show: ({ kind }) => kind, order: ({ kind }) => kind },
  {
    key: 'amount',
    head: 'Amount',
    width: 200,
    show: row => ({ text: amount(row.amount), why: row.amount }),
    order: row => Number(row.amount),
    raw: row => row.amount,
  },
]

/** What a client owns, and all that it ordered. */
export const Orders = (_: PageProps) => {
  if (!session.value || session.value.admin)
    return (
      <>
        <h1>Orders</h1>
        <p class="lead">
          {session.value ? (
            'An operator owns nothing and orders nothing.'
          ) : (
            <>
              <a href="/sign-in?to=/orders">Sign in</a> to see what you own and have ordered.
            </>
          )}
        </p>
      </>
    )
  return <Own />
}

const Own = () => {
  const holdings = useChannel('holdings')
  const newest = useChannel('orders')
  const older = useAnswer<OrderList>('/v1/orders?limit=1000')
  const held = useComputed<readonly Holding[]>(() => {
    const { shares = {}, assets = {} } = holdings.value?.state ?? {}
    return [
      ...Object.entries(shares).map(([name, amount]) => ({ name, kind: 'shares', amount })),
      ...Object.entries(assets).map(([name, amount]) => ({ name, kind: 'asset', amount })),
    ]
  })
  const orders = useComputed<readonly Order[]>(() => {
    const all = new Map((older.value.value?.orders ?? []).map(order => [order.key, order]))
    for (const order of Object.values(newest.value?.state ?? {})) all.set(order.key, order)
    return [...all.values()].sort((a, b) => b.seq - a.seq)
  })
  return (
    <>
      <div class="title">
        <h1>Orders and holdings</h1>
      </div>
      <div class="halves">
        <section class="card">
          <h2>Holdings</h2>
          <Grid
            label="Holdings"
            id="holdings"
            rows={held}
            keyOf={row => `${row.kind} ${row.name}`}
            columns={HOLDING_COLUMNS}
            height={364}
            empty={holdings.value ? 'nothing yet: an operator deposits assets' : 'loading'}
          />
        </section>
        <Transfer held={held} />
      </div>
      <section class="card">
        <h2>Orders</h2>
        <Grid
          label="Orders"
          id="orders"
          rows={orders}
          keyOf={row => row.key}
          columns={COLUMNS}
          height={560}
          empty={newest.value ? 'none yet' : 'loading'}
        />
        {older.value.value?.next !== undefined && <p class="note">Beyond these are more: GET /v1/orders?after={older.value.value.next}</p>}
      </section>
    </>
  )
}
