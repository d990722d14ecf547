import { useComputed } from '@preact/signals'
import type { Rebalances } from '../../../../../streams/wire/answers/funds.ts'
import type { FundState } from '../../../../driftwire-client/src/index.ts'
import { basisPoints, compact, direction, fixed, percent, signedPercent } from '../../format/number.ts'
import { useAnswer } from '../../live/answer.ts'
import { useChannel, useRefusal } from '../../live/channels.ts'
import { Figure, Num, toned } from '../../parts/figure.tsx'
import { Marks } from '../../parts/marks.tsx'
import { Refusal } from '../../parts/refusal.tsx'
import { fundToday } from '../overviewColumns.ts'
import type { PageProps } from '../page.ts'
import { Composition } from './composition.tsx'
import { FactSheet } from './factSheet.tsx'
import { NavCharts } from './navCharts.tsx'
import { OrderCard } from './orderCard.tsx'
import { Past } from './pastRebalances.tsx'
import { Rebalance } from './rebalance.tsx'
import { useTerms } from './terms.ts'

const inav = (side: 'bid' | 'mid' | 'ask') => (state: FundState) => fixed(state.inav?.[side], 4)

const premium = (state: FundState) => ({
  ...toned(signedPercent(state.premium, 3), direction(state.premium && state.premium * 100, 3)),
  why: state.premium === undefined ? undefined : `market ÷ NAV − 1 = ${basisPoints(state.premium)}`,
})

/** ms between two looks at the rebalances of the past. */
const PAST_MS = 60_000

/** Returns the value of all trades as a share of what the fund is worth now; undefined if there were none. */
const turnoverOf = (past: readonly { readonly turnover: string }[] | undefined, aum: number | undefined): number | undefined =>
  past && past.length > 0 && aum ? past.reduce((sum, { turnover }) => sum + Number(turnover), 0) / aum : undefined

/** A fund: what it is worth, what it holds, what it would trade, and orders of its shares. */
export const Fund = ({ id, embedded }: PageProps) => {
  const shown = useChannel(`fund:${id}`)
  const refusal = useRefusal(`fund:${id}`)
  const state = useComputed(() => shown.value?.state)
  const terms = useTerms(id)
  const past = useAnswer<Rebalances>(`/v1/funds/${encodeURIComponent(id)}/rebalances`, PAST_MS)
  const turnover = useComputed(() => turnoverOf(past.value.value?.rebalances, shown.value?.state.aum))
  if (refusal.value) return <Refusal what={`the fund ${id}`} error={refusal.value} />
  return (
    <>
      <div class="title">
        <div class="name">
          <h1>{id}</h1>
          <Num name="NAV per share" of={shown} read={s => fixed(s.nav, 4)} large />
          <Num name="Today" of={shown} read={s => fundToday(id, s.nav)} />
          <Marks state={state.value} />
        </div>
      </div>
      <section class="card" aria-label="Figures">
        <dl class="figures">
          <Figure name="Market" of={shown} read={s => fixed(s.market, 4)} />
          <Figure name="Premium" of={shown} read={premium} />
          <Figure name="iNAV bid" of={shown} read={inav('bid')} />
          <Figure name="iNAV ask" of={shown} read={inav('ask')} />
          <Figure name="Assets" of={shown} read={s => compact(s.aum)} />
          <Figure name="Shares" of={shown} read={s => fixed(s.shares === undefined ? undefined : Number(s.shares), 0)} />
          <Figure name="Level" of={shown} read={s => fixed(s.level, 4)} />
          <Figure name="Total drift" of={shown} read={s => percent(s.totalDrift, 3)} />
          <Figure name="Largest drift" of={shown} read={s => percent(s.maxDrift, 3)} />
          <Figure name="Oldest price" of={shown} read={s => (s.inav?.age === undefined ? '—' : `${fixed(s.inav.age / 1000, 1)} s`)} />
        </dl>
      </section>
      <NavCharts id={id} shown={shown} />
      <Composition id={id} shown={shown} terms={terms} />
      {!embedded && (
        <div class="halves">
          <OrderCard fund={id} shown={shown} terms={terms} />
          <div class="column">
            <Rebalance id={id} />
            <Past id={id} answer={past} />
            <FactSheet id={id} turnover={turnover.value} />
          </div>
        </div>
      )}
    </>
  )
}
