import { useComputed } from '@preact/signals'
import type { ModelList } from '../../../../../streams/wire/answers/scores.ts'
import { count } from '../../format/number.ts'
import { useAnswer } from '../../live/answer.ts'
import { useChannel } from '../../live/channels.ts'
import { Grid } from '../../parts/grid.tsx'
import type { PageProps } from '../page.ts'
import { ALIAS_COLUMNS, type Given, type Listed, MODEL_COLUMNS } from './columns.ts'
import { Model } from './model.tsx'
import { UsedModels } from './used.tsx'

const LOOK_MS = 60_000
const versionOf = ({ version }: Listed): string => version
const keyOf = ({ t, alias, horizon, version }: Given): string => `${t} ${alias} ${horizon} ${version}`

/** The models: which are used, and all that there are; or one of them. */
export const Models = ({ id }: PageProps) => (id === '' ? <All /> : <Model version={id} />)

const All = () => {
  const used = useChannel('models')
  const { value, error } = useAnswer<ModelList>('/v1/models', LOOK_MS)
  const models = useComputed(() => value.value?.models ?? [])
  const history = useComputed(() => [...(value.value?.history ?? [])].sort((a, b) => b.t - a.t))
  const horizons = Object.entries(used.value?.state.horizon ?? {})
  const trials = value.value?.trials ?? []
  const dropped = trials.filter(({ version }) => version === '').length
  const empty = error.value?.message ?? (value.value ? 'none' : 'loading')
  return (
    <>
      <div class="title">
        <h1>Models</h1>
        <a href="/analytics">Scores</a>
      </div>
      {used.value && horizons.length === 0 && <p class="hint">No model is used yet.</p>}
      {horizons.map(([horizon, of]) => (
        <UsedModels key={horizon} horizon={horizon} used={of} />
      ))}
      <section class="card">
        <h2>All models</h2>
        <Grid label="Models" id="models" rows={models} keyOf={versionOf} columns={MODEL_COLUMNS} height={336} empty={empty} />
        {value.value && (
          <p class="note">
            {count(trials.length)} {trials.length === 1 ? 'training' : 'trainings'}, of which {count(dropped)}{' '}
            {dropped === 1 ? 'was' : 'were'} not kept: of many tries the best one flatters itself.
          </p>
        )}
      </section>
      <section class="card">
        <h2>Champions and challengers</h2>
        <Grid label="Aliases" id="aliases" rows={history} keyOf={keyOf} columns={ALIAS_COLUMNS} height={280} empty={empty} />
      </section>
    </>
  )
}
