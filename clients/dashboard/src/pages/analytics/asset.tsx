import { useComputed } from '@preact/signals'
import { day } from '../../format/time.ts'
import { useChannel } from '../../live/channels.ts'
import { names } from '../../live/names.ts'
import { Choices } from '../../parts/choices.tsx'
import { Figure, Num } from '../../parts/figure.tsx'
import type { PageProps } from '../page.ts'
import { horizonText, useHorizons } from './horizon.ts'
import { AssetMetrics } from './metrics.tsx'
import { Peers } from './peers.tsx'
import { Reasons } from './reasons.tsx'
import { figureText, reasonIn, SCORE_FIGURES, scoreIn } from './score.ts'
import { ScoreCharts } from './scoreCharts.tsx'

const [RANK, SCORE, ...OTHERS] = SCORE_FIGURES

/** An asset: its score with the reasons and the past, its metrics, and the assets that are like it. */
export const Asset = ({ id }: PageProps) => {
  const shown = useChannel(`score:${id}`)
  const horizons = useHorizons(useChannel('models'))
  const horizon = useComputed(() => horizons.value.chosen).value
  const state = useComputed(() => shown.value?.state).value
  const score = scoreIn(state, horizon)
  const reason = reasonIn(state, horizon)
  const symbols = (names.value?.symbols ?? []).filter(symbol => symbol.startsWith(`${id}-`))
  return (
    <>
      <div class="title">
        <div class="name">
          <h1>{id}</h1>
          <Num key={horizon} name="Score" of={shown} read={s => figureText(SCORE!, s, horizon)} large />
          {score?.simulated && <span class="mark">simulated</span>}
          {state?.stale && <span class="mark">stale</span>}
          {symbols.map(symbol => (
            <a key={symbol} href={`/market/${encodeURIComponent(symbol)}`}>
              {symbol}
            </a>
          ))}
        </div>
        <span class="tools">
          {horizons.value.all.length > 1 && <Choices name="horizon" label="Horizon" of={horizons.value.all} text={horizonText} />}
          <a href="/analytics">All scores</a>
        </span>
      </div>
      {reason !== undefined && (
        <p class="hint">
          No score of {horizonText(horizon)}: {reason}.
        </p>
      )}
      <section class="card" aria-label="Figures">
        <dl class="figures">
          {[RANK!, ...OTHERS].map(figure => (
            <Figure key={`${figure.key} ${horizon}`} name={figure.head} of={shown} read={s => figureText(figure, s, horizon)} />
          ))}
        </dl>
        {score?.version !== undefined && score.t !== undefined && (
          <p class="note">
            Of the list of {day(score.t)}, by <a href={`/models/${score.version}`}>model {score.version.slice(0, 12)}</a>.
          </p>
        )}
      </section>
      {score?.why && <Reasons score={score} />}
      <ScoreCharts id={id} horizon={horizon} newest={score?.t} />
      <AssetMetrics id={id} />
      <Peers id={id} horizon={horizon} />
    </>
  )
}
