import { expect, it } from 'vitest'
import type { HourRow } from '../../streams/pnl/hours.ts'
import { UNKNOWN } from '../../streams/pnl/sums.ts'
import { hourState } from './hourState.ts'

it('tells an hour with every number unrounded and nothing that is not known', () => {
  const unknown = { price: Number.NaN, avg: Number.NaN, value: Number.NaN, unrealised: Number.NaN }
  const sums = { value: 0.1 + 0.2, cost: 2, unrealised: 3, realised: 4, income: 5, expenses: 6, fees: 7, flows: 8, total: 9 }
  const row: HourRow = {
    ...UNKNOWN,
    t: 3_600_000,
    ...sums,
    assets: [
      { asset: 'BTC', qty: 1, price: 2, avg: 3, value: 4, cost: 5, unrealised: 6, realised: 7 },
      { asset: '__proto__', qty: 0, cost: 0, realised: 0, ...unknown },
    ],
    unpriced: [['__proto__', 'no price yet']],
    carried: [['BTC', 0]],
  }
  expect(JSON.stringify(hourState({ quote: 'USD', method: 'fifo' }, row))).toBe(
    `{"t":3600000,"quote":"USD","method":"fifo","value":0.30000000000000004,"cost":2,"unrealised":3,"realised":4,"income":5,"expenses":6,"fees":7,"flows":8,"total":9,"assets":{"BTC":{"qty":1,"price":2,"avg":3,"value":4,"cost":5,"unrealised":6,"realised":7},"__proto__":{"qty":0,"cost":0,"realised":0}},"unpriced":{"__proto__":"no price yet"},"carried":{"BTC":0}}`,
  )
})
