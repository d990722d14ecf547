import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSymbol } from '../lib/names.ts'
import { isQuoteCurrency, readSymbol, splitSymbol, symbolMap } from './symbols.ts'

describe('a venue symbol', () => {
  it.each([
    ['BTCUSDT', 'BTC-USDT'],
    ['btcusdt', 'BTC-USDT'],
    ['BTC-USD', 'BTC-USD'],
    ['XBT/USD', 'BTC-USD'],
    ['XDG/EUR', 'DOGE-EUR'],
    ['KSM/XBT', 'KSM-BTC'],
    ['btc_usdt', 'BTC-USDT'],
    ['ETHFDUSD', 'ETH-FDUSD'],
    ['1000PEPEUSDT', '1000PEPE-USDT'],
    ['USDCUSDT', 'USDC-USDT'],
    ['BTCUSDT-PERP', 'BTC-USDT-PERP'],
    ['FOOUSDT', 'FOO-USDT'],
  ])('%s is %s', (venueSymbol, symbol) => {
    expect(readSymbol(venueSymbol)).toBe(symbol)
  })

  it.each([
    ['BTCUSDT', 'BTC-USDT-PERP'],
    ['BTCPERP', 'BTC-USDC-PERP'],
    ['BTCUSDT-PERP', 'BTC-USDT-PERP'],
  ])('%s of a market of perpetuals is %s', (venueSymbol, symbol) => {
    expect(readSymbol(venueSymbol, true)).toBe(symbol)
  })

  it.each(['BTCUSDT_240927', 'BTC-27SEP24', 'BTCUSDT-26SEP25', 'BTCUSDU23'])('%s, a dated future, is no perpetual', name => {
    expect(readSymbol(name, true)).toBeUndefined()
  })

  it.each([
    ['BNBUSD', 'BNB-USD'],
    ['BATUSD', 'BAT-USD'],
    ['SHIBUSD', 'SHIB-USD'],
    ['AAVEBKRW', 'AAVE-BKRW'],
    ['SHIBKRW', 'SHIB-KRW'],
    ['BNBBUSD', 'BNB-BUSD'],
    ['BTCBUSD', 'BTC-BUSD'],
    ['BTCTUSD', 'BTC-TUSD'],
    ['DOTUSD', 'DOT-USD'],
    ['ETHFDUSD', 'ETH-FDUSD'],
    ['SOLPYUSD', 'SOL-PYUSD'],
    ['BTCBIDR', 'BTC-BIDR'],
    ['SHIBIDR', 'SHIB-IDR'],
    ['USDTUSD', 'USDT-USD'],
    ['XAUTUSD', 'XAUT-USD'],
    ['BTGUSD', 'BTG-USD'],
    ['XBTUSD', 'BTC-USD'],
    ['XXBTZUSD', 'BTC-USD'],
    ['XETHXXBT', 'ETH-BTC'],
    ['XXDGXXBT', 'DOGE-BTC'],
    ['USDTZEUR', 'USDT-EUR'],
    ['ZEURZUSD', 'EUR-USD'],
    ['XTZUSD', 'XTZ-USD'],
    ['CHZUSD', 'CHZ-USD'],
    ['AVAXETH', 'AVAX-ETH'],
    ['XXBT/ZUSD', 'BTC-USD'],
  ])('%s in one word is %s: the longest known asset decides', (venueSymbol, symbol) => {
    expect(readSymbol(venueSymbol)).toBe(symbol)
    expect(readSymbol(venueSymbol.toLowerCase())).toBe(symbol)
  })

  it.each(['QQTUSD', 'QQBUSD', 'QQBKRW', 'ARQTUSD', 'ARTUSD', 'BTCGUSD', 'GUSD', 'STETH'])(
    '%s can be read in several ways, or is no pair, and nothing decides',
    name => {
      expect(readSymbol(name)).toBeUndefined()
    },
  )

  it('is split as the configuration knows assets', () => {
    expect(symbolMap({}, ['qqt']).canonical('binance', 'QQTUSD')).toBe('QQT-USD')
    expect(symbolMap({ QQTUSD: 'QQ-TUSD' }).canonical('binance', 'qqtusd')).toBe('QQ-TUSD')
  })

  it.each([
    ['stETH-USD', 'stETH-USD'],
    ['stETHUSD', 'stETH-USD'],
    ['wBTC/eth', 'wBTC-ETH'],
    ['AAPLx/USD', 'AAPLx-USD'],
    ['eth-usd', 'ETH-USD'],
    ['stETH-USD-perp', 'stETH-USD-PERP'],
  ])('%s keeps the case of an asset that is written in both: %s', (venueSymbol, symbol) => {
    expect(readSymbol(venueSymbol)).toBe(symbol)
  })

  it.each(['BTCUSD_PERP', 'BTCUSDT_PERP', 'BTC-PERPETUAL', 'PI_XBTUSD', 'PF_XBTUSD', 'FI_XBTUSD_240927', 'BTC-USD-SWAP', 'BTC-SEP24'])(
    '%s, a contract of a size that nobody says here, is none',
    name => {
      expect(readSymbol(name)).toBeUndefined()
      expect(readSymbol(name, true)).toBeUndefined()
    },
  )

  it.each([
    ['BTCUSD', 'BTC-USD-PERP'],
    ['BTCUSD_PERP', 'BTC-USD-PERP'],
  ])('%s of a market of inverse perpetuals is %s, and nothing of another market of perpetuals', (venueSymbol, symbol) => {
    expect(readSymbol(venueSymbol, 'inverse')).toBe(symbol)
    expect(readSymbol(venueSymbol, true)).toBeUndefined()
  })

  it.each(['BTCUSDT', 'BTCUSD_240927', 'BTCUSDM24', 'BTCPERP'])('%s is no inverse perpetual', name => {
    expect(readSymbol(name, 'inverse')).toBeUndefined()
  })

  it.each(['', 'BTC', 'FDUSD', 'FOOBAR', 'BTC-USD-EUR', '-USD', '2021-04', '💰USDT'])('%j is none', name => {
    expect(readSymbol(name)).toBeUndefined()
  })

  it('is either read as a canonical symbol, which reads as itself, or not at all', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), fc.boolean(), (name, perpetual) => {
        const symbol = readSymbol(name, perpetual)
        if (symbol === undefined) return
        expect(isSymbol(symbol)).toBe(true)
        expect(readSymbol(symbol)).toBe(symbol)
        expect(splitSymbol(symbol)).toBeDefined()
      }),
    )
  })
})

