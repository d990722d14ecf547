import { useComputed } from '@preact/signals'
import type { PnlState, PortfolioSums } from '../../../../driftwire-client/src/index.ts'
import { direction, fixed, percent, signed, signedPercent } from '../../format/number.ts'
import { useChannel, useRefusal } from '../../live/channels.ts'
import { Figure, Num, toned } from '../../parts/figure.tsx'
import { Marks } from '../../parts/marks.tsx'
import { Refusal } from '../../parts/refusal.tsx'
import type { PageProps } from '../page.ts'
import { Accounts } from './accounts.tsx'
import { Assets } from './assets.tsx'
import { GainCharts } from './gainCharts.tsx'
import { Import } from './import.tsx'
import { Lots } from './lots.tsx'

/** Returns the text of a sum. Where an asset has no price the sum without it is shown, and named so. */
const sum = (key: keyof PortfolioSums, coloured: boolean) => (s: PnlState) => {
  const whole = s[key]
  const value = whole ?? s.known?.[key]
  const text = coloured ? toned(signed(value), direction(value, 2)) : { text: fixed(value) }
  return whole === undefined && value !== undefined
    ? { ...text, text: `${text.text} *`, why: `without ${Object.keys(s.unpriced ?? {}).join(', ')}, which has no price` }
    : text
}

/** A portfolio: what it is worth, and where its gain comes from. */
export const Portfolio = ({ id, embedded }: PageProps) => {
  const shown = useChannel(`pnl:${id}`)
  const refusal = useRefusal(`pnl:${id}`)
  const state = useComputed(() => shown.value?.state)
  if (refusal.value) return <Refusal what={`the portfolio ${id}`} error={refusal.value} />
  return (
    <>
      <div class="title">
        <div class="name">
          <h1>{id}</h1>
          <Num name="Value" of={shown} read={sum('value', false)} large />
          <span class="quiet">{state.value?.quote}</span>
          <Marks state={state.value} />
        </div>
        <span class="quiet">{state.value?.method && `lots: ${state.value.method}`}</span>
      </div>
      <section class="card" aria-label="Figures">
        <dl class="figures">
          <Figure name="Gain" of={shown} read={sum('total', true)} />
          <Figure name="Today" of={shown} read={s => toned(signed(s.day), direction(s.day, 2))} />
          <Figure
            name="Return"
            of={shown}
            read={s => ({
              ...toned(signedPercent(s.twr), direction(s.twr && s.twr * 100, 2)),
              why: s.twr === undefined ? undefined : 'time-weighted, since the first transaction',
            })}
          />
          <Figure name="Unrealised" of={shown} read={sum('unrealised', true)} />
          <Figure name="Realised" of={shown} read={sum('realised', true)} />
          <Figure name="Income" of={shown} read={sum('income', true)} />
          <Figure name="Expenses" of={shown} read={sum('expenses', false)} />
          <Figure name="Fees" of={shown} read={sum('fees', false)} />
          <Figure name="Cost" of={shown} read={sum('cost', false)} />
          <Figure
            name="Drawdown"
            of={shown}
            read={s => ({
              text: percent(s.drawdown?.rel),
              why: s.drawdown?.abs === undefined ? undefined : `${fixed(s.drawdown.abs)} below the height`,
            })}
          />
        </dl>
      </section>
      <GainCharts id={id} shown={shown} />
      <Assets id={id} shown={shown} />
      {!embedded && (
        <>
          <div class="halves">
            <Lots id={id} />
            <Accounts id={id} shown={shown} />
          </div>
          <Import id={id} />
        </>
      )}
    </>
  )
}
