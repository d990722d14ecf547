import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ORDER, orderOf } from './requests.ts'

/** What comes as parameters: mostly right, with all that may be wrong with it. */
const text = fc.constantFrom(
  'BTC',
  '1',
  '0',
  '0.5',
  '-1',
  '+1',
  '1e3',
  '0.0000000000000000001',
  `1${'0'.repeat(30)}`,
  '9'.repeat(101),
  '',
  ' ',
  'ä',
  'a\n',
  'k'.repeat(129),
  '.x',
)
const value = fc.oneof({ weight: 8, arbitrary: text }, fc.string(), fc.integer(), fc.constantFrom(null, true, [], {}))
const order = fc.record({
  fund: fc.oneof({ weight: 4, arbitrary: fc.constant('TOP10') }, value),
  amount: fc.oneof({ weight: 4, arbitrary: fc.bigInt(0n, 10n ** 30n).map(String) }, value),
  key: fc.oneof({ weight: 4, arbitrary: fc.string({ unit: 'binary-ascii' }) }, value),
})
const params = fc.oneof(
  { weight: 8, arbitrary: order },
  fc
    .tuple(order, fc.dictionary(fc.constantFrom('fund', 'key', 'side', 'constructor', '__proto__', ''), value))
    .map(([one, more]) => ({ ...one, ...more })),
  order.map(({ key: _, ...rest }) => rest),
  value,
)

it('an order read by hand is the one that the schema reads, and none where that finds something wrong', () => {
  let right = 0
  fc.assert(
    fc.property(params, sent => {
      const given: unknown = JSON.parse(JSON.stringify(sent))
      const read = ORDER.safeParse(given)
      expect(orderOf(given)).toEqual(read.success ? read.data : undefined)
      if (read.success) right += 1
    }),
    { numRuns: 5_000 },
  )
  expect(right).toBeGreaterThan(500)
})
