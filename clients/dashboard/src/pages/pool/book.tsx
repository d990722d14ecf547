import { useComputed } from '@preact/signals'
import type { PoolBook } from '../../../../../streams/wire/answers/pools.ts'
import { fixed } from '../../format/number.ts'
import { moment } from '../../format/time.ts'
import { useAnswer } from '../../live/answer.ts'
import type { Column } from '../../parts/columns.ts'
import { Grid } from '../../parts/grid.tsx'
import { placesFor } from '../overviewColumns.ts'
import { turned, type Way } from './way.ts'

interface Level {
  readonly side: 'bid' | 'ask'
  readonly price: number
  readonly size: number
  readonly together: number
}

const LOOK_MS = 1_000

const levelsOf = (side: Level['side'], levels: PoolBook['bids']): Level[] => {
  let together = 0
  return levels.map(([price, size]) => {
    together += size
    return { side, price, size, together }
  })
}

const columnsFor = (id: string, way: Way): readonly Column<Level>[] => [
  {
    key: 'side',
    head: 'Side',
    width: 72,
    align: 'left',
    heading: true,
    show: ({ side }) => ({ text: side, tone: side === 'bid' ? 'up' : 'down' }),
  },
  {
    key: 'price',
    head: 'Price',
    width: 128,
    show: ({ price }) => fixed(turned(price, way), placesFor(`${id} ${way}`, turned(price, way))),
    raw: ({ price }) => turned(price, way),
  },
  { key: 'size', head: 'Size', width: 128, show: ({ size }) => fixed(size, 6), raw: ({ size }) => size },
  { key: 'together', head: 'Up to here', width: 128, show: ({ together }) => fixed(together, 6), raw: ({ together }) => together },
]

/** The levels of an order book: asks above, bids below, the best in the middle. */
export const Book = ({ id, way }: { readonly id: string; readonly way: Way }) => {
  const { value, error } = useAnswer<PoolBook>(`/v1/pools/${encodeURIComponent(id)}/book?levels=25`, LOOK_MS)
  const rows = useComputed<readonly Level[]>(() => {
    const book = value.value
    return book ? [...levelsOf('ask', book.asks).reverse(), ...levelsOf('bid', book.bids)] : []
  })
  const columns = useComputed(() => columnsFor(id, way))
  const book = value.value
  return (
    <section class="card">
      <h2>
        Order book{book && <span class="note"> · as of {moment(book.t)} UTC</span>} {book?.stale && <span class="mark">stale</span>}
      </h2>
      <Grid
        label={`${id} order book`}
        id="book"
        rows={rows}
        keyOf={row => `${row.side} ${row.price}`}
        columns={columns.value}
        height={364}
        empty={error.value?.message ?? 'loading'}
      />
    </section>
  )
}
