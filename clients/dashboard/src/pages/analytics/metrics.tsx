import { useComputed } from '@preact/signals'
import { useChannel } from '../../live/channels.ts'
import { names } from '../../live/names.ts'
import { Grid } from '../../parts/grid.tsx'
import { METRIC_COLUMNS } from './metricColumns.ts'

const metricOf = (metric: string): string => metric

/** The newest metrics of an asset, with their sources and ages. */
export const AssetMetrics = ({ id }: { readonly id: string }) => {
  const shown = useChannel(`metrics:${id}`)
  const known = useComputed(() =>
    Object.keys(shown.value?.state ?? {})
      .sort()
      .join('\n'),
  )
  const rows = useComputed(() => known.value.split('\n').filter(Boolean))
  const waits = shown.value === undefined && names.value?.measured.includes(id) !== false
  return (
    <section class="card">
      <h2>
        Metrics{' '}
        <a class="note" href={`/v1/metrics/${encodeURIComponent(id)}`}>
          all values
        </a>
      </h2>
      <Grid
        label={`${id} metrics`}
        id="metrics"
        rows={rows}
        keyOf={metricOf}
        columns={METRIC_COLUMNS}
        channelOf={() => `metrics:${id}`}
        height={420}
        empty={waits ? 'loading' : 'no source has said anything of it'}
      />
    </section>
  )
}
