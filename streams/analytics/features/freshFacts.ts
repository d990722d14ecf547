import type { Said } from './factSeries.ts'
import { faultOf, type MetricLog, type SourcedFact } from './metricLog.ts'

/**
 * Returns the facts that say something new, in the order in which they were known, each dated so that nothing said before changes; `known` has them afterwards. What a source had
 * said by then already is left out, so to read a period again adds nothing, and neither does not knowing what was never known. Another value for
 * a moment of which the source has spoken is a revision, known since `now` (ms). Throws a RangeError if one is no fact; then `known` is as it was.
 */
export const freshFacts = (facts: readonly SourcedFact[], known: MetricLog, now: number): SourcedFact[] => {
  for (const fact of facts) {
    const fault = faultOf(fact, now)
    if (fault !== undefined) throw new RangeError(fault)
  }
  // A word that comes back to an older one says something new only if what it revises is there already.
  const inOrder = facts.toSorted((a, b) => a.availableAt - b.availableAt)
  return inOrder.flatMap(fact => {
    const dated = redated(fact, known.wordsOf(fact), now)
    if (dated === undefined) return []
    known.add(dated)
    return [dated]
  })
}

/** Returns a fact as it counts beside the words of its source, oldest first; `undefined` if it says nothing new. */
const redated = (fact: SourcedFact, words: readonly Said[], now: number): SourcedFact | undefined => {
  const before = words.findLast(({ availableAt }) => availableAt <= fact.availableAt)
  if (says(fact, before?.value ?? Number.NaN)) return undefined
  if (before?.availableAt !== fact.availableAt) return fact
  // A file that is imported again brings the same contradiction again, whatever was said since.
  if (words.some(({ availableAt, value }) => availableAt > fact.availableAt && says(fact, value))) return undefined
  return { ...fact, availableAt: Math.max(now, words.at(-1)!.availableAt + 1) }
}

/** Whether a fact says this value; NaN if it is not known. */
const says = ({ value }: SourcedFact, said: number): boolean => (value ?? Number.NaN) === said || (value === null && Number.isNaN(said))
