import { useComputed } from '@preact/signals'
import type { TradeState } from '../../../../driftwire-client/src/index.ts'
import { ABSENT, fixed } from '../../format/number.ts'
import { clock } from '../../format/time.ts'
import { useChannel } from '../../live/channels.ts'
import type { Column } from '../../parts/columns.ts'
import { Grid } from '../../parts/grid.tsx'
import { placesFor } from '../overviewColumns.ts'

interface Row extends TradeState {
  readonly id: string
}

const columnsFor = (symbol: string): readonly Column<Row>[] => [
  {
    key: 't',
    head: 'Time (UTC)',
    width: 120,
    align: 'left',
    heading: true,
    show: ({ t }) => (t === undefined ? ABSENT : clock(t, true)),
    raw: ({ t }) => (t === undefined ? undefined : new Date(t).toISOString()),
  },
  {
    key: 'side',
    head: 'Side',
    width: 80,
    align: 'left',
    show: ({ side }) => ({
      text: side ?? ABSENT,
      tone: side === 'buy' ? 'up' : side === 'sell' ? 'down' : undefined,
      why: side ? undefined : 'the venue does not say',
    }),
  },
  { key: 'price', head: 'Price', width: 128, show: ({ price }) => fixed(price, placesFor(symbol, price)), raw: ({ price }) => price },
  {
    key: 'size',
    head: 'Size',
    width: 128,
    show: ({ size }) => ({ text: fixed(size, 6), why: size === undefined ? undefined : String(size) }),
    raw: ({ size }) => size,
  },
  {
    key: 'notional',
    head: 'Worth',
    width: 128,
    show: ({ price, size }) => fixed(price === undefined || size === undefined ? undefined : price * size),
  },
  { key: 'src', head: 'Source', width: 120, align: 'left', show: ({ src }) => src ?? ABSENT },
]

/** The newest hundred trades. */
export const Tape = ({ symbol }: { readonly symbol: string }) => {
  const shown = useChannel(`trades:${symbol}`)
  const rows = useComputed<readonly Row[]>(() =>
    Object.entries(shown.value?.state.last ?? {})
      .map(([id, trade]) => ({ id, ...trade }))
      .sort((a, b) => (b.t ?? 0) - (a.t ?? 0) || b.id.localeCompare(a.id, 'en', { numeric: true })),
  )
  const columns = useComputed(() => columnsFor(symbol))
  return (
    <section class="card">
      <h2>Trades</h2>
      <Grid
        label={`${symbol} trades`}
        id="tape"
        rows={rows}
        keyOf={row => row.id}
        columns={columns.value}
        height={364}
        empty={shown.value ? 'no trade yet' : 'loading'}
      />
    </section>
  )
}
