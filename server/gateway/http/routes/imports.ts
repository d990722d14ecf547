import { z } from 'zod'
import { RECORDED } from '../../../../streams/wire/answers/portfolios.ts'
import type { SwapImport } from '../../../dex/swapImport.ts'
import { CANDLE, type CandleImport } from '../../api/candleImport.ts'
import type { MetricImport } from '../../api/metricImport.ts'
import { SNAPSHOT, type SnapshotImport } from '../../api/snapshotImport.ts'
import { bodyText, expectType, lines, NDJSON } from '../body.ts'
import { answer, type Handler, type Route } from '../route.ts'

/** What takes prices of the past, and metrics. */
export interface ImportServices {
  readonly candleImport: CandleImport
  readonly swapImport: SwapImport
  readonly metricImport: MetricImport
  readonly snapshotImport: SnapshotImport
}

/** A row of `stats_swaps`. */
const SWAP = z.looseObject({
  uuid: z.string(),
  started_at: z.int().describe('s'),
  finished_at: z.int().describe('s'),
  is_success: z.int().optional(),
  maker_coin: z.string(),
  taker_coin: z.string(),
  maker_amount: z.string(),
  taker_amount: z.string(),
  maker_coin_usd_price: z.number().optional(),
  taker_coin_usd_price: z.number().optional(),
})

/** What became of swaps. */
export const SWAPS = answer(
  'Swaps',
  z.strictObject({
    accepted: z.int(),
    known: z.int(),
    left_out: z.int().describe('not completed, or of test coins'),
    refused: z.array(z.strictObject({ row: z.int(), why: z.string() })),
  }),
)

const candles: Handler<ImportServices> = async (c, { candleImport }) => {
  expectType(c, NDJSON)
  return c.json(await candleImport.accept(c.get('who'), () => bodyText(c)))
}

const swaps: Handler<ImportServices> = async (c, { swapImport }) => {
  expectType(c, NDJSON)
  return c.json(await swapImport.accept(c.get('who'), () => bodyText(c)))
}

/** A metric of an asset. */
const METRIC = z.strictObject({
  asset: z.string(),
  metric: z.string().describe('docs/analytics.md has them all'),
  period: z.union([z.int(), z.string()]).describe('its beginning: ms since the epoch, a day such as 2024-06-15, a month such as 2024-06'),
  value: z.number().nullable().describe('null: not known, or no longer'),
  available_at: z
    .union([z.int(), z.string()])
    .optional()
    .describe('when it was known: ms since the epoch or ISO 8601; as soon as it can be, if left out'),
  source: z.string().optional().describe('who says it; `import` if left out'),
  ref: z.string().optional().describe('where in the source it stands'),
})

const KEPT = answer(
  'KeptMetrics',
  z.strictObject({
    accepted: z.int(),
    known: z.int().describe('their source had said the same by then'),
    refused: z.array(z.strictObject({ row: z.int(), why: z.string() })),
  }),
)

const metrics: Handler<ImportServices> = async (c, { metricImport }) => {
  expectType(c, NDJSON)
  return c.json(await metricImport.accept(c.get('who'), () => bodyText(c)))
}

const LISTS = answer('KeptSnapshots', z.strictObject({ accepted: z.int(), known: z.int().describe('lists that were there already') }))

const snapshots: Handler<ImportServices> = async (c, { snapshotImport }) => {
  expectType(c, NDJSON)
  return c.json(await snapshotImport.accept(c.get('who'), () => bodyText(c)))
}

/** Prices of the past, and metrics, from outside the feeds. */
export const IMPORT_ROUTES: readonly Route<ImportServices>[] = [
  {
    method: 'post',
    path: '/v1/admin/candles',
    summary: 'Candles of the past into the store, each once; a candle a line',
    who: { operate: 'prices' },
    takes: { body: lines(CANDLE) },
    gives: answer('Recorded', RECORDED),
    handler: candles,
  },
  {
    method: 'post',
    path: '/v1/admin/swaps',
    summary: 'Completed atomic swaps into the store, merged by uuid; a swap a line',
    who: { operate: 'prices' },
    takes: { body: lines(SWAP) },
    gives: SWAPS,
    handler: swaps,
  },
  {
    method: 'post',
    path: '/v1/admin/metrics',
    summary: 'Metrics of assets into the store, each once, revisions beside what they revise; a metric a line',
    who: { operate: 'prices' },
    takes: { body: lines(METRIC) },
    gives: KEPT,
    handler: metrics,
  },
  {
    method: 'post',
    path: '/v1/admin/snapshots',
    summary: 'Lists of the largest assets of former days into the store: what models learn from, and what is scored; a list a line',
    who: { operate: 'prices' },
    takes: { body: lines(SNAPSHOT) },
    gives: LISTS,
    handler: snapshots,
  },
]
