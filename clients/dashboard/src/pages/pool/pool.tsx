import { useComputed } from '@preact/signals'
import type { PoolState } from '../../../../driftwire-client/src/index.ts'
import { compact, count, fixed, percent } from '../../format/number.ts'
import { moment } from '../../format/time.ts'
import { useChannel, useRefusal } from '../../live/channels.ts'
import { Choices } from '../../parts/choices.tsx'
import { Figure, Num } from '../../parts/figure.tsx'
import { Marks } from '../../parts/marks.tsx'
import { Refusal } from '../../parts/refusal.tsx'
import { choice } from '../../router.ts'
import { placesFor } from '../overviewColumns.ts'
import type { PageProps } from '../page.ts'
import { Book } from './book.tsx'
import { Depth } from './depth.tsx'
import { PoolCharts } from './poolCharts.tsx'
import { SwapQuote } from './swapQuote.tsx'
import { Swaps } from './swaps.tsx'
import { Ticks } from './ticks.tsx'
import { turned, WAYS } from './way.ts'

/** Returns a figure of a day: since when it is complete, if that is less than a day. */
const ofDay = (key: 'volume24h' | 'fees24h' | 'trades24h') => (s: PoolState) => ({
  text: key === 'trades24h' ? count(s[key]) : compact(s[key]),
  why: s.since === undefined ? undefined : `complete since ${moment(s.since)} UTC`,
})

/** A pool: its price, what lies in it, what was swapped. */
export const Pool = ({ id, embedded }: PageProps) => {
  const shown = useChannel(`pool:${id}`)
  const refusal = useRefusal(`pool:${id}`)
  const state = useComputed(() => shown.value?.state)
  const kind = useComputed(() => shown.value?.state.kind)
  const way = choice('way', WAYS)
  if (refusal.value) return <Refusal what={`the pool ${id}`} error={refusal.value} />
  return (
    <>
      <div class="title">
        <div class="name">
          <h1>{id}</h1>
          <Num
            key={way}
            name={way === 'token0' ? 'Price of token1 in token0' : 'Price of token0 in token1'}
            of={shown}
            read={s => fixed(turned(s.price, way), placesFor(`${id} ${way}`, turned(s.price, way)))}
            large
          />
          <Marks state={state.value} />
        </div>
        <div class="tools">
          <span class="quiet">{kind.value}</span>
          <Choices name="way" label="Price" of={WAYS} text={w => (w === 'token0' ? 'token1 in token0' : 'token0 in token1')} />
        </div>
      </div>
      <section class="card" aria-label="Figures">
        <dl class="figures">
          <Figure name="Liquidity" of={shown} read={s => compact(s.tvl)} />
          <Figure name="Bid depth 2 %" of={shown} read={s => compact(s.depth?.bid2)} />
          <Figure name="Ask depth 2 %" of={shown} read={s => compact(s.depth?.ask2)} />
          <Figure name="Volume 24 h" of={shown} read={ofDay('volume24h')} />
          <Figure name="Fees 24 h" of={shown} read={ofDay('fees24h')} />
          <Figure name="Trades 24 h" of={shown} read={ofDay('trades24h')} />
          <Figure
            name="Impermanent loss"
            of={shown}
            read={s => ({ text: percent(s.il, 3), why: s.il === undefined ? 'only pools of Uniswap have it' : 'since 00:00 UTC' })}
          />
          <Figure
            name="Tick"
            of={shown}
            read={s => ({ text: count(s.tick), why: s.tick === undefined ? 'only pools of Uniswap v3 have one' : undefined })}
          />
        </dl>
      </section>
      <PoolCharts id={id} shown={shown} way={way} />
      <div class="halves">
        <Depth id={id} way={way} />
        {kind.value === 'orderbook' ? (
          <Book id={id} way={way} />
        ) : kind.value === 'uniswap-v3' ? (
          <Ticks id={id} way={way} />
        ) : (
          <SwapQuote id={id} way={way} />
        )}
      </div>
      {!embedded && kind.value === 'uniswap-v3' && <SwapQuote id={id} way={way} />}
      {!embedded && kind.value !== undefined && kind.value !== 'orderbook' && <Swaps id={id} way={way} />}
    </>
  )
}
