import { SNAPSHOT_FEATURES } from '../../../../../streams/analytics/features/snapshotFeatures.ts'
import type { HorizonScore } from '../../../../driftwire-client/src/index.ts'
import { direction, fixed, signed } from '../../format/number.ts'
import { classOf, type Text, toned } from '../../parts/figure.tsx'
import { type Step, type Way, wayOf } from './steps.ts'

const definitions: ReadonlyMap<string, string> = new Map(SNAPSHOT_FEATURES.map(({ name, definition }) => [name, definition]))

/** What each feature adds to what is expected of any asset, the largest first, as bars that go on where the one before ends. */
export const Reasons = ({ score }: { readonly score: HorizonScore }) => {
  const way = wayOf(score)
  return (
    <section class="card">
      <h2>Why</h2>
      {way === undefined ? (
        <p class="empty">The parts do not add up to what is expected, so they are not shown.</p>
      ) : (
        <table class="reasons">
          <thead>
            <tr>
              <th scope="col">Feature</th>
              <th scope="col" class="right">
                Points
              </th>
              <th scope="col">
                <span class="hidden">Comes to</span>
              </th>
            </tr>
          </thead>
          <tbody>
            <End name="any asset" value={way.base} way={way} />
            {way.steps.map(step => (
              <Part key={step.name} step={step} way={way} />
            ))}
            <End name="this one" value={way.expected} way={way} />
          </tbody>
        </table>
      )}
      <p class="note">
        Points of the percentile that the models expect. It puts assets into nearly the order of the score, which is the percentile of the
        mean of the models’ own percentiles.
      </p>
    </section>
  )
}

const at = (value: number, { low, high }: Way): string => `${(((value - low) / (high - low || 1)) * 100).toFixed(2)}%`

const Value = ({ name, text }: { readonly name: string; readonly text: Text }) => (
  <td class="right">
    <span class={classOf(text, false)} data-fig={name} data-why={text.why} tabIndex={0}>
      {text.text}
    </span>
  </td>
)

const Part = ({ step, way }: { readonly step: Step; readonly way: Way }) => {
  const { name, part, from, to } = step
  const why = `${definitions.get(name) ?? 'a feature that this page does not know'}; ${part} points, comes to ${fixed(to, 2)}`
  return (
    <tr>
      <th scope="row">{name}</th>
      <Value name={name} text={{ ...toned(signed(part, 2), direction(part, 2)), why }} />
      <td>
        <span class={`stepbar${part < 0 ? ' falls' : ''}`} aria-hidden="true">
          <span style={{ left: at(Math.min(from, to), way), right: `calc(100% - ${at(Math.max(from, to), way)})` }} />
        </span>
      </td>
    </tr>
  )
}

const End = ({ name, value, way }: { readonly name: string; readonly value: number; readonly way: Way }) => (
  <tr class="end">
    <th scope="row">Expected of {name}</th>
    <Value name={`Expected of ${name}`} text={{ text: fixed(value, 2), why: 'a percentile, 0 to 100' }} />
    <td>
      <span class="stepbar" aria-hidden="true">
        <span class="place" style={{ left: at(value, way) }} />
      </span>
    </td>
  </tr>
)
