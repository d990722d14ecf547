import { useComputed } from '@preact/signals'
import { compact, count, direction, fixed, signedPercent } from '../../format/number.ts'
import { clock, moment } from '../../format/time.ts'
import { useChannel, useRefusal } from '../../live/channels.ts'
import { names } from '../../live/names.ts'
import { Figure, Num, toned } from '../../parts/figure.tsx'
import { Marks } from '../../parts/marks.tsx'
import { Refusal } from '../../parts/refusal.tsx'
import { changeOf, placesFor } from '../overviewColumns.ts'
import type { PageProps } from '../page.ts'
import { Candles } from './candles.tsx'
import { Tape } from './tape.tsx'

/** A symbol: its price, its candles, its trades. */
export const Market = ({ id, embedded }: PageProps) => {
  const shown = useChannel(`tick:${id}`)
  const refusal = useRefusal(`tick:${id}`)
  const state = useComputed(() => shown.value?.state)
  if (refusal.value) return <Refusal what={id} error={refusal.value} />
  const places = (price: number | undefined): number => placesFor(id, price)
  const day = state.value?.day
  const base = id.split('-', 1)[0]!
  const analysed = !embedded && (names.value?.scored.includes(base) || names.value?.measured.includes(base))
  return (
    <>
      <div class="title">
        <div class="name">
          <h1>{id}</h1>
          <Num
            name="Price"
            of={shown}
            read={s => ({
              text: fixed(s.price, places(s.price)),
              why: s.t === undefined ? undefined : `traded ${moment(s.t, true)} UTC${s.src ? ` on ${s.src}` : ''}`,
            })}
            large
          />
          <Num
            name="Change 24 h"
            of={shown}
            read={s => toned(signedPercent(changeOf(s)), direction((changeOf(s) ?? Number.NaN) * 100, 2))}
          />
          <Marks state={state.value} />
          {analysed && <a href={`/analytics/${encodeURIComponent(base)}`}>{base}: score and metrics</a>}
          {day?.gap && <span class="mark">trades are missing</span>}
          {day?.since !== undefined && <span class="quiet">day complete since {clock(day.since)} UTC</span>}
        </div>
      </div>
      <section class="card" aria-label="Figures">
        <dl class="figures">
          <Figure name="Bid" of={shown} read={s => fixed(s.bid, places(s.price))} />
          <Figure name="Ask" of={shown} read={s => fixed(s.ask, places(s.price))} />
          <Figure name="High 24 h" of={shown} read={s => fixed(s.day?.high, places(s.price))} />
          <Figure name="Low 24 h" of={shown} read={s => fixed(s.day?.low, places(s.price))} />
          <Figure name="VWAP 24 h" of={shown} read={s => fixed(s.day?.vwap, places(s.price))} />
          <Figure name="Volume 24 h" of={shown} read={s => compact(s.day?.notional)} />
          <Figure name="Trades 24 h" of={shown} read={s => count(s.day?.n)} />
        </dl>
      </section>
      <Candles symbol={id} />
      {!embedded && <Tape symbol={id} />}
    </>
  )
}
