import { z } from 'zod'
import { RECORDED } from '../../../../streams/wire/answers/portfolios.ts'
import type { SwapImport } from '../../../dex/swapImport.ts'
import { CANDLE, type CandleImport } from '../../api/candleImport.ts'
import { bodyText, expectType, lines, NDJSON } from '../body.ts'
import { answer, type Handler, type Route } from '../route.ts'

/** What takes prices of the past. */
export interface ImportServices {
  readonly candleImport: CandleImport
  readonly swapImport: SwapImport
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

/** Prices of the past from outside the feeds. */
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
]
