import { useComputed } from '@preact/signals'
import type { PeersAnswer } from '../../../../../streams/wire/answers/scores.ts'
import type { ScoreState } from '../../../../driftwire-client/src/index.ts'
import { ABSENT, fixed } from '../../format/number.ts'
import { useAnswer } from '../../live/answer.ts'
import { names } from '../../live/names.ts'
import type { Column } from '../../parts/columns.ts'
import { Grid } from '../../parts/grid.tsx'
import { COMPARED_COLUMNS } from './metricColumns.ts'
import { scoreColumns } from './scoreColumns.ts'

const COUNT = 8
const idOf = (id: string): string => id

type Peer = NonNullable<PeersAnswer['peers']>[number]

/** Returns the columns of scores, with the distance of each peer. */
const columnsFor = (horizon: string, peers: ReadonlyMap<string, Peer>): readonly Column<string, ScoreState>[] => {
  const [asset, ...figures] = scoreColumns(horizon)
  const distance: Column<string, ScoreState> = {
    key: 'distance',
    head: 'Distance',
    width: 88,
    show: id => {
      const peer = peers.get(id)
      if (peer === undefined) return { text: ABSENT, why: 'the asset itself' }
      return { text: fixed(peer.distance, 3), why: `by ${peer.shared} features; two assets at random are 0.41 apart` }
    },
    order: id => peers.get(id)?.distance ?? -1,
    raw: id => peers.get(id)?.distance,
  }
  return [asset!, distance, ...figures]
}

/** The assets whose features are nearest, with their scores and metrics beside those of this one. */
export const Peers = ({ id, horizon }: { readonly id: string; readonly horizon: string }) => {
  const { value, error } = useAnswer<PeersAnswer>(`/v1/peers/${encodeURIComponent(id)}?count=${COUNT}`)
  const peers = useComputed(() => new Map((value.value?.peers ?? []).map(peer => [peer.asset, peer])))
  const rows = useComputed(() => (peers.value.size === 0 ? [] : [id, ...peers.value.keys()]))
  const columns = useComputed(() => columnsFor(horizon, peers.value))
  const measured = rows.value.some(asset => names.value?.measured.includes(asset))
  const empty = error.value?.message ?? value.value?.reason ?? (value.value ? 'none' : 'loading')
  return (
    <>
      <section class="card">
        <h2>Peers by features</h2>
        <Grid
          label={`${id} and its peers`}
          id="peers"
          rows={rows}
          keyOf={idOf}
          columns={columns.value}
          channelOf={asset => `score:${asset}`}
          height={280}
          empty={empty}
        />
      </section>
      {measured && (
        <section class="card">
          <h2>Metrics beside theirs</h2>
          <Grid
            label={`Metrics of ${id} and its peers`}
            id="compared"
            rows={rows}
            keyOf={idOf}
            columns={COMPARED_COLUMNS}
            channelOf={asset => `metrics:${asset}`}
            height={280}
          />
        </section>
      )}
    </>
  )
}
