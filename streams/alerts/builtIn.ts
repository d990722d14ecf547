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

const MINUTE_MS = 60_000

/** What can be bought or sold within 2 % falls below half its median of a day, and below what its spread allows. */
const depth = (id: string, figure: string): AlertRule => ({
  ...PLAIN,
  ...{ id, channel: 'pool:*', figure, forMs: MINUTE_MS },
  condition: {
    ...{ kind: 'deviates', mads: 6, least: Math.LN2, everyMs: 5 * MINUTE_MS, window: 288, samples: 24, side: 'below' },
    ...{ logs: true, change: false, clear: 0.7, lastsMs: 0 },
  },
  together: { atLeast: 3, withinMs: 10 * MINUTE_MS },
})

/** Coins that are worth one dollar. */
const PEGGED = ['USDT', 'USDC', 'DAI', 'TUSD', 'USDP', 'FDUSD', 'PYUSD', 'BUSD', 'GUSD', 'FRAX', 'LUSD']

/** A coin of one dollar is a cent away from it, against dollars or another such coin. */
const peg = (coin: string): AlertRule => ({
  ...PLAIN,
  ...{ id: `peg-${coin}`, channel: `tick:${coin}-USD*`, figure: 'price', forMs: 5 * MINUTE_MS, clearForMs: MINUTE_MS },
  condition: { kind: 'beyond', lo: 0.99, hi: 1.01, clearLo: 0.995, clearHi: 1.005 },
  severity: 'critical',
})

const FIXED: readonly AlertRule[] = [
  TVL_DROP,
  depth('depth-bid', 'depth.bid2'),
  depth('depth-ask', 'depth.ask2'),
  ...PEGGED.map(peg),
  {
    ...PLAIN,
    ...{ id: 'oracle-deviation', channel: 'metrics:*', figure: 'oraclePrice.v', against: { channel: 'tick:*-USD', figure: 'price' } },
    // Chainlink's answers for the largest assets are renewed at 0.5 %, for others at 1 to 2 %.
    condition: { kind: 'beyond', lo: -0.02, hi: 0.02, clearLo: -0.01, clearHi: 0.01 },
    forMs: 2 * MINUTE_MS,
  },
  { ...PLAIN, ...{ id: 'oracle-stale', channel: 'metrics:*', figure: 'oraclePrice.stale', condition: { kind: 'is', value: true } } },
  {
    ...PLAIN,
    ...{ id: 'drift', channel: 'fund:*', figure: 'rebalance.needed', condition: { kind: 'is', value: true }, forMs: 5 * MINUTE_MS },
  },
  {
    ...PLAIN,
    ...{ id: 'premium', channel: 'fund:*', figure: 'premium', forMs: MINUTE_MS, clearForMs: MINUTE_MS },
    condition: { kind: 'beyond', lo: -0.02, hi: 0.02, clearLo: -0.01, clearHi: 0.01 },
  },
  { ...PLAIN, ...{ id: 'fund-stale', channel: 'fund:*', figure: 'stale', condition: { kind: 'is', value: true }, forMs: MINUTE_MS } },
  {
    ...PLAIN,
    ...{ id: 'sink-behind', channel: 'status', figure: 'parts.sink.state', condition: { kind: 'is', value: 'degraded' } },
    ...{ forMs: MINUTE_MS, clearForMs: MINUTE_MS, severity: 'critical' },
  },
]

const SILENT = 'silent-feed-'

/** Returns the rules that come with the server, for feeds of these names. */
export const builtInRules = (feeds: readonly string[]): AlertRule[] => [
  ...FIXED,
  ...feeds.map(
    (feed): AlertRule => ({
      ...PLAIN,
      ...{ id: `${SILENT}${feed}`, channel: 'status', figure: `feeds.${feed}.silent`, condition: { kind: 'is', value: true } },
      ...{ forMs: 10_000, severity: 'critical' },
    }),
  ),
]

/** Returns whether an id is that of a built-in rule. */
export const isBuiltIn = (id: string): boolean => id.startsWith(SILENT) || FIXED.some(rule => rule.id === id)
