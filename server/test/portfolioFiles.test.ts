import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DriftwireProcess, pathOf, written } from './processKit.ts'
import { haveReports, reportFile } from './reports.ts'

/** Files of transactions as people have them: by the configuration, by `import transactions` and by HTTP. */

const CASES = {
  newest: ['r04-newest-first-export', 'tx.csv', 'fifo'],
  rebuy: ['r04-sell-and-rebuy-average', 'tx.csv', 'average'],
  cr: ['r05-carriage-returns-only', 'tx.csv', 'fifo'],
  cut: ['r05-cut-off-last-line', 'tx.csv', 'fifo'],
  thousands: ['r05-thousands-comma-unquoted', 'tx.csv', 'fifo'],
  us: ['r06-transactions-us', 'tx.csv', 'fifo'],
  rebate: ['r16-maker-rebate', 'tx.csv', 'fifo'],
  small: ['r17-small-numbers-with-exponent', 'tx.csv', 'fifo'],
  zero: ['r17-qty-1e-05-and-0E-8', 'tx.csv', 'fifo'],
} as const
type Case = keyof typeof CASES

const fileOf = (name: Case): string => reportFile(CASES[name][0], CASES[name][1])

interface Pnl {
  readonly known?: { readonly fees: number }
  readonly realised: number
  readonly fees: number
  readonly assets: Readonly<Record<string, { qty: number; avg?: number; cost: number; realised?: number } | undefined>>
  readonly unpriced: object
}

