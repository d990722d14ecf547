import { converts, type NumberedEvent } from '../market/assetEvent.ts'
import { insertion, moveAmount, moveWeight } from '../market/conversionPath.ts'
import type { FundHoldings } from './inception.ts'

/** A fund's holdings as of a moment. */
export interface HoldingsAsOf {
  readonly holdings: FundHoldings
  /** Assets of events that have happened and that the journal has not converted yet. */
  readonly converting: ReadonlySet<string>
}

/**
 * Returns what a fund is and owns as of a moment by which the events of `due` have happened, in order of time: the journal may convert it a
 * frame later, or have converted it in a run before this replay of older data. What it shows as of now is exactly the journal's.
 */
export const holdingsAsOf = (holdings: FundHoldings, due: readonly NumberedEvent[], all: readonly NumberedEvent[]): HoldingsAsOf => {
  const { converted = NONE, t } = holdings
  const done = all.filter(({ seq }) => converted.has(seq))
  const missing = due.filter(({ seq, event }) => event.t > t && !converted.has(seq) && converts(event))
  const early = done.filter(({ seq }) => !due.some(other => other.seq === seq))
  let now = holdings
  let counted = done
  for (const taken of early.toReversed()) {
    counted = counted.filter(({ seq }) => seq !== taken.seq)
    const { from, to } = insertion(
      taken.event,
      counted.map(({ event }) => event),
    )
    now = moved(now, to.asset, { asset: from, ratio: { before: to.ratio.after, after: to.ratio.before } })
  }
  for (const next of missing) {
    const { from, to } = insertion(
      next.event,
      counted.map(({ event }) => event),
    )
    now = moved(now, from, to)
    counted = [...counted, next]
  }
  return { holdings: now, converting: new Set(missing.flatMap(({ event: { asset, to } }) => [asset, to])) }
}

const NONE: ReadonlySet<number> = new Set()

const moved = (holdings: FundHoldings, from: string, to: Parameters<typeof moveAmount>[2]): FundHoldings => ({
  ...holdings,
  units: moveAmount(holdings.units, from, to),
  custody: moveAmount(holdings.custody, from, to),
  weights: moveWeight(holdings.weights, from, to.asset),
})
