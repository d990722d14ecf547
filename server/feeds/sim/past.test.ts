import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY, floorTo, HOUR, MINUTE } from '../../../streams/market/candles.ts'
import { SIM_ASSETS } from './market.ts'
import { type Anchor, type SimCandle, simPast } from './past.ts'

const NOW = Date.UTC(2026, 0, 1, 12, 34, 56, 789)

const pastOf = (seed: number, to: number, anchors: Readonly<Record<string, readonly Anchor[]>> = {}): Map<string, readonly SimCandle[]> =>
  new Map([...simPast({ seed, to, anchors: new Map(Object.entries(anchors)) })].map(({ asset, candles }) => [asset, candles]))

describe('the past of the simulated market', () => {
  it('is one chain of whole candles for each asset, a month of hours and three hours of minutes, and leads to the price that the market begins with', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 40 * DAY }), fc.integer(), (later, seed) => {
        const to = NOW + later
        const past = pastOf(seed, to)
        const inHours = floorTo(floorTo(to, MINUTE) - 3 * HOUR, HOUR)
        expect([...past.keys()]).toEqual(SIM_ASSETS.map(({ name }) => name))
        for (const { name, price } of SIM_ASSETS) {
          const candles = past.get(name)!
          const last = candles.at(-1)!
          expect(last.prices.close).toBe(price)
          expect(to - (last.openT + last.span)).toBeLessThan(MINUTE)
          expect(candles[0]!.openT).toBeLessThanOrEqual(to - 31 * DAY)
          const wrong = candles.filter(({ openT, span, prices: { open, high, low, close }, volume }, i) => {
            const next = openT > to - 31 * DAY ? candles[i + 1] : undefined
            const isCandle = low > 0 && low <= Math.min(open, close) && high >= Math.max(open, close) && volume > 0
            const follows = next === undefined || (next.openT === openT + span && next.prices.open === close)
            return !(isCandle && follows && openT % span === 0 && span === (openT >= inHours ? MINUTE : HOUR))
          })
          expect(wrong).toEqual([])
        }
      }),
      { numRuns: 5 },
    )
  })

  it('is the same again, and another one with another seed', () => {
    expect(pastOf(1, NOW)).toEqual(pastOf(1, NOW))
    expect(pastOf(2, NOW).get('BTC')).not.toEqual(pastOf(1, NOW).get('BTC'))
  })

  it('passes through what was paid, from a day before the first of it on', () => {
    const at = fc.record({ t: fc.integer({ min: NOW - 300 * DAY, max: NOW - 2 * DAY }), price: fc.integer({ min: 100, max: 200_000 }) })
    fc.assert(
      fc.property(fc.uniqueArray(at, { minLength: 1, maxLength: 6, selector: ({ t }) => Math.floor(t / DAY) }), anchors => {
        const candles = pastOf(1, NOW, { BTC: anchors }).get('BTC')!
        for (const { t, price } of anchors) expect(candles.findLast(({ openT, span }) => openT + span <= t)!.prices.close).toBe(price)
        expect(candles[0]!.openT).toBeLessThanOrEqual(Math.min(...anchors.map(({ t }) => t)) - DAY)
      }),
      { numRuns: 20 },
    )
  })
})
