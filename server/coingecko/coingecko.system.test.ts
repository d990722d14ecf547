import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { COINS, CoinGeckoServer, type Fault } from '../test/coingeckoServer.ts'
import { hurriedEnvironment } from '../test/sourceServer.ts'
import { VirtualEnvironment } from '../test/virtualEnvironment.ts'
import { CoinGecko, CoinGeckoError } from './coingecko.ts'
import { planOf } from './plan.ts'

const KEY = 'CG-a-secret'
const START = Date.UTC(2026, 0, 1)

let server: CoinGeckoServer
beforeAll(async () => {
  server = await CoinGeckoServer.start(() => START)
})
afterAll(() => server.close())
beforeEach(() => {
  server.asked.length = 0
  server.faults = []
  server.onAsked = () => {}
})

const opened = (key: string | undefined, signal = new AbortController().signal) => {
  const environment = hurriedEnvironment(START)
  const { waits } = environment
  const said: string[] = []
  const gecko = new CoinGecko({ plan: planOf(key, {}), baseUrl: server.url, environment, signal, onWait: (_, why) => said.push(why) })
  return { gecko, waits, said }
}
const failure = async (asked: Promise<unknown>): Promise<CoinGeckoError> => {
  const error = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(CoinGeckoError)
  return error as CoinGeckoError
}

