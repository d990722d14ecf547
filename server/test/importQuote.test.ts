import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { engineReady } from './clearingKit.ts'
import { ADMIN_TOKEN, file, ProtocolServer } from './protocolKit.ts'
import { typedHere } from './typedKit.ts'

/** May put rows into any portfolio, and does not read what is for others. */
const SENDER = 'a-token-that-sends-rows'

let server: ProtocolServer
beforeAll(async () => {
  const tokens = [{ name: 'sender', digest: createHash('sha256').update(SENDER).digest('hex'), scopes: ['portfolios'] }]
  server = await ProtocolServer.start({ quote: 'EUR', tokens, portfolios: [{ id: 'anns', read: ['ann'] }, { id: 'open' }], feeds: [] })
  await engineReady(server)
}, 60_000)
afterAll(() => server.stop())

const typed = (command: string, path: string, ...more: string[]) =>
  typedHere(['import', command, path, '--url', `http://127.0.0.1:${server.port}`, ...more])
const EXPORT = file(
  'export.csv',
  `Location,Spend Currency,Receive Currency,Receive Amount,Spend Amount,Fee,Fee Currency,Description,Timestamp
kraken,EUR,BTC,0.5,10000,,,,1659171600000
kraken,BTC,EUR,3000,0.1,,,,1659175200000
`,
)

describe('import transactions --quote', () => {
  it('lets somebody send an export who may not read what the portfolio counts in', async () => {
    const anns = ['--portfolio', 'anns', '--token', SENDER]
    const [code, out, err] = await typed('transactions', EXPORT, ...anns)
    expect([code, out]).toEqual([1, `${EXPORT}: 0 rows accepted, 0 known, 2 refused\n`])
    expect(err).toContain('the currency that the portfolio counts in is not known, expected it with --quote')
    const accepted = [0, `${EXPORT}: 2 rows accepted, 0 known, 0 refused\n`, '']
    expect(await typed('transactions', EXPORT, ...anns, '--quote', 'EUR')).toEqual(accepted)
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
    const { assets } = await server.json<{ assets: object }>('/v1/state/pnl:anns', { headers })
    // A purchase for money and a sale; in another currency they would be of two coins.
    expect(assets).toMatchObject({ BTC: { qty: 0.4, cost: 8_000, realised: 1_000 } })
  })

  it('is refused if it contradicts the server, and nothing is sent', async () => {
    const expected = `driftwire: --quote: found "USD", expected "EUR", which the portfolio counts in\n`
    expect(await typed('transactions', EXPORT, '--portfolio', 'open', '--quote', 'USD')).toEqual([2, '', expected])
    const accepted = await typed('transactions', EXPORT, '--portfolio', 'open', '--quote', 'EUR')
    expect(accepted).toEqual([0, `${EXPORT}: 2 rows accepted, 0 known, 0 refused\n`, ''])
  })
})

describe('import prices --quote', () => {
  const candles = (name: string): string =>
    file(name, `open_time_ms,open,high,low,close,volume_base\n${Date.UTC(2024, 7, 8)},100,102,99,101,0.5\n`)
  const stored = async (symbol: string): Promise<unknown[]> =>
    (await server.json<{ rows: unknown[] }>(`/v1/history/candle:1m:${symbol}`)).rows

  it('makes the name of a known asset its price in that currency', async () => {
    const path = `${candles('one.csv')}#BTC`
    const [code, out] = await typed('prices', path, '--token', ADMIN_TOKEN)
    expect([code, out]).toEqual([2, ''])
    const accepted = [0, `${path}: 1 candles accepted, 0 known, 0 refused\n`, '']
    expect(await typed('prices', path, '--token', ADMIN_TOKEN, '--quote', 'EUR')).toEqual(accepted)
    expect(await stored('BTC-EUR')).toMatchObject([{ o: 100, c: 101, v: 0.5 }])
  })

  it('leaves names of two assets what they are, and does not guess what is unknown', async () => {
    const pair = `${candles('two.csv')}#ETH-USD`
    expect((await typed('prices', pair, '--token', ADMIN_TOKEN, '--quote', 'EUR'))[0]).toBe(0)
    expect(await stored('ETH-USD')).toHaveLength(1)
    expect((await typed('prices', `${candles('three.csv')}#WHATEVER`, '--token', ADMIN_TOKEN, '--quote', 'EUR'))[0]).toBe(2)
  })
})

it.each(['transactions', 'prices'])('--quote of import %s has to be a currency', async command => {
  const more = command === 'transactions' ? ['--portfolio', 'open'] : []
  const refused = [2, '', 'driftwire: --quote: found "U S D", expected a currency such as USD\n']
  expect(await typed(command, EXPORT, ...more, '--quote', 'U S D')).toEqual(refused)
})
