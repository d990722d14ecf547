import { expect, it } from 'vitest'
import { collected } from '../../test/collecting.ts'
import { ownCollector } from './own.ts'

const DAY_BEGIN = Date.UTC(2026, 0, 10)
const opened = (price: number) => ownCollector({ prices: ['BTC'], priceOf: () => price, pools: ['USDC-WETH'], tvlOf: () => price * 2 })

it('notes prices and TVL at the beginning of a day, once', async () => {
  const { of } = await collected(opened(90_000.5), DAY_BEGIN + 30_000)
  expect([of('BTC', 'price'), of('USDC-WETH', 'tvl')]).toEqual([{ '2026-01-10': 90_000.5 }, { '2026-01-10': 180_001 }])
  expect((await collected(opened(91_000), DAY_BEGIN + 90_000, () => DAY_BEGIN)).facts).toEqual([])
})

it('notes nothing later: a price of noon is not that of midnight', async () => {
  expect((await collected(opened(90_000), DAY_BEGIN + 601_000)).facts).toEqual([])
})

it.each([Number.NaN, 0, Number.POSITIVE_INFINITY])('notes nothing while it is unknown: %d', async price => {
  expect((await collected(opened(price), DAY_BEGIN)).facts).toEqual([])
})