describe('CoinGecko', () => {
  it('gives the largest coins and their charts', async () => {
    const { gecko } = opened(undefined)
    expect(await gecko.largest(3, 'usd')).toEqual(
      COINS.slice(0, 3).map(({ id, symbol, circulating_supply }) => ({ id, symbol, supply: circulating_supply })),
    )
    expect((await gecko.largest(4, 'usd'))[3]).toEqual({ id: 'ripple', symbol: 'xrp', supply: undefined })
    expect(await gecko.chart('bitcoin', 'usd', 7)).toEqual(server.points('bitcoin', 7))
    expect(server.asked.map(({ url }) => new URL(url, server.url).search)).toEqual([
      '?vs_currency=usd&order=market_cap_desc&per_page=3&page=1',
      '?vs_currency=usd&order=market_cap_desc&per_page=4&page=1',
      '?vs_currency=usd&days=7&precision=full',
    ])
  })

  it.each([
    [undefined, undefined, undefined, 6_000],
    [KEY, KEY, undefined, 1_000],
    [`pro:${KEY}`, undefined, KEY, 250],
  ])('is asked with the key %j in its own header and nowhere else, spaced', async (key, demo, pro, spacing) => {
    const { gecko, waits } = opened(key)
    for (let i = 0; i < 4; i++) await gecko.chart('bitcoin', 'usd', 1)
    expect(waits).toEqual([spacing, spacing, spacing])
    for (const { url, headers } of server.asked) {
      expect([headers['x-cg-demo-api-key'], headers['x-cg-pro-api-key']]).toEqual([demo, pro])
      expect(url).not.toContain(KEY)
    }
  })

  it.each<[string, Fault, number]>([
    ['too many requests, told how long to wait', { status: 429, headers: { 'retry-after': '77' } }, 77_000],
    ['too many requests, told nothing', { status: 429 }, 60_000],
    ['too many requests, told a date', { status: 429, headers: { 'retry-after': new Date(START + 90_000).toUTCString() } }, 90_000],
    ['a fault of the server', { status: 503 }, 2_000],
    ['a fault of the server that takes a while', { status: 500, headers: { 'retry-after': '9' } }, 9_000],
    ['an answer cut off', 'cut', 2_000],
    ['a page in place of an answer', 'page', 2_000],
    ['an answer of another form', 'other', 2_000],
  ])('is asked again after %s', async (_, fault, wait) => {
    server.faults = [fault]
    const { gecko, waits, said } = opened(KEY)
    expect(await gecko.chart('ethereum', 'usd', 2)).toEqual(server.points('ethereum', 2))
    expect(waits[0]).toBe(wait)
    expect([said.length, server.asked.length]).toEqual([1, 2])
    expect(said[0]).toMatch(/^CoinGecko at 127\.0\.0\.1:\d+: /)
  })

  it('is given up after six attempts, each after a longer wait', async () => {
    server.faults = Array(10).fill({ status: 502 })
    const { gecko, waits } = opened(`pro:${KEY}`)
    expect((await failure(gecko.chart('bitcoin', 'usd', 1))).status).toBe(502)
    expect(waits).toEqual([2_000, 5_000, 15_000, 30_000, 60_000])
    expect(server.asked.length).toBe(6)
  })

  it('is given up where it asks to wait for longer than five minutes', async () => {
    server.faults = [{ status: 429, headers: { 'retry-after': '86400' } }]
    expect((await failure(opened(KEY).gecko.chart('bitcoin', 'usd', 1))).message).toContain('it asks to wait 86400 s')
    expect(server.asked.length).toBe(1)
  })

  it.each([
    [401, { status: { error_code: 10002, error_message: 'API Key Missing' } }, '401 API Key Missing'],
    [401, { error: { status: { error_code: 10012, error_message: 'exceeds the allowed time range' } } }, '401 exceeds the allowed'],
    [400, { error: 'invalid vs_currency' }, '400 invalid vs_currency'],
    [403, undefined, '403 found no answer that can be read'],
    [400, { error: `the key ${KEY}\nis wrong` }, '400 the key … is wrong'],
    [404, { error: 'coin not found' }, '404 coin not found'],
  ])('is not asked again after %i %j', async (status, body, told) => {
    server.faults = [{ status, body }]
    const { message, status: found } = await failure(opened(KEY).gecko.chart('bitcoin', 'usd', 1))
    expect([found, server.asked.length]).toEqual([status, 1])
    expect(message).toContain(told)
    expect(message).not.toMatch(/CG-|\n/)
  })

  it('does not take its key along to where it is sent away to', async () => {
    server.faults = Array(6).fill({ status: 302, headers: { location: `${server.url}/coins/bitcoin/market_chart?days=1` } })
    await failure(opened(KEY).gecko.chart('bitcoin', 'usd', 1))
    expect(server.asked.every(({ url }) => url.includes('vs_currency'))).toBe(true)
  })

  it('ceases at once when it is asked to: in a request, in a wait, before it began', async () => {
    const stop = new AbortController()
    const began = new Promise<void>(resolve => {
      server.onAsked = () => resolve()
    })
    server.faults = ['silence']
    const chart = opened(KEY, stop.signal).gecko.chart('bitcoin', 'usd', 1)
    await began
    stop.abort(new Error('enough'))
    await expect(chart).rejects.toThrow('enough')

    const waiting = new AbortController()
    const environment = new VirtualEnvironment()
    server.faults = [{ status: 503 }]
    const onWait = (): void => void setImmediate(() => waiting.abort(new Error('enough')))
    const gecko = new CoinGecko({ plan: planOf(KEY, {}), baseUrl: server.url, environment, signal: waiting.signal, onWait })
    await expect(gecko.chart('bitcoin', 'usd', 1)).rejects.toThrow('enough')
    expect(environment.waits).toEqual([])

    await expect(opened(KEY, AbortSignal.abort(new Error('enough'))).gecko.largest(1, 'usd')).rejects.toThrow('enough')
    expect(server.asked.length).toBe(2)
  })

  it('that cannot be reached is named by its address', async () => {
    const environment = hurriedEnvironment(START)
    const options = { plan: planOf(undefined, {}), environment, signal: new AbortController().signal, onWait: () => {} }
    const gone = await CoinGeckoServer.start()
    const baseUrl = gone.url
    await gone.close()
    const { message, status } = await failure(new CoinGecko({ ...options, baseUrl }).largest(1, 'usd'))
    expect([message, status]).toEqual([`CoinGecko at ${new URL(baseUrl).host}: found no answer (ECONNREFUSED)`, undefined])
  })
})
