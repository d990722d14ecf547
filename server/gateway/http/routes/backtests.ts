import { BACKTEST } from '../../../../streams/wire/answers/funds.ts'
import { checked } from '../../../../streams/wire/explain.ts'
import type { Backtests } from '../../../backtest/backtests.ts'
import { BACKTEST_WISH } from '../../../backtest/wish.ts'
import { json, LARGE, readBody } from '../body.ts'
import { answer, type Route } from '../route.ts'

/** What runs backtests. */
export interface BacktestServices {
  readonly backtests: Pick<Backtests, 'run'>
}

/** What funds would have done. */
export const BACKTEST_ROUTES: readonly Route<BacktestServices>[] = [
  {
    method: 'post',
    path: '/v1/backtests',
    summary: 'What a fund would have done, by the stored candles of its assets: one at a time, at most a minute each',
    who: 'known',
    takes: { body: json(BACKTEST_WISH) },
    gives: answer('Backtest', BACKTEST),
    handler: async (c, { backtests }) =>
      c.json(await backtests.run(checked(BACKTEST_WISH, await readBody(c, LARGE), 'body'), c.req.raw.signal)),
  },
]
