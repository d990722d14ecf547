import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Batch } from './wsBatch.ts'

it('holds what each socket was given, in order, whichever others were given it', () => {
  const frames = Array.from({ length: 6 }, (_, i) => Buffer.from(`frame ${i};`.repeat(i + 1)))
  // Each step hands one frame to some of five sockets, as one publish does.
  const step = fc.tuple(fc.nat(frames.length - 1), fc.uniqueArray(fc.nat(4)))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), steps => {
      const root = new Batch()
      const batches: Batch[] = Array(5).fill(root)
      const expected: string[] = Array(5).fill('')
      for (const [n, sockets] of steps) {
        for (const socket of sockets) {
          batches[socket] = batches[socket]!.with(frames[n]!)
          expected[socket] = expected[socket]! + frames[n]!
        }
      }
      batches.forEach((batch, i) => {
        expect(batch.joined().toString()).toBe(expected[i])
        expect(batch.bytes).toBe(expected[i]!.length)
      })
    }),
  )
})

it('puts the bytes together once for all sockets that were given the same', () => {
  const [a, b] = [Buffer.from('a'), Buffer.from('b')]
  const root = new Batch()
  const [one, other] = [root.with(a), root.with(a)]
  expect(one.with(b).joined()).toBe(other.with(b).joined())
  expect(root.with(a).joined()).toBe(a)
})