describe.runIf(haveReports)('a file of transactions', () => {
  let server: DriftwireProcess
  beforeAll(async () => {
    const names = Object.keys(CASES) as Case[]
    const portfolios = [
      ...names.flatMap(id => [
        { id: `${id}-file`, method: CASES[id][2], transactions: fileOf(id) },
        { id: `${id}-import`, method: CASES[id][2] },
        { id: `${id}-http`, method: CASES[id][2] },
      ]),
      { id: 'orders' },
    ]
    const config = written('files.json', JSON.stringify({ portfolios, feeds: [] }))
    server = DriftwireProcess.serve('--data', pathOf('files'), '--config', config, '--log-level', 'error')
    await server.url()
  })
  afterAll(async () => {
    await server.end('SIGTERM')
  })

  const imported = async (file: string, portfolio: string): Promise<{ code: unknown; stdout: string; stderr: string }> => {
    const program = new DriftwireProcess(['import', 'transactions', file, '--portfolio', portfolio], { DRIFTWIRE_URL: await server.url() })
    return { code: await program.exited, stdout: program.stdout.slice(file.length + 2).trimEnd(), stderr: program.stderr }
  }
  const posted = async (
    file: string,
    portfolio: string,
  ): Promise<{ accepted: number; known: number; refused: { row: number; why: string }[] }> => {
    const response = await fetch(`${await server.url()}/v1/portfolios/${portfolio}/transactions`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: readFileSync(file),
    })
    return (await response.json()) as { accepted: number; known: number; refused: { row: number; why: string }[] }
  }
  const pnl = (portfolio: string): Promise<Pnl> => server.json<Pnl>(`/v1/state/pnl:${portfolio}`)

  /** Brings the file in by all ways, and returns what they agree on. */
  const everyWay = async (name: Case, said: string, code: number): Promise<Pnl> => {
    const run = await imported(fileOf(name), `${name}-import`)
    expect([run.code, run.stdout]).toEqual([code, said])
    await posted(fileOf(name), `${name}-http`)
    const [file, byImport, byHttp] = await Promise.all([pnl(`${name}-file`), pnl(`${name}-import`), pnl(`${name}-http`)])
    for (const other of [byImport, byHttp]) expect({ ...other, t: 0 }).toEqual({ ...file, t: 0 })
    return file
  }

  it('with its newest row first is read backwards within a second, by whatever way it comes', async () => {
    const { realised, assets, unpriced } = await everyWay('newest', '3 rows accepted, 0 known, 0 refused', 0)
    expect([realised, assets.BTC!.qty, assets.USD!.qty, unpriced]).toEqual([1_000, 0, 101_000, {}])
  })

  it('keeps the order of its rows within a second, sold before bought again', async () => {
    const { assets } = await everyWay('rebuy', '3 rows accepted, 0 known, 0 refused', 0)
    // No feed has a price, so the sums of the portfolio are absent; those of the asset are not.
    expect([assets.BTC!.realised, assets.BTC!.avg]).toEqual([11_000, 60_000])
  })

  it('is read with carriage returns alone', async () => {
    const { assets } = await everyWay('cr', '2 rows accepted, 0 known, 0 refused', 0)
    expect([assets.BTC!.cost, assets.ETH!.cost]).toEqual([61_234.5, 3_000])
  })

  it('loses the line in which it was cut off, and says so', async () => {
    const { assets } = await everyWay('cut', '1 rows accepted, 0 known, 1 refused', 1)
    expect(assets.BTC!.qty).toBe(1.25)
    expect((await posted(fileOf('cut'), 'cut-http')).refused).toEqual([{ row: 3, why: 'found 4 fields, expected 6' }])
  })

  it('is not read where a number is parted by the commas of the file, even if the fields are as many as the columns', async () => {
    const { assets } = await everyWay('thousands', '0 rows accepted, 0 known, 1 refused', 1)
    expect(assets).toEqual({})
    expect((await imported(fileOf('thousands'), 'thousands-import')).stderr).toContain(
      ':2: price: found 61 and a fee of 234.50, expected less; if 61,234.50 is meant, it has to be quoted',
    )
  })

  it('has times in µs beside such in ms', async () => {
    const { assets } = await everyWay('us', '2 rows accepted, 0 known, 0 refused', 0)
    expect([assets.BTC!.cost, assets.ETH!.cost]).toEqual([61_234.5, 3_000])
  })

  it('may say that a fee was paid out, as a maker gets it', async () => {
    const { assets, known } = await everyWay('rebate', '1 rows accepted, 0 known, 0 refused', 0)
    expect([assets.ETH!.qty, assets.ETH!.cost, known?.fees]).toEqual([1, 2_999.7, -0.3])
  })

  it('has numbers with exponents, without a digit before the point, and zeros of any form', async () => {
    const small = await everyWay('small', '1 rows accepted, 0 known, 0 refused', 0)
    expect(small.assets.PEPE!.avg).toBe(0.0000085)
    const zero = await everyWay('zero', '3 rows accepted, 0 known, 0 refused', 0)
    expect(zero.assets.BTC!.qty).toBe(1.50001)
    // Three purchases at 60,000: no fee is in their cost.
    expect(zero.assets.BTC!.cost).toBeCloseTo(1.50001 * 60_000, 6)
  })

  it('without any row behind its header ends the import with 2', async () => {
    for (const text of ['t,type,asset,qty\n', 't,type,asset,qty\r', '\uFEFFt;type;asset;qty\r\n\r\n', '']) {
      const run = await imported(written('norows.csv', text), 'orders')
      expect([run.code, run.stdout]).toEqual([2, ''])
      expect(run.stderr).toMatch(/found (no rows|an empty file), expected/)
    }
  })

  it('with a time ahead of now has that row refused', async () => {
    const file = written('ahead.csv', `t,type,asset,qty\n${Date.now() + 86_400_000},buy,BTC,1\n2100-01-01,buy,BTC,1\n`)
    const run = await imported(file, 'orders')
    expect([run.code, run.stdout]).toEqual([1, '0 rows accepted, 0 known, 2 refused'])
    expect(run.stderr).toContain('expected a time that is not ahead of now')
  })

  it('with an id that another file had, and other contents, has that row refused and said, each time', async () => {
    const [january, february] = ['january.csv', 'february.csv'].map(name => reportFile('r13-order-id-in-two-exports', name)) as [
      string,
      string,
    ]
    expect((await imported(january, 'orders')).stdout).toBe('1 rows accepted, 0 known, 0 refused')
    const run = await imported(february, 'orders')
    expect([run.code, run.stdout]).toEqual([1, '1 rows accepted, 0 known, 1 refused'])
    expect(run.stderr).toContain(':2: id: found "order-77" a second time, with other contents, expected each id once')
    expect((await imported(january, 'orders')).stdout).toBe('0 rows accepted, 1 known, 0 refused')
    expect(await posted(february, 'orders')).toMatchObject({ accepted: 0, known: 1, refused: [{ row: 2 }] })
    expect((await pnl('orders')).assets.BTC!.qty).toBe(0.3)
  })
})
