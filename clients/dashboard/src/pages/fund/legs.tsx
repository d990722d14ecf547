import { type ReadonlySignal, useComputed } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { FundState, HoldingsState, Leg, Quote } from '../../../../driftwire-client/src/index.ts'
import { minus } from '../../format/decimal.ts'
import { ABSENT, amount, brief, fixed } from '../../format/number.ts'
import { moment } from '../../format/time.ts'
import type { Shown } from '../../live/channels.ts'
import type { RequestError } from '../../live/line.ts'
import type { Column } from '../../parts/columns.ts'
import { Grid } from '../../parts/grid.tsx'

interface LegsProps {
  readonly quoted: ReadonlySignal<{ readonly order: Quote | undefined; readonly error: RequestError | undefined }>
  readonly side: 'create' | 'redeem'
  readonly holdings: ReadonlySignal<HoldingsState | undefined>
  readonly shown: ReadonlySignal<Shown<FundState> | undefined>
  readonly shares: string | undefined
}

const isShort = (left: string): boolean => left.startsWith('-')

const columnsOf = (side: 'create' | 'redeem', holdings: HoldingsState | undefined): readonly Column<Leg>[] => {
  const heldOf = (asset: string): string | undefined => (holdings === undefined ? undefined : (holdings.assets?.[asset] ?? '0'))
  return [
    { key: 'asset', head: 'Asset', width: 72, align: 'left', heading: true, show: ({ asset }) => asset },
    {
      key: 'amount',
      head: side === 'create' ? 'You give' : 'You get',
      width: 128,
      show: leg => ({ text: brief(leg.amount), why: leg.amount }),
      raw: leg => leg.amount,
    },
    {
      key: 'held',
      head: 'You hold',
      width: 120,
      show: ({ asset }) => ({ text: brief(heldOf(asset)), why: heldOf(asset) }),
      raw: ({ asset }) => heldOf(asset),
    },
    ...(side === 'create'
      ? [
          {
            key: 'left',
            head: 'Left',
            width: 120,
            show: (leg: Leg) => {
              const held = heldOf(leg.asset)
              if (held === undefined) return ABSENT
              const left = minus(held, leg.amount)
              return {
                text: brief(left),
                tone: isShort(left) ? ('warn' as const) : undefined,
                why: isShort(left) ? `${amount(left.slice(1))} too little` : left,
              }
            },
          },
        ]
      : []),
  ]
}

/** What an order would take and give, beside what the client holds. */
export const Legs = ({ quoted, side, holdings, shown, shares }: LegsProps) => {
  const { order, error } = quoted.value
  const rows = useComputed<readonly Leg[]>(() => {
    const now = quoted.value.order
    return now ? [...(now.legs ?? [])] : []
  })
  const held = holdings.value
  const columns = useMemo(() => columnsOf(side, held), [side, held])
  if (error)
    return (
      <p class="refusal" role="alert">
        <strong>No quote: {error.code}.</strong> {error.message}
      </p>
    )
  if (!order) return <p class="empty">{shares === undefined ? 'Enter a whole multiple of the creation unit.' : 'asking for a quote'}</p>
  const nav = order.nav ?? shown.value?.state.nav
  const short =
    side === 'create' && held !== undefined ? rows.value.filter(leg => isShort(minus(held.assets?.[leg.asset] ?? '0', leg.amount))) : []
  return (
    <>
      <Grid label="Legs" id="legs" rows={rows} keyOf={leg => leg.asset} columns={columns} height={308} />
      <dl class="facts">
        <dt>Fee</dt>
        <dd>{order.fee ? `${amount(order.fee.amount, 8)} ${order.fee.asset}` : 'none'}</dd>
        <dt>Worth</dt>
        <dd>{nav === undefined || shares === undefined ? ABSENT : fixed(nav * Number(shares))}</dd>
        <dt>Quoted</dt>
        <dd>{order.t === undefined ? ABSENT : `${moment(order.t, true)} UTC`}</dd>
      </dl>
      {short.length > 0 && (
        <p class="warn">You hold too little of {short.map(({ asset }) => asset).join(', ')}: the order would be rejected.</p>
      )}
    </>
  )
}
