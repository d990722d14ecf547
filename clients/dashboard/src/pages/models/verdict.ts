import type { ModelsState } from '../../../../driftwire-client/src/index.ts'
import { count, signed } from '../../format/number.ts'
import { type Estimate, rangeText } from './card.ts'

/** The models of one horizon. */
export type Used = NonNullable<ModelsState['horizon']>[string]

/** Returns whether mean and interval are known. */
export const isWhole = (of: Partial<Estimate> | undefined): of is Estimate =>
  of?.mean !== undefined && of.low !== undefined && of.high !== undefined

const VERDICTS = {
  none: 'No verdict: too little is known, or the interval of the difference holds zero.',
  challenger: 'The challenger is better.',
  champion: 'The champion is better.',
} as const

/** Returns how champion and challenger compare, in words. */
export const verdictText = ({ challenger, comparison }: Used): string => {
  if (challenger === undefined) return 'There is no challenger, so there is nothing to compare.'
  if (comparison?.verdict === undefined) return 'No verdict: no outcome of a day that both have scored is known yet.'
  const difference = isWhole(comparison)
    ? ` The challenger’s IC less the champion’s is ${signed(comparison.mean, 3)} (${rangeText(comparison)}).`
    : ''
  return `${VERDICTS[comparison.verdict]}${difference} Days that both have scored and whose outcomes are known: ${count(comparison.days)}.`
}
