import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../streams/wire/mergePatch.ts'
import { pnlTable } from './pnlTable.ts'

const asset = (qty: number, price: number, avg: number, realised = 0): JsonObject => ({
  qty,
  price,
  avg,
  value: qty * price,
  cost: qty * avg,
  unrealised: qty * (price - avg),
  realised,
})

/** A state as the server gives it, summed up from its assets. */
const stateOf = (assets: Record<string, JsonObject>, more: JsonObject = {}): JsonObject => {
  const sum = (name: string): number =>
    Object.values(assets).reduce((all, figures) => all + ((figures[name] as number | undefined) ?? 0), 0)
  const [value, unrealised, realised] = [sum('value'), sum('unrealised'), sum('realised')]
  const sums = {
    value,
    cost: value - unrealised,
    unrealised,
    realised,
    income: 0,
    expenses: 0,
    fees: 12.5,
    flows: 1,
    total: realised + unrealised,
  }
  return { quote: 'USD', method: 'fifo', ...sums, day: 3, drawdown: { abs: 10, rel: 0.01 }, assets, unpriced: {}, stale: false, ...more }
}

const TEN = stateOf(
  {
    BTC: asset(1.25, 64_123.45, 58_000, 1_234.5),
    ETH: asset(12.5, 3_123.456, 2_500, -321),
    SOL: asset(140, 151.2345, 160),
    BNB: asset(10, 580, 580),
    XRP: asset(25_000, 0.612345, 0.5),
    DOGE: asset(150_000.125, 0.123456, 0.1),
    ADA: { qty: 0, price: 0.45, value: 0, cost: 0, unrealised: 0, realised: 55.5 },
    SHIB: asset(5.892e11, 0.00001234, 0.00002),
    LINK: { qty: 100, cost: 1_500, avg: 15, realised: 7 },
    'a-name-that-goes-on-and-on-and-on': asset(1, 2, 1),
  },
  { income: 120, expenses: 4.5, unpriced: { LINK: 'no price yet' } },
)

