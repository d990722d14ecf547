import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inBlockOrder, type SourcedLog } from './logOrder.ts'

const log = (index: number, data: string, transaction = Number.NaN, transactionHash = ''): SourcedLog => ({
  block: 1,
  index,
  address: '0xaa',
  topics: [],
  data,
  transaction,
  transactionHash,
})
const shown = (logs: readonly SourcedLog[]): string =>
  inBlockOrder(logs)
    .map(({ data }) => data)
    .join('')
const ascends = (logs: readonly SourcedLog[]): boolean => logs.every(({ index }, i) => i === 0 || index > logs[i - 1]!.index)

describe('the logs of a block', () => {
  it('keep their indexes where these count through the block, in whatever order they come', () => {
    const logs = [log(3, 'a'), log(7, 'b', 1), log(8, 'c', 2)]
    expect(inBlockOrder([...logs].reverse())).toEqual(logs)
    const known = [log(3, 'a', 0), log(7, 'b', 1), log(8, 'c', 2)]
    expect(inBlockOrder([...known].reverse())).toEqual(known)
  })

  it.each<[what: string, logs: SourcedLog[], expected: string]>([
    ['by the transactions', [log(0, 'c', 2), log(1, 'd', 2), log(0, 'a', 1), log(1, 'b', 1)], 'abcd'],
    ['by the transactions, though no two have one index', [log(0, 'c', 2), log(4, 'a', 1), log(5, 'b', 1)], 'abc'],
    ['as they came, if the transactions are not known', [log(0, 'a'), log(1, 'b'), log(0, 'c'), log(1, 'd')], 'abcd'],
    [
      'as they came, those of two transactions that say the same apart',
      [log(0, 'a', Number.NaN, '0x1'), log(0, 'a', Number.NaN, '0x2')],
      'aa',
    ],
  ])('whose indexes count through a transaction are told apart, in the order of the block: %s', (_, logs, expected) => {
    expect(shown(logs)).toBe(expected)
    expect(ascends(inBlockOrder(logs))).toBe(true)
  })

  it('that come twice stay the same', () => {
    expect(inBlockOrder([log(3, 'a'), log(3, 'a')])).toEqual([log(3, 'a'), log(3, 'a')])
    const twice = [log(0, 'a', 1), log(0, 'b', 2), log(0, 'a', 1)]
    const places = inBlockOrder(twice)
    expect(places[0]).toEqual(places[1])
  })

  it('have the same places wherever an answer begins, if the transactions are known', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 2, maxLength: 6 }), counts => {
        const logs = counts.flatMap((n, transaction) => Array.from({ length: n }, (_, i) => log(i, `${transaction}:${i}`, transaction)))
        const placed = new Map(inBlockOrder(logs).map(({ data, index }) => [data, index]))
        const reversed = inBlockOrder([...logs].reverse())
        expect(reversed.every(({ data, index }) => placed.get(data) === index)).toBe(true)
      }),
    )
  })
})
