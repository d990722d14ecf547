/** A kind of metric: what is counted, and when a value can be known at the earliest. */
export interface MetricKind {
  readonly unit: 'USD' | 'wei' | 'count' | 'ratio' | 'ln'
  readonly step: Step
  /**
   * `start`: read at the beginning of its period, and known then. `whole`: counted over all of its period, so known when that has ended. To put the
   * price of 00:00 beside the volume of the same day is to look a day ahead.
   */
  readonly of: 'start' | 'whole'
  readonly definition: string
}

/** How long a period of a metric is. */
export type Step = 'minute' | 'day' | 'month'

/** All metrics. A new one gets its line here. */
export const METRICS = {
  price: { unit: 'USD', step: 'day', of: 'start', definition: 'price of one' },
  marketCap: { unit: 'USD', step: 'day', of: 'start', definition: 'price × units in circulation' },
  dilutedMarketCap: { unit: 'USD', step: 'day', of: 'start', definition: 'price × all units that there can be' },
  supply: { unit: 'count', step: 'day', of: 'start', definition: 'units in circulation, as a market says' },
  totalSupply: { unit: 'count', step: 'day', of: 'start', definition: 'units that there are, as the contract says' },
  oraclePrice: { unit: 'USD', step: 'minute', of: 'start', definition: 'the answer of an oracle that stands then' },
  volume: { unit: 'USD', step: 'day', of: 'whole', definition: 'what was traded' },
  tvl: { unit: 'USD', step: 'day', of: 'start', definition: 'total value locked: what the contracts hold' },
  tvlFlow: { unit: 'ln', step: 'day', of: 'whole', definition: 'change of the TVL, each token at its price of the beginning' },
  fees: { unit: 'USD', step: 'day', of: 'whole', definition: 'what users paid' },
  revenue: { unit: 'USD', step: 'day', of: 'whole', definition: 'what the protocol and its holders got of it' },
  activeAddresses: { unit: 'count', step: 'day', of: 'whole', definition: 'addresses that sent a transaction' },
  receivers: { unit: 'count', step: 'day', of: 'whole', definition: 'addresses that were sent one; of a token, that got some' },
  senders: { unit: 'count', step: 'day', of: 'whole', definition: 'addresses that sent some of a token' },
  transfers: { unit: 'count', step: 'day', of: 'whole', definition: 'transfers of a token' },
  holders: { unit: 'count', step: 'day', of: 'start', definition: 'addresses that hold some of a token' },
  transactions: { unit: 'count', step: 'day', of: 'whole', definition: 'transactions of a chain' },
  blocks: { unit: 'count', step: 'day', of: 'whole', definition: 'blocks of a chain' },
  gasPrice: { unit: 'wei', step: 'day', of: 'whole', definition: 'mean base fee of the blocks of a chain' },
  utilisation: {
    unit: 'ratio',
    step: 'day',
    of: 'whole',
    definition: 'gas used ÷ gas that a block could hold, mean of the blocks of a chain',
  },
  commits: { unit: 'count', step: 'month', of: 'whole', definition: 'commits, merges left out' },
  authors: { unit: 'count', step: 'month', of: 'whole', definition: 'people who wrote them' },
  pullRequests: { unit: 'count', step: 'month', of: 'whole', definition: 'pull requests that were opened' },
  issues: { unit: 'count', step: 'month', of: 'whole', definition: 'issues that were opened' },
  contributors: { unit: 'count', step: 'day', of: 'start', definition: 'people who ever wrote a commit' },
  stars: { unit: 'count', step: 'day', of: 'start', definition: 'stars of the repository' },
  repositoryBreak: {
    unit: 'count',
    step: 'month',
    of: 'start',
    definition: '1: the repository was squashed, moved or started again, and counts on both sides of it cannot be compared',
  },
} as const satisfies Record<string, MetricKind>

/** A metric by its name. */
export type Metric = keyof typeof METRICS

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** How late a source may be before a metric counts as stale, ms: sources of days write them hours after midnight, those of months within days. */
const GRACE_MS: Readonly<Record<Step, number>> = { minute: 2 * MINUTE_MS, day: DAY_MS, month: 7 * DAY_MS }

/** Returns whether there is a metric of this name. */
export const isMetric = (name: string): name is Metric => Object.hasOwn(METRICS, name)

/** Returns the beginning of the period that `t` (ms, UTC) lies in, or of the one `ago` periods before. */
export const periodAt = (metric: Metric, t: number, ago = 0): number => {
  const { step } = METRICS[metric]
  if (step === 'month') {
    const date = new Date(t)
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - ago, 1)
  }
  const length = step === 'day' ? DAY_MS : MINUTE_MS
  return (Math.floor(t / length) - ago) * length
}

/** Returns when the value of a period can be known at the earliest, in ms. */
export const knownFrom = (metric: Metric, period: number): number =>
  METRICS[metric].of === 'start' ? period : periodAt(metric, period, -1)

/** Returns the beginning of the newest period whose value can be known at `t`. */
export const newestPeriod = (metric: Metric, t: number): number => periodAt(metric, t, METRICS[metric].of === 'start' ? 0 : 1)

/** Returns from when on (ms) a value of this period is stale, if no newer one has come: the next is due, and its source had time to be late. */
export const staleFrom = (metric: Metric, period: number): number =>
  knownFrom(metric, periodAt(metric, period, -1)) + GRACE_MS[METRICS[metric].step]
