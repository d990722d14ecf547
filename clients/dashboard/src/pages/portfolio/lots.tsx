import { useComputed } from '@preact/signals'
import type { Lots as LotsAnswer, OpenLot } from '../../../../../streams/wire/answers/portfolios.ts'
import { brief, direction, fixed, signed } from '../../format/number.ts'
import { minute, moment } from '../../format/time.ts'
import { useAnswer } from '../../live/answer.ts'
import type { Column } from '../../parts/columns.ts'
import { toned } from '../../parts/figure.tsx'
import { Grid } from '../../parts/grid.tsx'
import { placesFor } from '../overviewColumns.ts'

interface Row extends OpenLot {
  readonly asset: string
  readonly place: number
}

const COLUMNS: readonly Column<Row>[] = [
  { key: 'asset', head: 'Asset', width: 72, align: 'left', heading: true, show: ({ asset }) => asset, order: ({ asset }) => asset },
  {
    key: 't',
    head: 'Bought (UTC)',
    width: 128,
    align: 'left',
    show: ({ t }) => ({ text: minute(t), why: `${moment(t)} UTC` }),
    order: ({ t }) => t,
    raw: ({ t }) => new Date(t).toISOString(),
  },
  {
    key: 'qty',
    head: 'Quantity',
    width: 80,
    show: ({ qty }) => ({ text: brief(qty), why: qty }),
    order: ({ qty }) => Number(qty),
    raw: ({ qty }) => qty,
  },
  {
    key: 'price',
    head: 'Price',
    width: 88,
    show: ({ asset, price }) => ({ text: fixed(Number(price), placesFor(asset, Number(price))), why: price }),
    order: ({ price }) => Number(price),
    raw: ({ price }) => price,
  },
  {
    key: 'cost',
    head: 'Cost',
    width: 88,
    show: ({ cost }) => ({ text: fixed(Number(cost)), why: cost }),
    order: ({ cost }) => Number(cost),
    raw: ({ cost }) => cost,
  },
  {
    key: 'unrealised',
    head: 'Unrealised',
    width: 116,
    show: ({ unrealised }) => toned(signed(unrealised), direction(unrealised, 2)),
    order: ({ unrealised }) => unrealised,
    raw: ({ unrealised }) => unrealised,
  },
]

/** ms between two looks: lots change with rows, their worth with prices. */
const LOOK_MS = 5_000

/** What is left of each purchase. */
export const Lots = ({ id }: { readonly id: string }) => {
  const { value, error } = useAnswer<LotsAnswer>(`/v1/portfolios/${encodeURIComponent(id)}/lots?limit=1000`, LOOK_MS)
  const rows = useComputed<readonly Row[]>(() =>
    Object.entries(value.value?.assets ?? {}).flatMap(([asset, { lots = [] }]) => lots.map((lot, place) => ({ ...lot, asset, place }))),
  )
  const page = value.value
  return (
    <section class="card">
      <h2>
        Lots
        {page && (
          <span class="note">
            {' '}
            · as of {moment(page.t)} UTC{page.next && ', the first 1,000'}
          </span>
        )}
      </h2>
      <Grid
        label={`${id} lots`}
        id="lots"
        rows={rows}
        keyOf={row => `${row.asset} ${row.place}`}
        columns={COLUMNS}
        height={308}
        empty={error.value?.message ?? (page ? 'no open lots' : 'loading')}
      />
    </section>
  )
}
