import type { ReadonlySignal } from '@preact/signals'
import { useAnswer } from '../../live/answer.ts'

/** How a fund is made, as its definition says; what the server does not say is absent. */
export interface FundTerms {
  readonly name?: string
  readonly creationUnit?: string
  readonly rebalance?: { readonly mode?: string; readonly assetThreshold?: number; readonly totalThreshold?: number }
}

/** Returns the terms of a fund. */
export const useTerms = (id: string): ReadonlySignal<FundTerms | undefined> =>
  useAnswer<FundTerms>(`/v1/funds/${encodeURIComponent(id)}/basket`).value
