import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Ranges } from './ranges.ts'
import { RpcRefusal } from './rpcSocket.ts'

const tooMuch = new RpcRefusal(-32005, 'query returned more than it may')

it('a range is read once and in order, whatever the node gives at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(50_000), fc.nat(20_000), fc.integer({ min: 1, max: 12_000 }), async (from, length, most) => {
      const ranges = new Ranges()
      let refused = 0
      const ask = async (first: number, last: number) => {
        if (last - first + 1 <= Math.max(most, length / 200)) return { logs: [], unreadable: 0 }
        refused += 1
        throw tooMuch
      }
      let next = from
      const read: number[] = []
      for await (const { to } of ranges.read(
        async (first, last) => {
          const found = await ask(first, last)
          read.push(first)
          return found
        },
        from,
        from + length,
      )) {
        expect(read.at(-1)).toBe(next)
        next = to + 1
      }
      expect(next).toBe(from + length + 1)
      expect(ranges.refused).toBe(refused)
    }),
    { numRuns: 50 },
  )
})

it.each([
  ['refuses a single block', tooMuch, 12],
  ['is lost', new Error('the connection was closed'), 1],
])('it ends where the node %s', async (_, error, questions) => {
  let asked = 0
  const reading = new Ranges().read(
    async () => {
      asked += 1
      throw error
    },
    0,
    100_000,
  )
  await expect(reading.next()).rejects.toBe(error)
  expect(asked).toBe(questions)
})
