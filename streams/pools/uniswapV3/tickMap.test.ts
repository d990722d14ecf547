import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { amount0Delta, amount1Delta } from './sqrtPriceMath.ts'
import { TickMap } from './tickMap.ts'
import { MAX_TICK, MIN_TICK, sqrtRatioAtTick } from './tickMath.ts'

type Change = readonly [lower: number, upper: number, amount: bigint]

const tick = fc.integer({ min: -40, max: 40 }).map(n => n * 10)
const change = fc
  .tuple(tick, tick, fc.bigInt({ min: 0n, max: 10n ** 6n }))
  .filter(([a, b]) => a !== b)
  .map(([a, b, amount]): Change => [Math.min(a, b), Math.max(a, b), amount])

/** The naive way: all positions, gone through for each question. */
const naive = (positions: readonly Change[]) => {
  const sumOf = (of: (p: Change) => boolean): bigint => positions.reduce((sum, p) => (of(p) ? sum + p[2] : sum), 0n)
  const ticks = [...new Set(positions.flatMap(([lower, upper, amount]) => (amount > 0n ? [lower, upper] : [])))].sort((a, b) => a - b)
  return {
    entries: ticks.map(t => ({
      tick: t,
      gross: sumOf(([lower, upper]) => lower === t || upper === t),
      net: sumOf(([lower]) => lower === t) - sumOf(([, upper]) => upper === t),
    })),
    activeAt: (t: number) => sumOf(([lower, upper]) => lower <= t && t < upper),
    between: (low: bigint, high: bigint, delta: typeof amount0Delta) => {
      let sum = 0n
      ticks.slice(0, -1).forEach((t, i) => {
        const [from, to] = [sqrtRatioAtTick(t), sqrtRatioAtTick(ticks[i + 1]!)]
        const [a, b] = [from > low ? from : low, to < high ? to : high]
        if (a < b) sum += delta(a, b, naive(positions).activeAt(t), false)
      })
      return sum
    },
  }
}

/** Whole positions, each of which may be taken away again, wholly. */
const mapOf = (changes: readonly (readonly [Change, gone: boolean])[]) => {
  const map = new TickMap()
  for (const [[lower, upper, amount]] of changes) map.add(lower, upper, amount)
  for (const [[lower, upper, amount], gone] of changes) if (gone) map.add(lower, upper, -amount)
  return { map, standing: changes.flatMap(([c, gone]) => (gone ? [] : [c])) }
}

describe('the map of ticks', () => {
  it('knows what stands at each tick and is active between them, as all positions together say', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(change, fc.boolean()), { maxLength: 20 }), fc.array(tick), (changes, asked) => {
        const { map, standing } = mapOf(changes)
        const expected = naive(standing)
        expect([...map.entries()]).toEqual(expected.entries)
        for (const t of [...asked, MIN_TICK, MAX_TICK]) expect(map.activeAt(t)).toBe(expected.activeAt(t))
      }),
    )
  })

  it('tells what lies between two prices as all ranges one by one do, whatever was asked and changed before', () => {
    const price = fc.integer({ min: -450, max: 450 }).map(sqrtRatioAtTick)
    const step = fc.oneof(fc.tuple(fc.constant('ask' as const), price, price), fc.tuple(fc.constant('add' as const), change))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), steps => {
        const map = new TickMap()
        const standing: Change[] = []
        for (const [what, ...of] of steps) {
          if (what === 'add') {
            const one = of[0] as Change
            standing.push(one)
            map.add(...one)
            continue
          }
          const [low, high] = (of as [bigint, bigint]).sort((a, b) => (a < b ? -1 : 1)) as [bigint, bigint]
          expect(map.amount0Between(low, high)).toBe(naive(standing).between(low, high, amount0Delta))
          expect(map.amount1Between(low, high)).toBe(naive(standing).between(low, high, amount1Delta))
        }
      }),
    )
  })

  it('finds the next tick, or the end of the word it stands in', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), fc.integer({ min: -6000, max: 6000 }), fc.boolean(), (changes, at, falling) => {
        const map = new TickMap()
        for (const one of changes) map.add(...one)
        const { tick: found, net } = map.nextInWord(at, 10, falling)
        const marks = new Map([...map.entries()].map(e => [e.tick, e.net]))
        // One step of ten after the other, until something stands there or the word ends.
        let t = falling ? Math.floor(at / 10) * 10 : Math.floor(at / 10) * 10 + 10
        const word = Math.floor(t / 2560)
        const next = falling ? -10 : 10
        while (!marks.has(t) && Math.floor((t + next) / 2560) === word) t += next
        expect([found, net]).toEqual([t, marks.get(t)])
      }),
    )
  })

  it.each<[string, Change]>([
    ['more than a range has', [-60, 60, -101n]],
    ['from a range whose ends are not there', [-120, 60, -1n]],
    ['from between two ranges', [60, 120, -1n]],
    ['from a range that ends where it begins', [60, 60, 1n]],
    ['from a range upside down', [60, -60, 1n]],
    ['below all ticks', [MIN_TICK - 1, 60, 1n]],
    ['above all ticks', [-60, MAX_TICK + 1, 1n]],
  ])('refuses what is taken %s, and stays as it was', (_, wrong) => {
    const map = new TickMap()
    map.add(-60, 60, 100n)
    map.add(120, 180, 100n)
    const before = [...map.entries()]
    expect(() => map.add(...wrong)).toThrow(RangeError)
    expect([...map.entries()]).toEqual(before)
  })

  it('taken back in any order, changes leave nothing behind', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(change, fc.boolean()), { maxLength: 12 }), fc.integer(), (changes, seed) => {
        const map = new TickMap()
        const signed = changes.map(([[lower, upper, amount], burn]): Change => [lower, upper, burn ? -amount : amount])
        for (const one of signed) map.change(...one)
        const shuffled = signed.map((one, i) => [(i * 7919 + seed) % 13, one] as const).sort(([a], [b]) => a - b)
        for (const [, [lower, upper, amount]] of shuffled) map.change(lower, upper, -amount)
        expect(map.size).toBe(0)
      }),
    )
  })
})
