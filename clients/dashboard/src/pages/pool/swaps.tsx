import { useComputed } from '@preact/signals'
import type { PoolSwap, PoolSwaps } from '../../../../../streams/wire/answers/pools.ts'
import { amount, count, fixed } from '../../format/number.ts'
import { moment } from '../../format/time.ts'
import { useAnswer } from '../../live/answer.ts'
import type { Column } from '../../parts/columns.ts'
import { Grid } from '../../parts/grid.tsx'
import { placesFor } from '../overviewColumns.ts'
import { turned, type Way } from './way.ts'

const LOOK_MS = 2_000

const columnsFor = (id: string, way: Way): readonly Column<PoolSwap>[] => [
  {
    key: 't',
    head: 'Time (UTC)',
    width: 180,
    align: 'left',
    heading: true,
    show: ({ t }) => moment(t),
    order: ({ t }) => t,
    raw: ({ t }) => new Date(t).toISOString(),
  },
  {
    key: 'side',
    head: 'token1',
    width: 72,
    align: 'left',
    show: ({ side }) => ({ text: side, tone: side === 'buy' ? 'up' : 'down' }),
    order: ({ side }) => side,
  },
  {
    key: 'price',
    head: 'Price',
    width: 112,
    show: ({ price }) => fixed(turned(price, way), placesFor(`${id} ${way}`, turned(price, way))),
    raw: ({ price }) => turned(price, way),
  },
  { key: 'worth', head: 'Worth', width: 104, show: ({ worth }) => fixed(worth), order: ({ worth }) => worth, raw: ({ worth }) => worth },
  {
    key: 'amount0',
    head: 'Raw token0',
    width: 176,
    show: ({ amount0 }) => ({ text: amount(amount0), why: amount0 }),
    raw: ({ amount0 }) => amount0,
  },
  {
    key: 'amount1',
    head: 'Raw token1',
    width: 200,
    show: ({ amount1 }) => ({ text: amount(amount1), why: amount1 }),
    raw: ({ amount1 }) => amount1,
  },
  { key: 'block', head: 'Block', width: 96, show: ({ block }) => count(block), raw: ({ block }) => block },
]

/** The newest swaps. */
export const Swaps = ({ id, way }: { readonly id: string; readonly way: Way }) => {
  const { value, error } = useAnswer<PoolSwaps>(`/v1/pools/${encodeURIComponent(id)}/swaps?limit=200`, LOOK_MS)
  const rows = useComputed(() => value.value?.swaps ?? [])
  const columns = useComputed(() => columnsFor(id, way))
  return (
    <section class="card">
      <h2>Swaps</h2>
      <Grid
        label={`${id} swaps`}
        id="swaps"
        rows={rows}
        keyOf={row => `${row.block} ${row.index}`}
        columns={columns.value}
        height={364}
        empty={error.value?.message ?? (value.value ? 'none is stored' : 'loading')}
      />
    </section>
  )
}
