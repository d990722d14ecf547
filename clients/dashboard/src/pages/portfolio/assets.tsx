import { type ReadonlySignal, useComputed } from '@preact/signals'
import type { PnlState, PositionState } from '../../../../driftwire-client/src/index.ts'
import { ABSENT, direction, fixed, percent, signed, signedPercent } from '../../format/number.ts'
import type { Shown } from '../../live/channels.ts'
import type { Column } from '../../parts/columns.ts'
import { type Text, toned } from '../../parts/figure.tsx'
import { Grid } from '../../parts/grid.tsx'
import { placesFor } from '../overviewColumns.ts'

type Figure = keyof PositionState

const quantity = (value: number | undefined): string => {
  if (value === undefined) return ABSENT
  return fixed(value, Math.abs(value) >= 1_000 ? 2 : Math.abs(value) >= 1 ? 4 : 8)
}

const column = (
  key: Figure,
  head: string,
  width: number,
  show: (asset: string, held: PositionState, s: PnlState) => string | Text,
): Column<string, PnlState> => ({
  key,
  head,
  width,
  show: (asset, s) => {
    const text = show(asset, s?.assets?.[asset] ?? {}, s ?? {})
    const full = typeof text === 'string' ? { text } : text
    return full.text === ABSENT && s?.unpriced?.[asset] ? { ...full, why: `${asset}: ${s.unpriced[asset]}` } : full
  },
  order: (asset, s) => s?.assets?.[asset]?.[key],
  raw: (asset, s) => s?.assets?.[asset]?.[key],
})

const gain = (value: number | undefined): Text => toned(signed(value), direction(value, 2))

/** Returns the unrealised gain as a share of the cost. */
const returnOf = ({ unrealised, cost }: PositionState): number | undefined =>
  unrealised === undefined || cost === undefined || cost <= 0 ? undefined : unrealised / cost

const COLUMNS: readonly Column<string, PnlState>[] = [
  {
    key: 'asset',
    head: 'Asset',
    width: 84,
    align: 'left',
    heading: true,
    show: (asset, s) => ({ text: asset, tone: s?.unpriced?.[asset] ? 'warn' : undefined, why: s?.unpriced?.[asset] }),
    order: asset => asset,
  },
  column('qty', 'Quantity', 136, (_, { qty }) => ({ text: quantity(qty), why: qty === undefined ? undefined : String(qty) })),
  column('price', 'Price', 112, (asset, { price }) => fixed(price, placesFor(asset, price))),
  column('avg', 'Average cost', 112, (asset, { avg, price }) => fixed(avg, placesFor(asset, price ?? avg))),
  column('value', 'Value', 120, (_, { value }) => fixed(value)),
  {
    key: 'share',
    head: 'Share',
    width: 80,
    show: (asset, s) => percent(shareOf(asset, s), 1),
    order: (asset, s) => shareOf(asset, s),
    raw: (asset, s) => shareOf(asset, s),
  },
  column('cost', 'Cost', 120, (_, { cost }) => fixed(cost)),
  column('unrealised', 'Unrealised', 120, (_, { unrealised }) => gain(unrealised)),
  {
    key: 'return',
    head: 'Unrealised %',
    width: 104,
    show: (asset, s) =>
      toned(signedPercent(returnOf(s?.assets?.[asset] ?? {})), direction((returnOf(s?.assets?.[asset] ?? {}) ?? Number.NaN) * 100, 2)),
    order: (asset, s) => returnOf(s?.assets?.[asset] ?? {}),
    raw: (asset, s) => returnOf(s?.assets?.[asset] ?? {}),
  },
  column('realised', 'Realised', 120, (_, { realised }) => gain(realised)),
]

const shareOf = (asset: string, s: PnlState | undefined): number | undefined => {
  const value = s?.assets?.[asset]?.value
  const all = s?.value ?? s?.known?.value
  return value === undefined || !all ? undefined : value / all
}

/** The assets of a portfolio. */
export const Assets = ({ id, shown }: { readonly id: string; readonly shown: ReadonlySignal<Shown<PnlState> | undefined> }) => {
  const names = useComputed(() => Object.keys(shown.value?.state.assets ?? {}).join(' '))
  const rows = useComputed(() => names.value.split(' ').filter(Boolean))
  return (
    <section class="card">
      <h2>Assets</h2>
      <Grid
        label={`${id} assets`}
        id="assets"
        rows={rows}
        keyOf={asset => asset}
        columns={COLUMNS}
        channelOf={() => `pnl:${id}`}
        height={560}
        empty="it holds nothing"
      />
    </section>
  )
}
