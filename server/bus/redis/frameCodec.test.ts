import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeFrame, encodeFrame, type Part } from './frameCodec.ts'

const number = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const push = fc.record({
  channel: fc.string({ unit: 'grapheme', maxLength: 40 }),
  seq: number,
  prev: number,
  bytes: fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)),
})
const part: fc.Arbitrary<Part> = fc.record({ t: number, pushes: fc.array(push, { maxLength: 5 }), ready: fc.array(push, { maxLength: 3 }) })

describe('a frame of the stream', () => {
  it('is read as it was written', () => {
    void fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), parts => {
        expect(decodeFrame(encodeFrame(parts))).toEqual(parts)
      }),
    )
  })

  it('is refused if it was cut off, or has another form', () => {
    void fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), fc.nat(), (parts, at) => {
        const frame = encodeFrame(parts)
        expect(() => decodeFrame(frame.subarray(0, at % frame.length))).toThrow()
      }),
    )
    const frame = encodeFrame([])
    frame[0] = 9
    expect(() => decodeFrame(frame)).toThrow('frame: found version 9, expected 1')
  })
})
