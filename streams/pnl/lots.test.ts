import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ONE } from '../lib/decimal.ts'
import { type Lot, Lots, METHODS, type Method } from './lots.ts'

type Step = { readonly add: { qty: bigint; cost: bigint; unit: bigint } } | { readonly take: bigint }

const amount = fc.oneof(fc.bigInt({ min: 1n, max: 1000n }), fc.bigInt({ min: 1n, max: 10n ** 30n }))
const added = fc.record({
  qty: amount,
  cost: fc.oneof(fc.constant(0n), amount),
  // Few prices, so that equal ones meet.
  unit: fc.bigInt({ min: 1n, max: 5n }),
})
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof({ weight: 3, arbitrary: added.map(add => ({ add })) }, { weight: 2, arbitrary: amount.map(take => ({ take })) }),
  { maxLength: 60 },
)

/** Which of two lots goes first, written down as the method's name says it. Lots are numbered by age. */
const goesFirst: Record<Exclude<Method, 'average'>, (a: Lot, b: Lot) => boolean> = {
  fifo: (a, b) => a.t < b.t,
  lifo: (a, b) => a.t > b.t,
  hifo: (a, b) => a.unit > b.unit || (a.unit === b.unit && a.t < b.t),
  lofo: (a, b) => a.unit < b.unit || (a.unit === b.unit && a.t < b.t),
}

/** The naive way: looks through all lots for the next one, each time. */
const takenNaively = (lots: Lot[], method: Method, qty: bigint): Lot[] => {
  if (method === 'average' && lots.length > 1) {
    const sum = (of: (lot: Lot) => bigint) => lots.reduce((total, lot) => total + of(lot), 0n)
    lots.splice(0, lots.length, { ...lots[0]!, qty: sum(lot => lot.qty), cost: sum(lot => lot.cost) })
  }
  const taken: Lot[] = []
  let wanted = qty
  while (wanted > 0n && lots.length > 0) {
    const next = lots.reduce((best, lot) => (method !== 'average' && goesFirst[method](lot, best) ? lot : best))
    const whole = next.qty <= wanted
    const part = whole ? next.qty : wanted
    const cost = (next.cost * part) / next.qty
    taken.push({ ...next, qty: part, cost })
    next.qty -= part
    next.cost -= cost
    wanted -= part
    if (whole) lots.splice(lots.indexOf(next), 1)
  }
  return taken
}

describe.each(METHODS)('lots by %s', method => {
  it('takes what the naive way takes, lot for lot', () => {
    fc.assert(
      fc.property(steps, list => {
        const lots = new Lots(method)
        const naive: Lot[] = []
        list.forEach((step, t) => {
          if ('add' in step) {
            lots.add({ t, ...step.add })
            naive.push({ t, ...step.add })
          } else {
            const wanted = takenNaively(naive, method, step.take)
            const taken = lots.dispose(step.take)
            const parts = taken.lots.map(lot => ({ ...lot }))
            // A pool of averages has one age and one price only in name.
            if (method === 'average') expect(parts.map(p => [p.qty, p.cost])).toEqual(wanted.map(p => [p.qty, p.cost]))
            else expect(parts).toEqual(wanted)
          }
          expect([lots.qty, lots.cost]).toEqual([
            naive.reduce((sum, lot) => sum + lot.qty, 0n),
            naive.reduce((sum, lot) => sum + lot.cost, 0n),
          ])
        })
      }),
    )
  })

  it('neither makes nor loses anything: what came in is what was taken and what is left', () => {
    fc.assert(
      fc.property(steps, list => {
        const lots = new Lots(method)
        let qty = 0n
        let cost = 0n
        const check = ({ qty: q, cost: c, lots: parts }: ReturnType<Lots['dispose']>) => {
          expect([q, c]).toEqual([parts.reduce((sum, p) => sum + p.qty, 0n), parts.reduce((sum, p) => sum + p.cost, 0n)])
          for (const part of parts) expect(part.qty > 0n && part.cost >= 0n).toBe(true)
          qty -= q
          cost -= c
        }
        list.forEach((step, t) => {
          if ('add' in step) {
            lots.add({ t, ...step.add })
            qty += step.add.qty
            cost += step.add.cost
          } else {
            const held = lots.qty
            const taken = lots.dispose(step.take)
            expect(taken.qty <= step.take).toBe(true)
            expect(taken.qty).toBe(lots.qty > 0n ? step.take : held)
            check(taken)
          }
          expect([lots.qty, lots.cost]).toEqual([qty, cost])
          expect(qty >= 0n && cost >= 0n).toBe(true)
        })
        check(lots.dispose(lots.qty + 1n))
        expect([lots.qty, lots.cost]).toEqual([0n, 0n])
      }),
    )
  })

  it('leaves the rounding of a split with the lot, so that thirds of a cost still sum to it', () => {
    const lots = new Lots(method)
    lots.add({ t: 0, qty: 3n * ONE, cost: 10n, unit: 3n })
    expect([lots.dispose(ONE).cost, lots.dispose(ONE).cost, lots.dispose(ONE).cost]).toEqual([3n, 3n, 4n])
  })
})

it('a thousand lots taken one by one stay in the order of their age', () => {
  const lots = new Lots('fifo')
  for (let t = 0; t < 1000; t++) lots.add({ t, qty: 2n, cost: 2n, unit: 1n })
  const ages = Array.from({ length: 2000 }, () => lots.dispose(1n).lots[0]!.t)
  expect(ages).toEqual(Array.from({ length: 2000 }, (_, i) => i >> 1))
  expect(lots.dispose(1n)).toEqual({ qty: 0n, cost: 0n, lots: [] })
})
