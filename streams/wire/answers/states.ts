import { z } from 'zod'
import { SEVERITIES } from '../alerts.ts'
import type { Kind, StoredKind } from '../channels.ts'
import { ORDERED } from './clearing.ts'
import { AMOUNT, MS, RAW } from './forms.ts'
import { PART_STATE } from './server.ts'

/**
 * The states of channels, as states.ts has them for programs: these forms describe them to readers of OpenAPI or AsyncAPI. What is not known
 * is absent, so nearly every member is optional. Money is in the quote currency.
 */

const COUNT = z.int().min(0)
const FRACTION = z.number().describe('a fraction')
const NOTES = z.record(z.string(), z.string())
const FIGURES = z.record(z.string(), z.number())
const byAsset = <T extends z.ZodType>(form: T) => z.record(z.string(), form).describe('by asset')

const state = <T extends z.core.$ZodLooseShape>(members: T) => z.strictObject(members).partial()

const GAP = z.boolean().describe('trades of it are missing')
const SIDE = z.enum(['buy', 'sell'])
const STALE = z.boolean().describe('every feed of one of its inputs is silent')

const BAR = {
  open_t: MS.describe('when it begins'),
  o: z.number(),
  h: z.number(),
  l: z.number(),
  c: z.number(),
  v: z.number().describe('volume, in the base asset'),
  n: z.number().describe('trades'),
  gap: GAP,
}

const TRADE = { t: MS, price: z.number(), size: z.number(), side: SIDE, src: z.string().describe('the source') }

const TICK = state({
  ...TRADE,
  bid: z.number(),
  ask: z.number(),
  stale: STALE,
  day: state({
    n: COUNT.describe('trades'),
    volume: z.number().describe('in the base asset'),
    notional: z.number().describe('in the quote asset'),
    vwap: z.number(),
    open: z.number(),
    high: z.number(),
    low: z.number(),
    since: MS.describe('from when on it is complete, if it covers less than a day'),
    gap: GAP,
  }).describe('the running minute and the 1,439 before it'),
})

const SUMS = {
  value: z.number(),
  cost: z.number(),
  unrealised: z.number(),
  realised: z.number(),
  income: z.number(),
  expenses: z.number(),
  fees: z.number(),
  flows: z.number(),
  total: z.number().describe('realised + unrealised + income − expenses'),
}

const PNL = state({
  ...SUMS,
  quote: z.string(),
  method: z.enum(['fifo', 'lifo', 'hifo', 'lofo', 'average']),
  known: state(SUMS).describe('the sums without assets that have no price; absent if all have one'),
  day: z.number().describe('gain since 00:00 UTC'),
  twr: FRACTION.describe('time-weighted return since the first transaction, as a fraction'),
  drawdown: state({ abs: z.number(), rel: FRACTION }),
  assets: byAsset(
    state({
      qty: z.number(),
      price: z.number(),
      avg: z.number().describe('average cost of one'),
      value: z.number(),
      cost: z.number(),
      unrealised: z.number(),
      realised: z.number(),
    }),
  ),
  accounts: z.record(z.string(), byAsset(z.number())).describe('contents of each account'),
  unpriced: byAsset(z.string()).describe('why an asset’s worth is not known in full'),
  stale: STALE,
})

const FUND = state({
  nav: z.number().describe('net asset value of a share'),
  inav: state({ bid: z.number(), mid: z.number(), ask: z.number(), age: z.number().describe('of the oldest price used, ms') }).describe(
    'the value of a share at bids, middles and asks',
  ),
  aum: z.number().describe('worth of all that the fund holds'),
  shares: AMOUNT,
  level: z.number().describe('100 at inception, without costs'),
  units: byAsset(AMOUNT).describe('what a share holds'),
  prices: byAsset(z.number()),
  weights: byAsset(FRACTION),
  target: byAsset(FRACTION),
  drift: byAsset(FRACTION).describe('weight − target'),
  priceT: byAsset(MS).describe('when prices older than an hour were made'),
  totalDrift: FRACTION.describe('½ Σ |drift|'),
  maxDrift: FRACTION.describe('the largest |drift|'),
  rebalance: state({ needed: z.boolean(), reason: z.string(), since: MS, last: MS }),
  market: z.number().describe('the market’s price of a share'),
  premium: FRACTION.describe('market ÷ nav − 1'),
  pending: byAsset(z.string()).describe('assets without whose price the fund cannot begin, or cannot be valued, and why'),
  blocked: byAsset(z.string()).describe('members without a market'),
  halted: z.boolean(),
  stale: STALE,
})

