import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import { symbolMap } from '../../streams/market/symbols.ts'
import { systemEnvironment } from '../feeds/environment.ts'
import { replay } from '../feeds/replay/replay.ts'
import { binance } from '../feeds/venues/binance.ts'
import { collected, drained, feedContext, Talk } from './feedKit.ts'
import { haveReports, reportFile } from './reports.ts'

it.skipIf(!haveReports)(
  'symbols written in one word are split before the longest known asset (skipped if the reports are not beside the project)',
  async () => {
    const file = reportFile('r10-one-word-symbols', 't.csv')
    const context = feedContext()
    const feed = await replay({ spec: 'replay:t.csv', base: dirname(file), map: symbolMap({}), environment: systemEnvironment })
    const { trades, bad } = collected(await drained(feed.open(context)), context)
    expect(trades.map(({ symbol }) => symbol)).toEqual(['BNB-USD', 'BAT-USD', 'SHIB-USD', 'AAVE-BKRW'])
    expect(bad).toEqual({})
  },
)

it('a name in another script is asked for and understood as the configuration maps it', () => {
  const [socket] = binance.sockets(['币安人生USDT'], new Set())
  expect(decodeURI(new URL(socket!.url).search)).toBe('?streams=币安人生usdt@trade/币安人生usdt@bookTicker')
  const talk = new Talk(binance, { 币安人生USDT: 'BIAN-USDT' })
  const said = { e: 'trade', s: '币安人生USDT', t: 1, T: Date.UTC(2026, 0, 1), p: '1', q: '2', m: false, M: true }
  talk.says({ stream: '币安人生usdt@trade', data: said })
  talk.says({ stream: '币安usdt@trade', data: { ...said, s: '币安USDT' } })
  expect(talk.heard()).toMatchObject({ trades: [{ symbol: 'BIAN-USDT' }], bad: { symbol: 1 } })
})
