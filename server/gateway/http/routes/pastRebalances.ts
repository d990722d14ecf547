import type { RebalanceState, TradeState } from '../../../../streams/ledger/rebalanceState.ts'
import { formatDecimal, toNumber } from '../../../../streams/lib/decimal.ts'
import { type PastRebalance, REBALANCES, type Rebalances } from '../../../../streams/wire/answers/funds.ts'
import type { Rebalances as StoredRebalances } from '../../../storage/read/rebalances.ts'
import { inPath, limitInQuery, numberInQuery, WHOLE_MAX, wholeOf } from '../parameters.ts'
import { answer, type Handler, type Route } from '../route.ts'

/** What past rebalances are read from. */
export interface RebalanceServices {
  readonly rebalances: StoredRebalances
}

const PER_PAGE = 20
const PER_PAGE_MAX = 100

/** Returns what a trade cost against the price that the plan expected, in the quote asset. */
const slippageOf = ({ side, price, filled, value }: TradeState): number => {
  const expected = toNumber(filled) * price
  return side === 'buy' ? toNumber(value) - expected : expected - toNumber(value)
}

const tradeJson = (trade: TradeState): PastRebalance['trades'][string] => {
  const { side, asset, amount, price, filled, value, fee, status, why } = trade
  return {
    side,
    asset,
    amount: formatDecimal(amount),
    planned: price,
    ...(filled > 0n && { price: toNumber(value) / toNumber(filled) }),
    filled: formatDecimal(filled),
    value: formatDecimal(value),
    fee: formatDecimal(fee),
    slippage: slippageOf(trade),
    status,
    ...(why !== undefined && { why }),
  }
}

const rebalanceJson = ({ id, reason, since, ended, targets, trades }: RebalanceState): PastRebalance => {
  const sumOf = (member: 'value' | 'fee'): string => formatDecimal(trades.reduce((sum, trade) => sum + trade[member], 0n))
  return {
    id,
    status: ended?.outcome ?? 'running',
    reason,
    since,
    ...(ended && { ended: ended.t }),
    targets,
    trades: Object.fromEntries(trades.map(trade => [trade.id, tradeJson(trade)])),
    turnover: sumOf('value'),
    fees: sumOf('fee'),
    slippage: trades.reduce((sum, trade) => sum + slippageOf(trade), 0),
  }
}

const past: Handler<RebalanceServices> = async (c, { rebalances }) => {
  const fund = c.req.param('id')!
  const limit = wholeOf(c, 'limit', PER_PAGE, 1, PER_PAGE_MAX)
  const found = await rebalances.of(fund, wholeOf(c, 'before', WHOLE_MAX, 1, WHOLE_MAX), limit)
  const last = found.at(-1)
  const next = last !== undefined && found.length === limit && last.id > 1 ? { next: last.id } : {}
  return c.json({ fund, rebalances: found.map(rebalanceJson), ...next } satisfies Rebalances)
}

/** How funds have traded. */
export const REBALANCE_ROUTES: readonly Route<RebalanceServices>[] = [
  {
    method: 'get',
    path: '/v1/funds/:id/rebalances',
    summary: 'The rebalances of a fund, newest first, with their trades and what they cost',
    who: { read: ({ id }) => `rebalances:${id}` },
    takes: {
      parameters: [
        inPath('id', 'of the fund'),
        numberInQuery('before', 'number of the rebalance after the first', WHOLE_MAX, 1),
        limitInQuery(PER_PAGE, PER_PAGE_MAX),
      ],
    },
    gives: answer('Rebalances', REBALANCES),
    handler: past,
  },
]