const POOL = state({
  kind: z.enum(['uniswap-v2', 'uniswap-v3', 'stableswap', 'orderbook']),
  price: z.number().describe('of a token1 in token0'),
  reserves: state({ 0: RAW, 1: RAW }),
  tvl: z.number(),
  depth: state({ bid2: z.number(), ask2: z.number() }).describe('what can be sold and bought before the price has moved by 2 %'),
  volume24h: z.number(),
  fees24h: z.number(),
  trades24h: z.number(),
  since: MS.describe('from when on these are complete, if they cover less than 24 hours'),
  t: MS.describe('of the newest event'),
  partial: z.boolean(),
  stale: STALE,
  il: FRACTION.describe('impermanent loss since 00:00 UTC'),
  sqrtPriceX96: RAW,
  tick: z.number(),
  liquidity: RAW,
  day: state({ n: z.number(), in0: RAW, in1: RAW }).describe('swaps of 24 hours, and what they put in'),
})

const REBALANCES = state({
  mode: z.enum(['off', 'propose', 'execute']),
  thresholds: state({ asset: FRACTION, relative: FRACTION, total: FRACTION }).describe('drifts beyond which the fund is rebalanced'),
  status: z.enum(['proposed', 'running', 'completed', 'partial', 'failed']),
  id: z.int(),
  reason: z.string(),
  since: MS,
  ended: MS,
  targets: byAsset(FRACTION),
  trades: z.record(
    z.string(),
    state({
      side: SIDE,
      asset: z.string(),
      amount: AMOUNT,
      price: z.number(),
      filled: AMOUNT,
      fee: AMOUNT,
      status: z.enum(['proposed', 'pending', 'submitted', 'partially_filled', 'completed', 'failed', 'cancelled']),
      why: z.string(),
    }),
  ),
})

const METRICS = z
  .record(
    z.string(),
    state({
      v: z.number().describe('in the metric’s unit; absent if the source says that it does not know'),
      t: MS.describe('beginning of the period that it is of'),
      known: MS.describe('since when it was known'),
      src: z.string().describe('who says it'),
      stale: z.boolean().describe('a newer one is overdue'),
    }),
  )
  .describe('by metric; docs/analytics.md has them all')

const SCORE = state({
  horizon: z
    .record(
      z.string(),
      state({
        score: z.number().describe('percentile among the assets that were scored, 0 to 100'),
        p: FRACTION.describe('P(return above the median)'),
        worst: FRACTION.describe('P(return among the worst third)'),
        lo: FRACTION.describe('lower end of the interval of 80 of 100 returns, above that of the median asset'),
        hi: FRACTION.describe('upper end'),
        rank: COUNT.describe('1 is the best'),
        of: COUNT.describe('assets that were scored'),
        expected: z.number().describe('percentile that the models expect: base and all parts of why'),
        base: z.number(),
        why: FIGURES.describe('what each feature adds, in points'),
        version: z.string().describe('of the model'),
        t: MS.describe('of the list of assets that was scored'),
        reason: z.string().describe('why there is no score'),
        simulated: z.boolean().describe('of the simulated market'),
      }),
    )
    .describe('by horizon, such as 1m'),
  stale: z.boolean().describe('a newer one is overdue'),
})

const ESTIMATE = { mean: z.number(), low: z.number(), high: z.number() }
const MODEL = state({
  version: z.string(),
  since: MS.describe('since when it is what it is'),
  who: z.string(),
  why: z.string(),
  trainedTo: MS.describe('the newest list that it learnt from'),
  ic: state(ESTIMATE).describe('rank correlation of score and outcome out of sample, and its interval of 95 %'),
  live: state({ ic: z.number(), days: COUNT }).describe('the same of its scores since then'),
  simulated: z.boolean(),
})
const MODELS = state({
  horizon: z
    .record(
      z.string(),
      state({
        champion: MODEL,
        challenger: MODEL,
        comparison: state({ ...ESTIMATE, verdict: z.enum(['none', 'challenger', 'champion']), days: COUNT }).describe(
          'the challenger’s IC less the champion’s, on the days that both have scored',
        ),
      }),
    )
    .describe('by horizon, such as 1m'),
})

