import { builtInRules } from '../../streams/alerts/builtIn.ts'
import type { AlertRule, Condition } from '../../streams/alerts/rule.ts'
import type { AlertConfig, ConfiguredRule } from './alertSchema.ts'

/**
 * Returns the rules of the configuration as the streams read them: defaults that depend on other members filled in, and the built-in ones for feeds of
 * these names if they are wanted.
 */
export const alertRules = ({ builtIn, rules }: AlertConfig, feeds: readonly string[]): AlertRule[] => [
  ...(builtIn ? builtInRules(feeds) : []),
  ...rules.map(alertRule),
]

const alertRule = (given: ConfiguredRule): AlertRule => {
  const { id, channel, figure, against, onlyAbove, severity, forMs, clearForMs, confirmMs, together } = given
  return {
    ...{ id, channel, figure, severity, forMs, clearForMs, confirmMs, condition: conditionOf(given) },
    ...(against && { against }),
    ...(onlyAbove && { only: { figure: onlyAbove.figure, above: onlyAbove.value } }),
    ...(together && { together }),
  }
}

const conditionOf = ({ above, below, clearBy, away, moves, deviates, unchangedForMs, is }: ConfiguredRule): Condition => {
  if (is !== undefined) return { kind: 'is', value: is }
  if (unchangedForMs !== undefined) return { kind: 'stale', ms: unchangedForMs }
  if (moves) return { kind: 'moved', ...moves, clear: moves.clear ?? moves.by / 2 }
  if (deviates) {
    const { samples = Math.ceil((deviates.window * 2) / 3), lastsMs = 7 * deviates.everyMs, clear = deviates.change ? 0.05 : 1 } = deviates
    const { at, ...others } = deviates
    return { kind: 'deviates', ...others, samples, lastsMs, clear, ...(at !== undefined && { at }) }
  }
  if (away) {
    const { from, by, clear = by } = away
    return { kind: 'beyond', lo: from - by, hi: from + by, clearLo: from - clear, clearHi: from + clear }
  }
  const [lo, hi] = [below ?? Number.NEGATIVE_INFINITY, above ?? Number.POSITIVE_INFINITY]
  return { kind: 'beyond', lo, hi, clearLo: lo + clearBy, clearHi: hi - clearBy }
}
