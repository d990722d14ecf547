import { useComputed } from '@preact/signals'
import { day } from '../../format/time.ts'
import { useChannel } from '../../live/channels.ts'
import { names } from '../../live/names.ts'
import { Choices } from '../../parts/choices.tsx'
import { Grid } from '../../parts/grid.tsx'
import { Search } from '../../parts/search.tsx'
import { place } from '../../router.ts'
import type { PageProps } from '../page.ts'
import { horizonText, useHorizons } from './horizon.ts'
import { BY_RANK, scoreColumns } from './scoreColumns.ts'

const idOf = (id: string): string => id

/** All assets that were scored, the best first, and those of which only metrics are known. */
export const Ranking = (_: PageProps) => {
  const models = useChannel('models')
  const horizons = useHorizons(models)
  const horizon = useComputed(() => horizons.value.chosen)
  const columns = useComputed(() => scoreColumns(horizon.value))
  const like = useComputed(() => (place.value.query.get('search') ?? '').trim().toLowerCase())
  const rows = useComputed(() => (names.value?.scored ?? []).filter(name => name.toLowerCase().includes(like.value)))
  const champion = models.value?.state.horizon?.[horizon.value]?.champion
  const measured = (names.value?.measured ?? []).filter(name => !names.value?.scored.includes(name))
  const empty = names.value === undefined ? 'loading' : like.value ? 'no asset fits' : 'no asset has been scored yet'
  return (
    <>
      <div class="title">
        <div class="name">
          <h1>Analytics</h1>
          {champion?.simulated && <span class="mark">simulated</span>}
        </div>
        <span class="tools">
          {horizons.value.all.length > 1 && <Choices name="horizon" label="Horizon" of={horizons.value.all} text={horizonText} />}
          <Search />
        </span>
      </div>
      <p class="quiet">
        How each asset will do beside the others within {horizonText(horizon.value)}, and nothing of where the market goes.{' '}
        {champion?.version === undefined ? (
          'There is no model yet.'
        ) : (
          <>
            By <a href={`/models/${champion.version}`}>model {champion.version.slice(0, 12)}</a>
            {champion.trainedTo !== undefined && `, which has learnt to ${day(champion.trainedTo)}`}.
          </>
        )}{' '}
        <a href="/models">All models</a>
      </p>
      <section class="card">
        <h2>Scores</h2>
        <Grid
          label="Scores"
          id="scores"
          rows={rows}
          keyOf={idOf}
          columns={columns.value}
          channelOf={id => `score:${id}`}
          usual={BY_RANK}
          height={672}
          empty={empty}
        />
      </section>
      {measured.length > 0 && (
        <section class="card">
          <h2>Metrics alone</h2>
          <ul class="inline">
            {measured.map(id => (
              <li key={id}>
                <a href={`/analytics/${encodeURIComponent(id)}`}>{id}</a>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}