describe('the configuration', () => {
  const map = symbolMap({ BTCUSDT: 'BTC-USD', 'kraken:ETH/USD': 'ETH-EUR', 'bybit-linear:BTCUSDT': 'XBT-USD-PERP' })

  it('has the first word, the venue before the plain name', () => {
    expect(map.canonical('binance', 'BTCUSDT')).toBe('BTC-USD')
    expect(map.canonical('kraken', 'ETH/USD')).toBe('ETH-EUR')
    expect(map.canonical('coinbase', 'ETH-USD')).toBe('ETH-USD')
  })

  it('does not make a perpetual of the spot symbol it names, unless it names the venue', () => {
    expect(map.canonical('binance-usdm', 'BTCUSDT', true)).toBe('BTC-USDT-PERP')
    expect(map.canonical('bybit-linear', 'BTCUSDT', true)).toBe('XBT-USD-PERP')
  })

  it('says what it names, whatever kind of instrument that is', () => {
    expect(map.named('binance', 'BTCUSDT')).toBe('BTC-USD')
    expect(map.named('bybit-linear', 'BTCUSDT')).toBe('XBT-USD-PERP')
    expect(map.named('binance', 'ETHUSDT')).toBeUndefined()
  })

  it('tells spot and perpetual of one name apart, whichever is asked for first', () => {
    const plain = symbolMap({})
    expect(plain.canonical('bybit', 'SOLUSDT', true)).toBe('SOL-USDT-PERP')
    expect(plain.canonical('bybit', 'SOLUSDT')).toBe('SOL-USDT')
    expect(plain.canonical('bybit', 'SOLUSDT', true)).toBe('SOL-USDT-PERP')
  })
})

it('knows what prices are quoted in', () => {
  expect(isQuoteCurrency('USDT')).toBe(true)
  expect(isQuoteCurrency('FILE')).toBe(false)
})
