import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isoTime, stampTime, timeOf } from './time.ts'

const T = Date.UTC(2024, 4, 1, 0, 0, 14, 123)

describe('a stamp', () => {
  it('is read by its size, in seconds, ms, µs and ns, as text and as a number', () => {
    for (const text of ['1714521614.123', '1714521614123', '1714521614123.9', '1714521614123456', '1714521614123456789']) {
      expect(timeOf(text)).toBe(T)
      expect(timeOf(Number(text))).toBe(T)
    }
    expect(timeOf('1714521614')).toBe(T - 123)
  })

  it('of any moment from 1973 to 2190 is of that moment in every unit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1e11, max: 7e12 }), t => {
        expect(timeOf(String(t))).toBe(t)
        expect(timeOf(`${t}999`)).toBe(t)
        expect(stampTime(t / 1e3)).toBe(t)
        expect(timeOf(`${t}999999`)).toBe(t)
      }),
    )
  })

  it.each(['1.714E+12', '17145216141e2', '-1714521614123', '12345678901234567890', ' 1714521614123', '', 'now', '0x63', null, true, {}])(
    'is not made of %j',
    text => {
      expect(timeOf(text)).toBeNaN()
    },
  )
})

describe('an ISO 8601 time', () => {
  it.each([
    '2024-05-01 00:00:14.123',
    '2024-05-01T00:00:14.123',
    '2024-05-01T00:00:14,123999Z',
    '2024-05-01 00:00:14.123 UTC',
    '2024-05-01 00:00:14.123+00',
    '2024-05-01 00:00:14.123 +0000 UTC',
    '2024-05-01T05:30:14.123+05:30',
    '2024-04-30t20:00:14.123456789-0400',
  ])('%s is UTC if it does not say otherwise', text => {
    expect(timeOf(text)).toBe(T)
  })

  it.each(['2023-02-29', '2023-13-01', '2024-05-01T24:00:00', '2024-05-01T10:60', '2024-5-1', '01/05/2024', '2024-05-01T10:00:00 EST'])(
    '%s is none',
    text => {
      expect(isoTime(text)).toBeNaN()
    },
  )

  it('of any moment is that moment, whatever the zone of the machine', () => {
    const zone = process.env.TZ
    try {
      for (const tz of ['America/New_York', 'Asia/Kolkata', 'UTC']) {
        process.env.TZ = tz
        fc.assert(
          fc.property(fc.date({ min: new Date('2009-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }), date => {
            expect(isoTime(date.toISOString().slice(0, -1))).toBe(date.getTime())
          }),
        )
      }
    } finally {
      process.env.TZ = zone
    }
  })
})
