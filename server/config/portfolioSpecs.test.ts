import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, describe, expect, it } from 'vitest'
import { formatDecimal } from '../../streams/lib/decimal.ts'
import { UsageError } from './options.ts'
import { portfolioSpecs } from './portfolioSpecs.ts'
import { configSchema } from './schema.ts'

const folder = mkdtempSync(join(tmpdir(), 'driftwire-specs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const transactionsOf = async (content: string | undefined) => {
  if (content !== undefined) writeFileSync(join(folder, 'some.csv'), content)
  const logged: Record<string, unknown>[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => void logged.push(JSON.parse(line)) })
  const transactions = content === undefined ? 'none.csv' : 'some.csv'
  const [spec] = await portfolioSpecs(configSchema.parse({ portfolios: [{ id: 'p', transactions }] }), join(folder, 'config.json'), log)
  return { transactions: spec!.transactions, logged }
}

describe('transactions of a portfolio', () => {
  it('are sorted by time, rows of one time as they stand, whatever form the time has', async () => {
    const { transactions, logged } = await transactionsOf(
      [
        '\uFEFFt,type,asset,qty,price,fee,account,to_account,id,cost',
        '2024-03-01T00:00:00Z,sell,BTC,1,70000,,,,third,',
        '1704067200000,buy,BTC,2,42000,10.5,exchange,,first,84000',
        '2024-01-01,transfer,BTC,2,,,exchange,cold,second,',
        '',
        '2024-03-01 00:00:00,gift,BTC,-0.5,,,,,fourth,',
      ].join('\r\n'),
    )
    expect(logged).toEqual([])
    expect(transactions.map(({ id }) => id)).toEqual(['first', 'second', 'third', 'fourth'])
    const [first, second] = transactions
    expect(first).toMatchObject({ t: Date.UTC(2024, 0, 1), type: 'buy', asset: 'BTC', account: 'exchange' })
    expect([first!.qty, first!.price!, first!.fee, first!.cost!].map(formatDecimal)).toEqual(['2', '42000', '10.5', '84000'])
    expect(second).toMatchObject({ t: Date.UTC(2024, 0, 1), toAccount: 'cold', price: undefined })
  })

  it('that cannot be read are left out one by one, each logged with its line and why', async () => {
    const { transactions, logged } = await transactionsOf(
      [
        't,type,asset,qty,price,fee,account,to_account,id',
        '2024-01-01,buy,BTC,1,40000,,,,a',
        '2024-01-02,bye,BTC,1,40000,,,,b',
        'yesterday,buy,BTC,1,40000,,,,c',
        '2024-01-03,buy,BTC,NaN,40000,,,,d',
        '2024-01-04,buy,BTC,-1,40000,,,,e',
        '2024-01-05,buy,B C,1,40000,,,,f',
        '2024-01-06,buy,BTC,1,-40000,,,,g',
        '2024-01-07,buy,BTC,1,40000,,,,a',
        '2024-01-08,buy,BTC',
        '2024-01-09,sell,BTC,1,50000,,,,z',
      ].join('\n'),
    )
    expect(transactions.map(({ id }) => id)).toEqual(['a', 'z'])
    expect(logged.map(({ line, why }) => [line, String(why).split(':')[0]])).toEqual([
      [3, 'type'],
      [4, 't'],
      [5, 'qty'],
      [6, 'qty'],
      [7, 'asset'],
      [8, 'price'],
      [9, 'id'],
      [10, 'found 3 fields, expected 9'],
    ])
  })

  it.each<[what: string, content: string | undefined, line: RegExp]>([
    ['is not there', undefined, /config\.json: portfolios\.0\.transactions: ".*none\.csv" cannot be read \(ENOENT\), expected a CSV file/],
    [
      'lacks a column',
      't,type,asset\n',
      /config\.json: portfolios\.0\.transactions: .*header: found "t,type,asset", expected a transactions file \(t,type,asset,qty …\)/,
    ],
  ])('in a file that %s end the start', async (_, content, line) => {
    const failed = transactionsOf(content)
    await expect(failed).rejects.toThrow(UsageError)
    await expect(failed).rejects.toThrow(line)
  })
})
