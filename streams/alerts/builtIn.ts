import type { AlertRule } from './rule.ts'

const DAY_MS = 86_400_000

/** What all built-in rules have unless they say otherwise. */
const PLAIN = { severity: 'warning', forMs: 0, clearForMs: 0, confirmMs: 0 } as const

/**
 * A protocol's TVL falls within a day by more, in logarithms, than its changes of 90 days allow: further below their median than 0.25 and than six
 * of their standard deviations. Many at once are the market's fall and not theirs. A tenth of such drops are faults of a source and are back a
 * day later, so they are unconfirmed until then.
 */
export const TVL_DROP: AlertRule = {
  ...PLAIN,
  id: 'tvl-drop',
  channel: 'metrics:*',
  figure: 'tvl.v',
  condition: {
    kind: 'deviates',
    mads: 6,
    least: 0.25,
    everyMs: DAY_MS,
    window: 90,
    samples: 60,
    side: 'below',
    logs: true,
    change: true,
    clear: 0.05,
    lastsMs: 7 * DAY_MS,
    at: 'tvl.t',
  },
  only: { figure: 'tvl.v', above: 1e6 },
  confirmMs: DAY_MS,
  together: { atLeast: 3, withinMs: DAY_MS / 2 },
}
