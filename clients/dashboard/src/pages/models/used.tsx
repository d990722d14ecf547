import type { ModelState } from '../../../../driftwire-client/src/index.ts'
import { ABSENT, count, signed } from '../../format/number.ts'
import { day, moment } from '../../format/time.ts'
import { Still, type Text } from '../../parts/figure.tsx'
import { horizonText } from '../analytics/horizon.ts'
import { rangeText } from './card.ts'
import { isWhole, type Used, verdictText } from './verdict.ts'

/** Which models are used for a horizon, how they do, and how they compare. */
export const UsedModels = ({ horizon, used }: { readonly horizon: string; readonly used: Used }) => (
  <section class="card">
    <h2>{horizonText(horizon)} ahead</h2>
    <div class="halves">
      <One name="Champion" model={used.champion} none="no model is used yet" />
      <One name="Challenger" model={used.challenger} none="no other model is tried beside it" />
    </div>
    <p class="note">
      <b>Comparison.</b> {verdictText(used)}
    </p>
  </section>
)

const dayText = (t: number | undefined): string => (t === undefined ? ABSENT : day(t))

const sinceText = ({ since, who, why }: ModelState): Text =>
  since === undefined ? { text: ABSENT } : { text: day(since), why: `${moment(since)} UTC, by ${who}: ${why}` }

const liveText = ({ live }: ModelState): Text =>
  live?.ic === undefined
    ? { text: ABSENT, why: 'the outcome of none of its scores is known yet' }
    : { text: signed(live.ic, 3), why: `of the scores of ${count(live.days)} days whose outcomes are known` }

interface OneProps {
  readonly name: string
  readonly model: ModelState | undefined
  readonly none: string
}

const One = ({ name, model, none }: OneProps) => (
  <div>
    <h3>
      {name} {model?.version !== undefined && <a href={`/models/${model.version}`}>{model.version.slice(0, 12)}</a>}{' '}
      {model?.simulated && <span class="mark">simulated</span>}
    </h3>
    {model === undefined ? (
      <p class="empty">{none}</p>
    ) : (
      <dl class="figures">
        <Still name="IC out of sample" of={signed(model.ic?.mean, 3)} why="it was not measured" />
        <Still name="IC, 95 %" of={isWhole(model.ic) ? rangeText(model.ic) : ABSENT} why="it was not measured" />
        <Still name="IC live" of={liveText(model)} />
        <Still name="Learnt to" of={dayText(model.trainedTo)} why="the server does not say" />
        <Still name="Since" of={sinceText(model)} />
      </dl>
    )}
  </div>
)
