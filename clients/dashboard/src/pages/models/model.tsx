import { signal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { ModelCard } from '../../../../../streams/wire/answers/scores.ts'
import { Chart } from '../../charts/chart.tsx'
import { count, percent, signed } from '../../format/number.ts'
import { day, moment } from '../../format/time.ts'
import { useAnswer } from '../../live/answer.ts'
import { Still } from '../../parts/figure.tsx'
import { Refusal } from '../../parts/refusal.tsx'
import { rangeText, skillByMonth, type Validation, validationOf } from './card.ts'
import { SkillTable } from './skillTable.tsx'

const FIFTEEN_DAYS = 1_296_000_000
const ic = (value: number): string => signed(value, 3)

/** What is known of one model: what it learnt from, and what it was worth out of sample. */
export const Model = ({ version }: { readonly version: string }) => {
  const { value, error } = useAnswer<ModelCard>(`/v1/models/${encodeURIComponent(version)}`)
  const card = value.value
  const validation = card && validationOf(card)
  return (
    <>
      <div class="title">
        <div class="name">
          <h1>Model {version.slice(0, 12)}</h1>
          {card?.aliases.map(alias => (
            <b key={alias}>{alias}</b>
          ))}
          {card?.simulated && <span class="mark">simulated</span>}
        </div>
        <a href="/models">All models</a>
      </div>
      {error.value && <Refusal what="this model" error={error.value} />}
      {!card && !error.value && <p class="empty">loading</p>}
      {card && <Facts card={card} />}
      {card && !validation && <p class="hint">Its validation has another form than this page knows.</p>}
      {validation && <Skills version={version.slice(0, 12)} validation={validation} />}
    </>
  )
}

const Facts = ({ card }: { readonly card: ModelCard }) => (
  <section class="card">
    <h2>What it is</h2>
    <dl class="figures">
      <Still name="IC out of sample" of={ic(card.ic.mean)} />
      <Still name="IC, 95 %" of={rangeText(card.ic)} />
      <Still name="Months ahead" of={count(card.horizon)} />
      <Still name="Learnt from" of={{ text: day(card.trainedFrom), why: 'the oldest list' }} />
      <Still name="Learnt to" of={{ text: day(card.trainedTo), why: 'the newest list' }} />
      <Still name="Rows" of={count(card.rows)} />
      <Still name="Assets" of={count(card.assets)} />
      <Still name="Features" of={{ text: count(card.features.length), why: card.features.join(', ') }} />
      <Still name="Seed" of={String(card.seed)} />
      <Still name="Made" of={{ text: day(card.made), why: `${moment(card.made)} UTC` }} />
    </dl>
    <dl class="facts">
      <dt>Version</dt>
      <dd class="whole mono">{card.version}</dd>
      <dt>Data</dt>
      <dd class="whole mono">{card.data}</dd>
    </dl>
  </section>
)

const Calibrated = ({ calibration }: Pick<Validation, 'calibration'>) => {
  const { above, worst, coverage, worstCoverage, snapshots, rows } = calibration
  const distance = 'mean distance of probability and frequency'
  const brier = 'how much better than always saying how often it comes'
  return (
    <section class="card">
      <h2>Probabilities and intervals, out of sample</h2>
      <dl class="figures">
        <Still name="Error: above median" of={{ text: percent(above.error, 1), why: distance }} />
        <Still name="Error: worst third" of={{ text: percent(worst.error, 1), why: distance }} />
        <Still name="Brier: above median" of={{ text: percent(above.brierSkill, 1), why: brier }} />
        <Still name="Brier: worst third" of={{ text: percent(worst.brierSkill, 1), why: brier }} />
        <Still name="80 % intervals held" of={{ text: percent(coverage, 1), why: 'of all returns; 80 % would be exact' }} />
        <Still name="In the worst month" of={percent(worstCoverage, 1)} />
        <Still name="Months" of={count(snapshots)} />
        <Still name="Rows tried" of={count(rows)} />
      </dl>
    </section>
  )
}

const Skills = ({ version, validation }: { readonly version: string; readonly validation: Validation }) => {
  const { models, features, bestFeature, aboveBestFeature, calibration, warnings } = validation
  const drawn = useMemo(() => {
    const turned = features[bestFeature]!.ic.mean < 0
    return {
      data: signal(skillByMonth(validation)),
      series: [
        { label: 'Ensemble', color: '--accent', text: ic, width: 2, points: true },
        { label: `${bestFeature} alone${turned ? ', turned' : ''}`, color: '--warn', text: ic },
        { label: 'Doing nothing', color: '--quiet', text: ic, dash: [4, 4] },
      ] as const,
    }
  }, [validation])
  return (
    <>
      {warnings.map(warning => (
        <p key={warning} class="hint">
          <span class="mark">warning</span> {warning}
        </p>
      ))}
      <section class="card">
        <h2>Skill by month</h2>
        <Chart label={`Skill of ${version} by month`} data={drawn.data} series={drawn.series} height={240} pad={FIFTEEN_DAYS} />
        <p class="note">
          Rank correlation of score and return in months that came after all that was learnt from. The ensemble’s mean less that of{' '}
          {bestFeature} alone is {ic(aboveBestFeature.mean)} ({rangeText(aboveBestFeature)} in 95 of 100 cases). This is the best single
          feature, found by looking at the outcomes.
        </p>
      </section>
      <Calibrated calibration={calibration} />
      <section class="card">
        <h2>The models</h2>
        <SkillTable label="Skill of the models" id="skills" skills={models} />
      </section>
      <section class="card">
        <h2>Without a model, each feature alone</h2>
        <SkillTable label="Skill of each feature" id="features" skills={features} />
      </section>
    </>
  )
}