/** An alert, as the channels `alerts` and `allalerts` and `GET /v1/alerts` have it. */
export const ALERT = {
  rule: z.string(),
  channel: z.string().describe('that it is about; of a market alert what its rule is about'),
  figure: z.string(),
  against: z.string().describe('the channel that the figure is held against'),
  severity: z.enum(SEVERITIES),
  since: MS,
  confirmed: z.boolean().describe('it has lasted as long as its rule asks'),
  times: COUNT.describe('how often its rule has fired since'),
  evidence: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).describe('what it rests on'),
  cleared: MS,
  why: z.enum(['back', 'new level', 'no rule']).describe('why it cleared'),
  market: z.string().describe('the market alert that it is part of'),
  members: z.array(z.string()).describe('of a market alert: its channels'),
}

const ALERTS = state({
  count: COUNT.describe('open ones'),
  open: z.record(z.string(), state(ALERT)).describe('the newest 500, by id'),
  over: z.record(z.string(), state(ALERT)).describe('the newest 50, by id'),
})

const FEED = state({
  state: z.enum(['connecting', 'live', 'ended', 'down']),
  ticks: COUNT,
  messages: COUNT,
  late: COUNT,
  lag: z.number().describe('ms'),
  silent: z.boolean(),
  bad: FIGURES.describe('what was left out, by kind'),
  passed: FIGURES,
  refused: NOTES,
  missing: NOTES,
})

const FIGURE = z.union([z.number(), z.string(), z.boolean()])
const PART = z.record(z.string(), z.union([FIGURE, z.record(z.string(), FIGURE)]))

const STATUS = state({
  feeds: z.record(z.string(), FEED),
  parts: z.record(z.string(), state(PART_STATE.shape)).describe('as in `/readyz`'),
  disk: PART,
  rates: state({ ticks: COUNT, frames: COUNT }).describe('in the last second'),
  clients: PART,
  limits: PART,
  tls: PART,
  frames: PART,
  followed: PART,
  sink: PART,
  rebalances: PART,
  journal: PART,
  accounts: PART,
  dex: PART,
  marketNotes: PART,
  assetMetrics: PART,
  scores: PART,
  recorder: PART,
  nodes: PART,
  replicas: PART,
  traces: PART,
  sql: PART,
  backtests: PART,
  alerts: PART,
  contracts: PART,
}).describe('docs/operations.md says what each figure is')

/** The state of each kind of channel. */
export const STATES = {
  tick: TICK,
  trades: state({ last: z.record(z.string(), state(TRADE)).describe('the newest 100 trades, by id') }),
  candle: state({ ...BAR, prev: state(BAR).describe('the last closed one') }),
  pnl: PNL,
  fund: FUND,
  pool: POOL,
  rebalances: REBALANCES,
  metrics: METRICS,
  score: SCORE,
  models: MODELS,
  alerts: ALERTS,
  allalerts: ALERTS,
  orders: z.record(z.string(), ORDERED).describe('the newest 100 of the client, by key'),
  holdings: state({ assets: byAsset(AMOUNT), shares: z.record(z.string(), AMOUNT).describe('by fund') }),
  status: STATUS,
} as const satisfies Record<Kind, z.ZodType>

/** A stored row of each kind that has a past: of measures the state as it was at `t`. */
export const PAST_ROWS = {
  tick: state({ ...TRADE, id: z.string() }),
  candle: state(BAR),
  pnl: PNL.extend({
    t: MS,
    carried: byAsset(MS).describe('of hours: when the candle ended whose close is the price, if there is none in the hour'),
  }).partial(),
  fund: FUND.extend({ t: MS }),
  pool: POOL.extend({ t: MS }),
} as const satisfies Record<StoredKind, z.ZodType>