describe('the table of a portfolio', () => {
  it('shows ten assets in eighty columns, the largest first, and why one has no price', () => {
    expect(pnlTable('main', TEN, 80).join('\n')).toMatchInlineSnapshot(`
      "main: fifo, in USD

      asset       qty  price    avg  value realised unrealised     %   total
      ──────────────────────────────────────────────────────────────────────
      SHIB     589.2B 1.2e-5 2.0e-5 7.271M        0    -4.513M -38.3 -4.513M
      BTC        1.25 64.12k    58k 80.15k   1.234k     7.654k  10.6  8.889k
      ETH        12.5 3.123k   2.5k 39.04k     -321     7.793k  24.9  7.472k
      SOL         140  151.2    160 21.17k        0    -1.227k  -5.5 -1.227k
      DOGE       150k 0.1235    0.1 18.52k        0     3.518k  23.5  3.518k
      XRP         25k 0.6123    0.5 15.31k        0     2.809k  22.5  2.809k
      BNB          10    580    580   5.8k        0          0   0.0       0
      a-name-…      1      2      1      2        0          1 100.0       1
      ADA           0   0.45      —      0     55.5          0     —    55.5
      LINK !      100      —     15      —        7          —     —       —
      income                                                             120
      expenses                                                          -4.5
      ──────────────────────────────────────────────────────────────────────
      total                         7.451M      976    -4.493M -37.6 -4.492M

      since 00:00 UTC 3.00 · deepest fall 10.00 (1.00 %) · fees 12.50 · flows 1.00
      ! LINK: no price yet"
    `)
  })

  it('shows dashes for sums that are not known, and beside them what is known without the assets that have no price', () => {
    const known = { value: 100, cost: 80, unrealised: 20, realised: 7, income: 2, expenses: 0, fees: 0, flows: 80, total: 29 }
    const state = { quote: 'USD', method: 'fifo', known, stale: false, unpriced: { LINK: 'no price yet' } }
    const assets = { BTC: asset(1, 100, 80), LINK: { qty: 1_045, cost: 1_500, avg: 15, realised: 7 } }
    expect(pnlTable('main', { ...state, assets }, 80).join('\n')).toMatchInlineSnapshot(`
      "main: fifo, in USD

      asset     qty   price    avg   value  realised  unrealised      %  total
      ────────────────────────────────────────────────────────────────────────
      BTC         1  100.00  80.00  100.00      0.00       20.00  25.00  20.00
      LINK !  1,045       —  15.00       —      7.00           —      —      —
      income                                                              2.00
      known                         100.00      7.00       20.00  25.00  29.00
      ────────────────────────────────────────────────────────────────────────
      total                              —         —           —      —      —

      since 00:00 UTC — · deepest fall — (—) · fees — · flows —
      ! LINK: no price yet"
    `)
  })

  it('shows them finer where there is room', () => {
    expect(pnlTable('main', TEN, 140).join('\n')).toMatchInlineSnapshot(`
      "main: fifo, in USD

      asset                             qty       price        avg         value  realised     unrealised       %          total
      ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
      SHIB                  589,200,000,000  0.00001234    0.00002  7,270,728.00      0.00  -4,513,272.00  -38.30  -4,513,272.00
      BTC                              1.25   64,123.45  58,000.00     80,154.31  1,234.50       7,654.31   10.56       8,888.81
      ETH                              12.5    3,123.46   2,500.00     39,043.20   -321.00       7,793.20   24.94       7,472.20
      SOL                               140      151.23     160.00     21,172.83      0.00      -1,227.17   -5.48      -1,227.17
      DOGE                       150,000.13      0.1235        0.1     18,518.42      0.00       3,518.40   23.46       3,518.40
      XRP                            25,000      0.6123        0.5     15,308.63      0.00       2,808.63   22.47       2,808.63
      BNB                                10      580.00     580.00      5,800.00      0.00           0.00    0.00           0.00
      a-name-that-goes-on…                1        2.00       1.00          2.00      0.00           1.00  100.00           1.00
      ADA                                 0        0.45          —          0.00     55.50           0.00       —          55.50
      LINK !                            100           —      15.00             —      7.00              —       —              —
      income                                                                                                              120.00
      expenses                                                                                                             -4.50
      ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
      total                                                         7,450,727.38    976.00  -4,492,723.63  -37.62  -4,491,747.63

      since 00:00 UTC 3.00 · deepest fall 10.00 (1.00 %) · fees 12.50 · flows 1.00
      ! LINK: no price yet"
    `)
  })

  it('leaves out columns in forty, and says which', () => {
    expect(pnlTable('main', TEN, 40).join('\n')).toMatchInlineSnapshot(`
      "main: fifo, in USD

      asset       qty  value     %   total
      ────────────────────────────────────
      SHIB     589.2B 7.271M -38.3 -4.513M
      BTC        1.25 80.15k  10.6  8.889k
      ETH        12.5 39.04k  24.9  7.472k
      SOL         140 21.17k  -5.5 -1.227k
      DOGE       150k 18.52k  23.5  3.518k
      XRP         25k 15.31k  22.5  2.809k
      BNB          10   5.8k   0.0       0
      a-name-…      1      2 100.0       1
      ADA           0      0     —    55.5
      LINK !      100      —     —       —
      income                           120
      expenses                        -4.5
      ────────────────────────────────────
      total           7.451M -37.6 -4.492M
      not shown: price, avg, realised,
      unrealised

      since 00:00 UTC 3.00
      deepest fall 10.00 (1.00 %) · fees 12.50
      flows 1.00
      ! LINK: no price yet"
    `)
  })

  it('shows a portfolio of nothing, and one of which nothing is known', () => {
    expect(pnlTable('empty', stateOf({}), 80).join('\n')).toMatchInlineSnapshot(`
      "empty: fifo, in USD

      asset  qty  price  avg  value  realised  unrealised  %  total
      ─────────────────────────────────────────────────────────────
      total                    0.00      0.00        0.00  —   0.00

      since 00:00 UTC 3.00 · deepest fall 10.00 (1.00 %) · fees 12.50 · flows 1.00"
    `)
    expect(pnlTable('new', {}, 80)).toEqual(['new: nothing is known yet'])
  })

  it('keeps within eighty columns, and never shows what is not known as a number', () => {
    const money = fc.oneof(fc.double({ min: -1e15, max: 1e15, noNaN: true }), fc.double({ min: -10, max: 10, noNaN: true }), fc.constant(0))
    const size = fc.oneof(
      fc.double({ min: 1e-18, max: 1e15, noNaN: true }),
      fc.double({ min: 1e-18, max: 1e-3, noNaN: true }),
      fc.constant(0),
    )
    const figures = fc.record(
      {
        qty: size,
        price: size,
        avg: size,
        value: money,
        cost: fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 1e15, noNaN: true })),
        unrealised: money,
        realised: money,
      },
      { requiredKeys: [] },
    )
    const name = fc.stringMatching(/^[A-Z][A-Z0-9]{0,63}$/)
    fc.assert(
      fc.property(fc.dictionary(name, figures, { maxKeys: 8 }), figures, (assets, sums) => {
        const state = { ...sums, quote: 'USD', method: 'fifo', assets: assets as unknown as JsonObject }
        const table = pnlTable('main', state as JsonObject, 80)
        for (const line of table) expect(line.length).toBeLessThanOrEqual(80)
        for (const line of pnlTable('main', state as JsonObject, 40)) expect(line.length).toBeLessThanOrEqual(40)
        expect(table.join('\n')).not.toMatch(/NaN|undefined|Infinity/)
        const rows = table.slice(4, 4 + Object.keys(assets).length)
        const shown = rows.map(row => row.trim().split(/ +/))
        const unknown = shown.reduce((all, cells) => all + cells.filter(cell => cell === '—').length, 0)
        const missing = Object.values(assets).reduce(
          (all, of) =>
            all +
            (['qty', 'price', 'avg', 'value', 'realised', 'unrealised'] as const).filter(key => of[key] === undefined).length +
            (of.unrealised === undefined || !((of.cost ?? 0) > 0) ? 1 : 0) +
            (of.unrealised === undefined || of.realised === undefined ? 1 : 0),
          0,
        )
        expect(unknown).toBe(missing)
      }),
      { numRuns: 200 },
    )
  })
})
