import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newId, readTraceparent, traceparentOf } from './traceparent.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

describe('a traceparent', () => {
  // The cases are those of the standard and of its test suite.
  it.each([
    [`00-${TRACE}-${SPAN}-01`, true],
    [`00-${TRACE}-${SPAN}-00`, false],
    [`00-${TRACE}-${SPAN}-03`, true],
    [`cc-${TRACE}-${SPAN}-01`, true],
    [`cc-${TRACE}-${SPAN}-01-what-comes-later`, true],
  ])('%s is read', (text, sampled) => {
    expect(readTraceparent(text)).toEqual({ traceId: TRACE, spanId: SPAN, sampled })
  })

  it.each([
    undefined,
    '',
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    `cc-${TRACE}-${SPAN}-01.more`,
  ])('%s is none', text => {
    expect(readTraceparent(text)).toBeUndefined()
  })

  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.boolean(), sampled => {
        const context = { traceId: newId(16), spanId: newId(8), sampled }
        expect(readTraceparent(traceparentOf(context))).toEqual(context)
      }),
    )
  })
})
