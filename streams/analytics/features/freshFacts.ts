import { faultOf, type MetricLog, type SourcedFact } from './metricLog.ts'

/**
 * Returns the facts that say something new, in their order, each dated so that nothing said before changes; `known` has them afterwards. What a source had
 * said by then already is left out, so to read a period again adds nothing, and neither does not knowing what was never known. Another value for
 * a moment of which the source has spoken is a revision, known since `now` (ms). Throws a RangeError if one is no fact; then `known` is as it was.
 */
export const freshFacts = (facts: readonly SourcedFact[], known: MetricLog, now: number): SourcedFact[] => {
  for (const fact of facts) {
    const fault = faultOf(fact, now)
    if (fault !== undefined) throw new RangeError(fault)
  }
  return facts.flatMap(fact => {
    const dated = contradicts(fact, known) ? { ...fact, availableAt: Math.max(now, newestWord(fact, known) + 1) } : fact
    const isKnown = says(fact, known.saidBefore(dated)?.value ?? Number.NaN)
    if (isKnown || (dated !== fact && says(fact, known.saidBefore(fact, Number.POSITIVE_INFINITY)!.value))) return []
    known.add(dated)
    return [dated]
  })
}

/** Whether a fact says this value; NaN if it is not known. */
const says = ({ value }: SourcedFact, said: number): boolean => (value ?? Number.NaN) === said || (value === null && Number.isNaN(said))

/** Whether its source has said something else of the same moment. */
const contradicts = (fact: SourcedFact, known: MetricLog): boolean => {
  const said = known.saidBefore(fact)
  return said?.availableAt === fact.availableAt && !says(fact, said.value)
}

const newestWord = (fact: SourcedFact, known: MetricLog): number => known.saidBefore(fact, Number.POSITIVE_INFINITY)!.availableAt
