import { type ReadonlySignal, useComputed } from '@preact/signals'
import type { Basket } from '../../../../../streams/wire/answers/funds.ts'
import { useAnswer } from '../../live/answer.ts'
import { useChannel } from '../../live/channels.ts'

/** How a fund is made, as far as its orders and its composition need it; what is not known is absent. */
export interface FundTerms {
  readonly creationUnit: string | undefined
  /** The drift of one asset beyond which the fund is rebalanced, as a fraction. */
  readonly threshold: number | undefined
}

/** Returns the terms of a fund. */
export const useTerms = (id: string): ReadonlySignal<FundTerms> => {
  const basket = useAnswer<Basket>(`/v1/funds/${encodeURIComponent(id)}/basket`).value
  const rebalances = useChannel(`rebalances:${id}`)
  return useComputed(() => ({ creationUnit: basket.value?.creationUnit, threshold: rebalances.value?.state.thresholds?.asset }))
}
