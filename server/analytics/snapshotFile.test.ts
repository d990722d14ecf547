import { expect, it } from 'vitest'
import { snapshotsIn } from './snapshotFile.ts'

const HEADER = 'snapshot_date,rank,symbol,name,market_cap_usd,price_usd,circulating_supply,volume_24h_usd,pct_24h,pct_7d'

it('a file becomes snapshots in the order of time; an empty cell is not known', () => {
  const [first, second] = snapshotsIn(
    `${HEADER}\n2024-02-01,1,BTC,Bitcoin,800e9,42000,19e6,2e10,-1.5,3\n2024-01-01,1,BTC,Bitcoin,800e9,42000,,,,\n2024-01-01,2,X,"A, B",1,0,,,,\n`,
    'f.csv',
  )
  expect(first!.t).toBe(Date.UTC(2024, 0, 1))
  expect(first!.assets.map(({ name, price, supply }) => [name, price, supply])).toEqual([
    ['Bitcoin', 42000, Number.NaN],
    ['A, B', 0, Number.NaN],
  ])
  expect(second!.assets[0]).toMatchObject({ symbol: 'BTC', rank: 1, change1d: -1.5, change7d: 3, volume: 2e10 })
})

it.each([
  ['', 'f.csv line 1: found no column snapshot_date, expected snapshot_date, symbol, name, market_cap_usd, price_usd'],
  [HEADER, 'f.csv: found no rows, expected snapshots'],
  [`${HEADER}\n2024-01-01,1,BTC`, 'f.csv line 2: found 3 fields, expected 10'],
  [`${HEADER}\n01/02/2024,1,BTC,Bitcoin,1,1,1,1,1,1`, 'f.csv line 2, snapshot_date: found "01/02/2024", expected a day such as 2024-01-01'],
  [`${HEADER}\n2024-01-01,1,BTC,Bitcoin,much,1,1,1,1,1`, 'f.csv line 2, market_cap_usd: found "much", expected a number, not below zero'],
  [`${HEADER}\n2024-01-01,1,BTC,Bitcoin,1,-1,1,1,1,1`, 'f.csv line 2, price_usd: found "-1", expected a number, not below zero'],
  [
    `${HEADER}\n${'2024-01-01,1,BTC,Bitcoin,1,1,1,1,1,1\n'.repeat(2)}`,
    'f.csv line 3: found "Bitcoin" again, expected each asset once a day',
  ],
])('a file that is none is refused with one error: %j', (text, message) => {
  expect(() => snapshotsIn(text, 'f.csv')).toThrow(message)
})
