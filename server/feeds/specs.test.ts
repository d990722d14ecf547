import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { symbolMap } from '../../streams/market/symbols.ts'
import type { Feed } from './feed.ts'
import { SpecError } from './specError.ts'
import { feedOf } from './specs.ts'
import { EXCHANGES } from './venues/index.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'specs-'))
  writeFileSync(join(folder, 'trades.csv'), 'symbol,price,ts_ms,qty\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

const simulated: (string | undefined)[] = []
const sim = (id: string, seed: string | undefined): Feed => {
  simulated.push(seed)
  return { id, live: true, symbols: ['BTC-USD'], open: async function* () {} }
}

const parse = (spec: string, symbols: Record<string, string> = {}): Promise<Feed> =>
  feedOf(spec, { map: symbolMap(symbols), sim, base: folder })

describe('a feed as it is asked for', () => {
  it.each([
    ['binance:BTCUSDT,ETHUSDT', ['BTC-USDT', 'ETH-USDT'], true],
    ['binance:BTCUSDT,BTCUSDT-PERP', ['BTC-USDT', 'BTC-USDT-PERP'], true],
    ['coinbase:BTC-USD', ['BTC-USD'], true],
    ['kraken:BTC/USD,XBT/EUR', ['BTC-USD', 'BTC-EUR'], true],
    ['bybit:SOLUSDT-PERP', ['SOL-USDT-PERP'], true],
    ['bybit:BTCUSDT,BTCUSDT', ['BTC-USDT'], true],
    ['binance:btcusdt,bnbbusd,btcusdt-perp', ['BTC-USDT', 'BNB-BUSD', 'BTC-USDT-PERP'], true],
    ['coinbase:btc-usd', ['BTC-USD'], true],
    ['binance:BTCUSD_PERP,BTCUSDT-PERP', ['BTC-USD-PERP', 'BTC-USDT-PERP'], true],
    ['bybit:BTCUSD-PERP,BTCUSDT-PERP', ['BTC-USD-PERP', 'BTC-USDT-PERP'], true],
    ['kraken:xbt/usd,AAPLx/USD', ['BTC-USD', 'AAPLx-USD'], true],
    ['replay:trades.csv', undefined, false],
  ])('%s', async (spec, symbols, isLive) => {
    expect(await parse(spec)).toMatchObject({ id: spec, live: isLive, symbols })
  })

  it('is the simulated market, with its seed', async () => {
    simulated.length = 0
    expect((await parse('sim')).id).toBe('sim')
    expect((await parse('sim:42')).id).toBe('sim:42')
    expect(simulated).toEqual([undefined, '42'])
  })

  it('has the symbols that the configuration names', async () => {
    expect((await parse('binance:BTCUSDT', { BTCUSDT: 'BTC-USD' })).symbols).toEqual(['BTC-USD'])
    expect((await parse('binance:qqtusd', { QQTUSD: 'QQT-USD' })).symbols).toEqual(['QQT-USD'])
    expect((await parse('binance:FOOBAR', { 'binance:FOOBAR': 'FOO-BAR' })).symbols).toEqual(['FOO-BAR'])
  })
})

it.each(Object.keys(EXCHANGES))('a name of %s in another script is subscribed, if the configuration maps it', async venue => {
  for (const mapping of ['币安人生USDT', `${venue}:币安人生USDT`])
    expect((await parse(`${venue}:币安人生USDT`, { [mapping]: 'BIAN-USDT' })).symbols).toEqual(['BIAN-USDT'])
  await expect(parse(`${venue}:币安人生USDT`)).rejects.toThrow('found "币安人生USDT"')
})

it('of a chain whose pools are all computed elsewhere is idle', () => {
  const pool = { id: 'V3', kind: 'uniswap-v3' as const, address: '0x00000000000000000000000000000000000000aa', feePips: 3_000 }
  const options = { map: symbolMap({}), base: '.', sim: () => expect.unreachable(), pools: [pool as never] }
  const idle = async (needs: (pool: string) => boolean) => (await feedOf('evm:ws://127.0.0.1:1', { ...options, needs })).idle
  return expect(Promise.all([idle(() => true), idle(() => false)])).resolves.toEqual([false, true])
})

describe('a feed that is not understood says what was found and what was expected', () => {
  const exchanges = Object.keys(EXCHANGES).map(name => `${name}:SYMBOLS`)
  const kinds = `expected ${['sim', 'sim:SEED', 'replay:FILE', 'evm:URL', ...exchanges].join(', ')}`
  it.each([
    ['', `: found "", ${kinds}`],
    ['nowhere:BTC-USDT', `nowhere:BTC-USDT: found "nowhere", ${kinds}`],
    ['constructor:X', `constructor:X: found "constructor", ${kinds}`],
    ['ccxt:okx:BTC/USDT', `ccxt:okx:BTC/USDT: found a feed of the kind ccxt, which is not available in this version, ${kinds}`],
    ['http', `http: found a feed of the kind http, which is not available in this version, ${kinds}`],
    ['sim:', 'sim:: found no seed, expected sim or sim:SEED'],
    ['binance', 'binance: found "", expected binance:SYMBOL,SYMBOL… with symbols like BTCUSDT'],
    ['binance:BTC-USDT', 'binance:BTC-USDT: found "BTC-USDT", expected binance:SYMBOL,SYMBOL… with symbols like BTCUSDT'],
    ['binance:BTCUSDT,', 'binance:BTCUSDT,: found "", expected binance:SYMBOL,SYMBOL… with symbols like BTCUSDT'],
    [
      'binance:FOOBAR',
      'binance:FOOBAR: found FOOBAR, expected a symbol that splits in one way into two assets, or that "symbols" of the configuration names',
    ],
    [
      'binance:QQTUSD',
      'binance:QQTUSD: found QQTUSD, expected a symbol that splits in one way into two assets, or that "symbols" of the configuration names',
    ],
    ['coinbase:BTCUSD', 'coinbase:BTCUSD: found "BTCUSD", expected coinbase:SYMBOL,SYMBOL… with symbols like BTC-USD'],
    ['kraken:BTC/USD-PERP', 'kraken:BTC/USD-PERP: found BTC/USD-PERP, expected no perpetual: of kraken the spot market is understood'],
    ['replay:nowhere.csv', 'replay:nowhere.csv: found ENOENT, expected a file that can be read'],
  ])('%j', async (spec, message) => {
    const error = await parse(spec).catch(e => e)
    expect(error).toBeInstanceOf(SpecError)
    expect(error.message).toBe(message)
  })
})
