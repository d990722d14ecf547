import { describe, expect, it } from 'vitest'
import { DAY, HOUR } from '../../../streams/market/candles.ts'
import { rowPrices } from './rowPrices.ts'

const NOON = Date.UTC(2024, 7, 8, 12)

/** A market at noon, and stored hours that opened at these times, the close of each its number. */
const pricesOf = (opened: readonly number[]) =>
  rowPrices(
    { price: async () => ({ price: 100, t: NOON }) },
    {
      async rows({ from, to, cursor = '0' }) {
        const rows = opened.map((open_t, i) => ({ open_t, c: i + 1 })).filter(({ open_t }) => open_t >= from && open_t < to)
        const at = Number(cursor)
        return { rows: rows.slice(at, at + 2), ...(rows.length > at + 2 && { next: String(at + 2) }) }
      },
    },
  )

describe('the price of a row without one', () => {
  it('is the market’s if the row is of now', async () => {
    const price = await pricesOf([])('BTC-USD', [NOON - HOUR, NOON + 60_000])
    expect([price(NOON - HOUR), price(NOON + 60_000)]).toEqual([100, 100])
  })

  it('is that of its time if the row is of the past, never that of now', async () => {
    const opened = [0, 1, 2, 3, 4].map(i => NOON - 10 * DAY + i * HOUR)
    const times = [opened[0]! - 1, opened[0]! + HOUR, opened[3]! + HOUR - 1, opened[4]! + HOUR + DAY, opened[4]! + HOUR + DAY + 1]
    const price = await pricesOf(opened)('BTC-USD', times)
    expect(times.map(price)).toEqual([undefined, 1, 3, 5, undefined])
  })

  it('is not known if nothing is', async () => {
    expect((await rowPrices({ price: async () => undefined }, { rows: async () => ({ rows: [] }) })('X-USD', [NOON]))(NOON)).toBeUndefined()
  })
})
