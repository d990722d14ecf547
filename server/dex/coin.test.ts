import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isTestCoin, nameOf, pairOf, parsePair, tickerOf } from './coin.ts'

describe('a coin', () => {
  it.each([
    ['KMD', 'KMD'],
    ['LTC-segwit', 'LTC'],
    ['USDC-PLG20', 'USDC'],
    ['USDC-PLG20_OLD', 'USDC'],
    ['USDT_OLD', 'USDT'],
    ['1INCH-ERC20', '1INCH'],
    ['SMTF-v2', 'SMTF'],
  ])('%s is %s, wherever it moves', (coin, ticker) => {
    expect(tickerOf(coin)).toBe(ticker)
  })

  it.each(['', '-PLG20', 'A_B', 'A-', 'A B', 'USDC-PLG20_NEW', 'A'.repeat(33), "A'"])('is not named %j', coin => {
    expect(tickerOf(coin)).toBeUndefined()
  })

  it('is for trials if its name says so', () => {
    expect(['DOC', 'MARTY', 'KMD'].map(isTestCoin)).toEqual([true, true, false])
  })
})

describe('a pair', () => {
  it.each([
    ['KMD_LTC', 'KMD_LTC'],
    ['KMD_USDC-PLG20_OLD', 'KMD_USDC'],
    ['USDC-PLG20_OLD_KMD', 'USDC_KMD'],
    ['USDC-PLG20_OLD_USDT_OLD', 'USDC_USDT'],
    ['KMD-BEP20_LTC-segwit', 'KMD_LTC'],
  ])('is read from %s', (text, pair) => {
    expect(nameOf(parsePair(text)!)).toBe(pair)
  })

  it.each(['', 'KMD', '_', 'KMD_', '_LTC', 'KMD_LTC_DOGE', 'OLD', 'KMD_OLD', 'KMD__LTC'])('is not %j', text => {
    expect(parsePair(text)).toBeUndefined()
  })

  it.each([
    ['the lower capitalisation first', { KMD: 3e7, LTC: 5e9 }, 'KMD_LTC'],
    ['the lower capitalisation first, against the alphabet', { KMD: 5e9, LTC: 3e7 }, 'LTC_KMD'],
    ['the alphabet if two digits are the same', { KMD: 5.29e9, LTC: 5.21e9 }, 'KMD_LTC'],
    ['another place of the same digits', { KMD: 5.2e9, LTC: 5.2e8 }, 'LTC_KMD'],
    ['the alphabet if one is unknown', { KMD: 5e9 }, 'KMD_LTC'],
    ['the alphabet if one is zero', { KMD: 5e9, LTC: 0 }, 'KMD_LTC'],
  ] as [string, Record<string, number>, string][])('has %s', (_, caps, pair) => {
    expect(nameOf(pairOf('LTC', 'KMD', coin => caps[coin]))).toBe(pair)
  })

  it('has one order, whichever way it is asked for', () => {
    const coin = fc.constantFrom('A', 'B', 'C', 'D')
    const cap = fc.option(fc.double({ min: 1, max: 1e15, noNaN: true }), { nil: undefined })
    fc.assert(
      fc.property(coin, coin, cap, cap, (a, b, capA, capB) => {
        fc.pre(a !== b)
        const capOf = (coin: string) => (coin === a ? capA : capB)
        const pair = pairOf(a, b, capOf)
        expect(pairOf(b, a, capOf)).toEqual(pair)
        expect(parsePair(nameOf(pair))).toEqual(pair)
        // What is clearly larger is never the base.
        if (capA && capB && capA > 2 * capB) expect(pair.base).toBe(b)
      }),
    )
  })
})
