import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { Interner } from '../../../streams/lib/interner.ts'
import { haveReports, reportFile } from '../../test/reports.ts'
import { CandleImport, type CandlesAnswer } from './candleImport.ts'

const BODY = haveReports
  ? readFileSync(reportFile('r06-candles-us-by-http', 'body.ndjson'), 'utf8')
  : [1735689600000000, 1735689600000]
      .map((open_t, i) => JSON.stringify({ symbol: 'BTC-USDT', open_t, span: 60_000, o: 1, h: 1, l: 1, c: 1, v: 1, id: `x${i}` }))
      .join('\n')

const accepted = (body: string): Promise<CandlesAnswer> =>
  new CandleImport({
    access: () => true,
    symbols: new Interner(),
    sources: new Interner(),
    sink: { room: async () => {}, import: async ticks => ({ stored: ticks.reduce((n, { from, to }) => n + to - from, 0), known: 0 }) },
    notReady: () => undefined,
    stored: () => {},
  }).accept({ user: '', admin: true, operator: undefined } as never, async () => body)

it('a candle whose time is ahead of now is refused by row, and every row is accounted for', async () => {
  const { accepted: n, known, refused } = await accepted(BODY)
  expect([n, known, refused]).toEqual([1, 0, [{ row: 1, why: expect.stringMatching(/^open_t: found 1735689600000000, expected ms/) }]])
})
