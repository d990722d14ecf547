import { describe, expect, it } from 'vitest'
import { pageOf } from '../links.ts'
import { type Found, notesOf, wordsOf } from './words.ts'

const about = (evidence: Found['evidence'], channel = 'pool:P'): string => wordsOf({ id: '1', channel, evidence })

describe('an alert in words', () => {
  it.each([
    [{ value: 49_000, bound: 50_000 }, '49,000, below 50,000'],
    [{ value: 0.0234, bound: 0.02 }, '0.0234, above 0.02'],
    [{ value: 120, bound: 500, median: 1_000, mad: 50.5, samples: 288 }, '120, below 500; median of 288 samples 1,000, MAD 50.5'],
    [
      { value: 60e6, before: 100e6, change: Math.log(0.6), bound: -0.25, median: 0.001, mad: 0.01, samples: 90 },
      'from 100.00\u00a0M to 60.00\u00a0M (−40.00\u00a0%); change −0.510826, below −0.25; median of 90 samples 0.001, MAD 0.01',
    ],
    [{ value: 94, from: 100, change: -0.06, bound: -0.05 }, 'from 100 to 94 (−6.00\u00a0%); bound −5.00\u00a0%'],
    [{ value: 94, from: 0, change: 0, bound: 0.05 }, 'from 0 to 94; bound +5.00\u00a0%'],
    [{ changed: 0, bound: 300_000 }, 'not known; unchanged since 1970-01-01 00:00:00 UTC, longer than 5 min'],
    [{ channels: 3 }, '3 of pool:P at once'],
    [{ value: 1, bound: 0, source: 'sim' }, '1, above 0; source sim'],
    [{}, ''],
  ] as const)('%j', (evidence, words) => {
    expect(about(evidence)).toBe(words)
  })

  it('says what else is known of it', () => {
    expect(notesOf({ id: '1', confirmed: false, times: 3, market: 'm' })).toBe('unconfirmed, fired 3 times, in a market alert')
    expect(notesOf({ id: '1', confirmed: true, times: 1 })).toBe('')
  })
})

describe('a channel', () => {
  it.each([
    ['fund:A.B', '/funds/A.B'],
    ['rebalances:F', '/funds/F'],
    ['pnl:main', '/portfolios/main'],
    ['candle:1m:BTC-USD', '/market/BTC-USD'],
    ['metrics:ETH', '/analytics/ETH'],
    ['status', '/system'],
    ['metrics:*', undefined],
    ['nothing:X', undefined],
  ])('%s has its page: %s', (channel, page) => {
    expect(pageOf(channel)).toBe(page)
  })
})
