import { type ReadonlySignal, useComputed } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { FundState } from '../../../../driftwire-client/src/index.ts'
import { brief, compact, direction, fixed, percent, signedPercent } from '../../format/number.ts'
import { moment } from '../../format/time.ts'
import type { Shown } from '../../live/channels.ts'
import { Bar } from '../../parts/bar.tsx'
import type { Column } from '../../parts/columns.ts'
import { toned } from '../../parts/figure.tsx'
import { Grid } from '../../parts/grid.tsx'
import { placesFor } from '../overviewColumns.ts'
import type { FundTerms } from './terms.ts'

const why = (s: FundState | undefined, asset: string): string | undefined => {
  const at = s?.priceT?.[asset]
  return s?.blocked?.[asset] ?? s?.pending?.[asset] ?? (at === undefined ? undefined : `this price is of ${moment(at)} UTC`)
}

const columnsFor = (full: ReadonlySignal<number>, band: ReadonlySignal<number | undefined>): readonly Column<string, FundState>[] => [
  { key: 'asset', head: 'Asset', width: 84, align: 'left', heading: true, show: asset => asset, order: asset => asset },
  {
    key: 'price',
    head: 'Price',
    width: 112,
    show: (asset, s) => ({
      text: fixed(s?.prices?.[asset], placesFor(asset, s?.prices?.[asset])),
      why: why(s, asset),
      tone: why(s, asset) ? 'warn' : undefined,
    }),
    order: (asset, s) => s?.prices?.[asset],
    raw: (asset, s) => s?.prices?.[asset],
  },
  {
    key: 'units',
    head: 'Units a share',
    width: 128,
    show: (asset, s) => ({ text: brief(s?.units?.[asset]), why: s?.units?.[asset] }),
    raw: (asset, s) => s?.units?.[asset],
  },
  {
    key: 'value',
    head: 'Value',
    width: 112,
    show: (asset, s) => compact(worthOf(s, asset)),
    order: (asset, s) => worthOf(s, asset),
    raw: (asset, s) => worthOf(s, asset),
  },
  {
    key: 'weight',
    head: 'Weight',
    width: 84,
    show: (asset, s) => percent(s?.weights?.[asset]),
    order: (asset, s) => s?.weights?.[asset],
    raw: (asset, s) => s?.weights?.[asset],
  },
  {
    key: 'target',
    head: 'Target',
    width: 84,
    show: (asset, s) => percent(s?.target?.[asset]),
    order: (asset, s) => s?.target?.[asset],
    raw: (asset, s) => s?.target?.[asset],
  },
  {
    key: 'drift',
    head: 'Drift',
    width: 104,
    show: (asset, s) => toned(signedPercent(s?.drift?.[asset], 3), direction((s?.drift?.[asset] ?? Number.NaN) * 100, 3)),
    order: (asset, s) => s?.drift?.[asset],
    raw: (asset, s) => s?.drift?.[asset],
  },
  {
    key: 'bar',
    head: 'Weight against target',
    width: 180,
    align: 'left',
    show: () => '',
    part: (asset, shown) => {
      const s = shown.value?.state
      const drift = s?.drift?.[asset]
      return (
        <Bar
          value={s?.weights?.[asset]}
          target={s?.target?.[asset]}
          band={band.value}
          full={full.value}
          beyond={band.value !== undefined && drift !== undefined && Math.abs(drift) > band.value}
        />
      )
    },
  },
]

const worthOf = (s: FundState | undefined, asset: string): number | undefined => {
  const weight = s?.weights?.[asset]
  return weight === undefined || s?.aum === undefined ? undefined : weight * s.aum
}

interface CompositionProps {
  readonly id: string
  readonly shown: ReadonlySignal<Shown<FundState> | undefined>
  readonly terms: ReadonlySignal<FundTerms>
}

/** What the fund holds, against what it should hold. */
export const Composition = ({ id, shown, terms }: CompositionProps) => {
  const full = useComputed(() => {
    const { weights = {}, target = {} } = shown.value?.state ?? {}
    const most = Math.max(0.01, ...Object.values(weights), ...Object.values(target))
    // In steps of 5 %, so that the bars do not change their scale with each price.
    return Math.ceil((most + 0.01) * 20) / 20
  })
  const band = useComputed(() => terms.value.threshold)
  const assets = useComputed(() => {
    const { weights = {}, target = {}, units = {} } = shown.value?.state ?? {}
    return [...new Set([...Object.keys(target), ...Object.keys(weights), ...Object.keys(units)])].join(' ')
  })
  const rows = useComputed(() => assets.value.split(' ').filter(Boolean))
  const columns = useMemo(() => columnsFor(full, band), [full, band])
  return (
    <section class="card">
      <h2>
        Composition
        {band.value !== undefined && <span class="note"> · the band around a target is the threshold of {percent(band.value, 2)}</span>}
      </h2>
      <Grid
        label={`${id} composition`}
        id="assets"
        rows={rows}
        keyOf={asset => asset}
        columns={columns}
        channelOf={() => `fund:${id}`}
        height={560}
        empty="the fund has not begun"
      />
    </section>
  )
}
