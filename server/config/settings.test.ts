import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'
import { type Options, UsageError } from './options.ts'
import { isLoopback, readSettings, type Settings } from './settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'driftwire-settings-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const DEMO = join(packageRoot(), 'server', 'demo', 'config.json')

const written = (name: string, content: string): string => {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

const withOptions = (options: Options = {}, environment = {}): Settings => readSettings(options, environment, DEMO)

/** The line that a start with this configuration ends with. */
const lineOf = (options: Options): string => {
  try {
    withOptions(options)
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError)
    return (error as Error).message
  }
  return 'accepted'
}

describe('without any option', () => {
  it('the demo runs, for this machine only, as recorded', () => {
    expect(withOptions()).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      dataDir: join(process.cwd(), 'data'),
      clickhouse: undefined,
      feeds: ['sim'],
      speed: 1,
      waitClients: 0,
      recordFrames: undefined,
      exitAtEnd: false,
      tls: undefined,
      logLevel: 'info',
      adminToken: undefined,
      configFile: join(packageRoot(), 'server', 'demo', 'config.json'),
    })
  })

  it('the demo is a capped top ten by market capitalisation, two portfolios and two pools', () => {
    const { funds, portfolios, pools, assets } = withOptions().config
    expect(funds.map(fund => fund.weighting)).toEqual([{ scheme: 'market-cap', count: 10, cap: 0.25 }])
    expect(Object.keys(assets).length).toBeGreaterThanOrEqual(10)
    expect([portfolios.length, pools.length]).toEqual([2, 2])
  })

  it('everything of a configuration but ids, weightings and kinds has its default', () => {
    const config = written(
      'least.json',
      JSON.stringify({
        assets: { BTC: { supply: '1' } },
        funds: [{ id: 'A', weighting: { scheme: 'market-cap' } }],
        portfolios: [{ id: 'b' }],
        pools: [{ id: 'c', kind: 'orderbook' }],
      }),
    )
    expect(withOptions({ config }).config).toEqual({
      quote: 'USD',
      frameMs: 20,
      staleAfterMs: 10_000,
      delistAfterMs: 86_400_000,
      storeMs: 1_000,
      significantDigits: 12,
      retention: {},
      symbols: {},
      assets: { BTC: { supply: '1' } },
      funds: [
        {
          id: 'A',
          weighting: { scheme: 'market-cap', count: 10, cap: 1 },
          initialPrice: '100',
          initialShares: '10000',
          creationUnit: '1',
          createFeeBps: 0,
          redeemFeeBps: 0,
          inceptionTimeoutMs: 60_000,
          targets: 'frozen',
          rebalance: { mode: 'propose', coolOffMs: 60_000, minTrade: '0', lots: {} },
        },
      ],
      portfolios: [{ id: 'b', method: 'fifo', feesInCost: true }],
      pools: [{ id: 'c', kind: 'orderbook' }],
      shards: [],
      feeds: ['sim'],
      origins: [],
      hosts: [],
      invites: [],
      tokens: [],
      chains: {},
      analytics: {
        assets: {},
        scores: { every: '1d', horizons: [1], lists: 'collected' },
        training: { every: '30d', promoteAfter: 500 },
        sources: [],
      },
      alerts: { builtIn: false, rules: [], webhooks: [] },
      tokenLifeMs: 86_400_000,
      fundsBy: 'admin',
      exchange: { kind: 'paper', seed: '1', feeBps: 10, latencyMs: 200, partly: 0.2, rejected: 0 },
      limits: expect.objectContaining({
        channelsPerSocket: 1_000,
        requestsPerSecond: 100,
        requestBytes: 65_536,
        bodyBytes: 10_485_760,
        sendBufferBytes: 1_048_576,
        deadAfterMs: 300_000,
        resumeMs: 60_000,
      }),
    })
  })
})

describe('options', () => {
  it('replace the configuration’s feeds', () => {
    expect(withOptions({ feed: ['sim:4', 'binance:BTCUSDT'] }).feeds).toEqual(['sim:4', 'binance:BTCUSDT'])
  })

  it.each<[speed: string, times: number]>([
    ['1', 1],
    ['10', 10],
    ['0.5', 0.5],
    ['max', Number.POSITIVE_INFINITY],
  ])('--speed %s', (speed, times) => {
    expect(withOptions({ speed }).speed).toBe(times)
  })

  it('take the admin’s token from the environment alone', () => {
    expect(withOptions({}, { DRIFTWIRE_ADMIN_TOKEN: 'secret' }).adminToken).toBe('secret')
  })

  it.each<[host: string, options: Options, accepted: boolean]>([
    ['127.0.0.1', {}, true],
    ['127.9.9.9', {}, true],
    ['localhost', {}, true],
    ['::1', {}, true],
    ['0.0.0.0', {}, false],
    ['::', {}, false],
    ['192.0.2.1', {}, false],
    ['localhost.example.org', {}, false],
    ['127.0.0.1.example.org', {}, false],
    ['0.0.0.0', { 'behind-tls': true }, true],
  ])('with --host %s %j: %s', (host, options, accepted) => {
    const line = lineOf({ host, ...options })
    if (accepted) expect(line).toBe('accepted')
    else expect(line).toMatch(/^--host: found ".*", which others can reach, expected --tls-cert and --tls-key, or --behind-tls/)
    expect(isLoopback(host)).toBe(accepted && Object.keys(options).length === 0)
  })

  const noKey = written('no-key.pem', 'not a key')
  it.each<[options: Options, line: RegExp]>([
    [{ port: '65536' }, /^--port: found "65536", expected a whole number from 0 to 65535$/],
    [{ port: '80.5' }, /^--port: found "80\.5", expected/],
    [{ port: '0x50' }, /^--port: found "0x50", expected/],
    [{ speed: '0' }, /^--speed: found "0", expected a number above zero, or max$/],
    [{ speed: '-1' }, /^--speed: found "-1", expected/],
    [{ speed: 'Infinity' }, /^--speed: found "Infinity", expected/],
    [{ 'wait-clients': 'some' }, /^--wait-clients: found "some", expected a whole number/],
    [{ role: 'king' }, /^--role: found "king", expected all, core or gateway$/],
    [{ role: 'core' }, /^--role: found core without --redis, expected the URL of a Redis beside it$/],
    [{ 'redis-journal': 'redis://localhost' }, /^--redis-journal: found without --redis, expected/],
    [{ 'redis-journal-may-lose': true }, /^--redis-journal-may-lose: found without --redis, expected/],
    [{ shard: '1/2' }, /^--shard: found without --redis, expected the URL of a Redis/],
    [{ shard: '3/2', redis: 'redis://localhost' }, /^--shard: found "3", expected/],
    [
      { shard: '2/2', redis: 'redis://localhost', 'redis-journal': 'redis://localhost' },
      /^--redis-journal: found beside --shard 2\/2, expected it at shard 1, which has the ledger$/,
    ],
    [
      { shard: '1/1', redis: 'redis://localhost', config: written('lists.json', '{"portfolios":[{"id":"a"}],"shards":[[],["a"]]}') },
      /: shards: found 2 lists, expected at most 1, as --shard says$/,
    ],
    [{ redis: 'http://:secret@localhost' }, /^--redis: found "http:\/\/…@localhost", expected redis:/],
    [{ transport: 'tcp' }, /^--transport: found "tcp", expected uws or ws$/],
    [{ 'log-level': 'loud' }, /^--log-level: found "loud", expected trace/],
    [{ clickhouse: 'localhost:8123' }, /^--clickhouse: found "localhost:8123", expected an http or https URL$/],
    [{ 'clickhouse-cluster': 'desk' }, /^--clickhouse-cluster: found without --clickhouse, expected the URL of a server beside it$/],
    [{ 'clickhouse-read': 'http://h:8123' }, /^--clickhouse-read: found without --clickhouse, expected/],
    [
      { clickhouse: 'http://h:8123', 'clickhouse-cluster': "a'b" },
      /^--clickhouse-cluster: found "a'b", expected a name of letters, digits,/,
    ],
    [
      { clickhouse: 'http://h:8123', 'clickhouse-read': 'http://a:1,b:2' },
      /^--clickhouse-read: found "b:2", expected an http or https URL$/,
    ],
    [{ 'tls-cert': noKey }, /^--tls-key: found nothing, expected both --tls-cert and --tls-key$/],
    [{ 'tls-key': noKey }, /^--tls-cert: found nothing, expected both/],
    [{ 'tls-cert': noKey, 'tls-key': noKey }, /^--tls-cert, --tls-key: .*no-key\.pem.*expected a certificate and its private key in PEM/],
    [{ 'tls-cert': '/none/cert.pem', 'tls-key': noKey }, /^--tls-cert, --tls-key: \/none\/cert\.pem: expected a readable file \(ENOENT\)$/],
  ])('%j are refused', (options, line) => {
    expect(lineOf(options)).toMatch(line)
  })
})

describe('a configuration', () => {
  const fund = (weighting: object, more: object = {}) => ({ id: 'A', weighting, ...more })
  const equal = { scheme: 'equal', assets: ['BTC', 'ETH'] }
  const three = { BTC: { supply: '1' }, ETH: { supply: '1' }, SOL: { supply: '2' } }
  const funds = (weighting: object, more: object = {}) => ({ assets: three, funds: [fund(weighting, more)] })

  it.each<[line: string, config: unknown]>([
    ['found an array, expected object', []],
    ['found null, expected object', null],
    ['found "nope", which is not known here', { nope: 1 }],
    ['quote: found 7, expected string', { quote: 7 }],
    ['quote: found "U S", expected a name of letters', { quote: 'U S' }],
    ['frameMs: found 0, expected number to be >=1', { frameMs: 0 }],
    ['frameMs: found 20.5, expected int', { frameMs: 20.5 }],
    ['frameMs: found "20", expected number', { frameMs: '20' }],
    ['frameMs: found 7, expected a divisor of 60000', { frameMs: 7 }],
    ['storeMs: found 30, expected a multiple of frameMs (20)', { storeMs: 30 }],
    ['significantDigits: found 20, expected number to be <=15', { significantDigits: 20 }],
    ['retention.ticks: found "a month", expected a duration such as "30d"', { retention: { ticks: 'a month' } }],
    ['symbols.BTCUSDT: found "BTC", expected a symbol such as "BTC-USD"', { symbols: { BTCUSDT: 'BTC' } }],
    ['assets.B C: found "B C", expected a name of letters', { assets: { 'B C': {} } }],
    ['assets.BTC.supply: found 5, expected string', { assets: { BTC: { supply: 5 } } }],
    ['assets.BTC.supply: found "1e5", expected a decimal string', { assets: { BTC: { supply: '1e5' } } }],
    ['assets.BTC.supply: found "0", expected a decimal string above zero', { assets: { BTC: { supply: '0' } } }],
    ['assets.BTC: found "suply", which is not known here', { assets: { BTC: { suply: '1' } } }],
    ['funds: found an object, expected array', { funds: {} }],
    ['funds.0.id: found nothing, expected string', { funds: [{ weighting: equal }] }],
    ['funds.0.id: found "", expected a name of letters', { funds: [{ id: '', weighting: equal }] }],
    ['funds.0.weighting: found nothing, expected object', { funds: [{ id: 'A' }] }],
    ['funds.0.weighting.scheme: found "best", expected market-cap, equal, fixed or units', funds({ scheme: 'best' })],
    ['funds.0.weighting.count: found 0, expected number to be >=1', funds({ scheme: 'market-cap', count: 0 })],
    ['funds.0.weighting.units.BTC: found 1, expected string', funds({ scheme: 'units', units: { BTC: 1 } })],
    ['funds.0.weighting.assets: found "X", expected an asset with a supply', funds({ scheme: 'market-cap', assets: ['X'] })],
    ['funds.0.weighting.assets: found "BTC" a second time', funds({ scheme: 'equal', assets: ['BTC', 'BTC'] })],
    ['funds.0.weighting.weights: found a sum of 0.9, expected 1', funds({ scheme: 'fixed', weights: { BTC: 0.5, ETH: 0.4 } })],
    ['funds.0.weighting: found no asset to choose from', funds({ scheme: 'units', units: {} })],
    ['funds.0.weighting: found no asset to choose from', { funds: [fund({ scheme: 'market-cap' })] }],
    ['funds.0.weighting.cap: found 0.25, expected at least 1/3', funds({ scheme: 'market-cap', count: 3, cap: 0.25 })],
    ['funds.0.weighting.cap: found 0.05, expected at least 1/3', funds({ scheme: 'market-cap', count: 10, cap: 0.05 })],
    ['funds.0.weighting.cap: found 0.4, expected at least 1/2', funds({ ...equal, cap: 0.4 })],
    ['funds.0.weighting.cap: found 0.4, expected at least 1/2', funds({ scheme: 'fixed', weights: { BTC: 0.5, ETH: 0.5 }, cap: 0.4 })],
    ['funds.0.weighting.rules: found "10/40", expected "msci-10-40" or {single,', funds({ scheme: 'market-cap', rules: '10/40' })],
    ['funds.0.weighting.rules: found "msci-10-40", expected a rule that 3 members', funds({ scheme: 'market-cap', rules: 'msci-10-40' })],
    [
      'funds.0.weighting.rules: found above 0.5 and single 0.4, expected above at most single',
      funds({ scheme: 'market-cap', rules: { single: 0.4, above: 0.5, sum: 1 } }),
    ],
    ['funds.0.rebalance.feeBps: found 10000, expected', funds(equal, { rebalance: { feeBps: 10_000 } })],
    ['funds.0.rebalance.lots.BTC: found "0", expected a decimal string above zero', funds(equal, { rebalance: { lots: { BTC: '0' } } })],
    ['funds.0.initialPrice: found 100, expected string', funds(equal, { initialPrice: 100 })],
    ['funds.0.initialPrice: found "0", expected a decimal string above zero', funds(equal, { initialPrice: '0' })],
    ['funds.0.initialShares: found', funds(equal, { initialShares: '9'.repeat(31) })],
    ['funds.0.creationUnit: found', funds(equal, { creationUnit: '9'.repeat(5_000_000) })],
    ['funds.0.rebalance.minTrade: found', funds(equal, { rebalance: { minTrade: '1'.repeat(40) } })],
    ['funds.0.weighting.units.A: found', funds({ scheme: 'units', units: { A: `1${'0'.repeat(30)}` } })],
    [
      'funds.0.weighting.units.A: found "1000000000000000", expected units × initialShares (1000000000000000) below 10^30',
      funds({ scheme: 'units', units: { B: '1', A: `1${'0'.repeat(15)}` } }, { initialShares: `1${'0'.repeat(15)}` }),
    ],
    ['funds.0.creationUnit: found "-1", expected a decimal string', funds(equal, { creationUnit: '-1' })],
    ['funds.0.createFeeBps: found 1.5, expected int', funds(equal, { createFeeBps: 1.5 })],
    ['funds.0.targets: found "soon", expected one of "frozen"|"live"', funds(equal, { targets: 'soon' })],
    ['funds.0.market: found "TOP", expected a symbol', funds(equal, { market: 'TOP' })],
    ['funds.0.read: found "all", expected "public" or a list of names', funds(equal, { read: 'all' })],
    ['funds.0.read.0: found "a b", expected a name of letters', funds(equal, { read: ['a b'] })],
    ['funds.0.rebalance.mode: found "maybe", expected one of "off"|"propose"|"execute"', funds(equal, { rebalance: { mode: 'maybe' } })],
    ['funds.0.rebalance.assetThreshold: found -1, expected', funds(equal, { rebalance: { assetThreshold: -1 } })],
    ['funds.1.id: found "A" a second time, expected each id once', { assets: three, funds: [fund(equal), fund(equal)] }],
    ['portfolios.0.method: found "best", expected one of "fifo"|"lifo"', { portfolios: [{ id: 'a', method: 'best' }] }],
    ['shards.1.0: found "b", expected the id of a portfolio or a pool', { portfolios: [{ id: 'a' }], shards: [['a'], ['b']] }],
    ['shards.1.0: found "a" a second time, expected each id in one shard', { portfolios: [{ id: 'a' }], shards: [['a'], ['a']] }],
    ['portfolios.1.id: found "a" a second time', { portfolios: [{ id: 'a' }, { id: 'a' }] }],
    ['pools.0.kind: found nothing, expected uniswap-v2, uniswap-v3, stableswap or orderbook', { pools: [{ id: 'p' }] }],
    ['pools.0.kind: found "balancer", expected uniswap-v2,', { pools: [{ id: 'p', kind: 'balancer' }] }],
    ['pools.0: found "ticks", which is not known here', { pools: [{ id: 'p', kind: 'uniswap-v2', ticks: 'ticks.csv' }] }],
    ['pools.0.address: found "0x88", expected an address of 40', { pools: [{ id: 'p', kind: 'uniswap-v3', address: '0x88' }] }],
    ['pools.0.token0.decimals: found nothing, expected number', { pools: [{ id: 'p', kind: 'uniswap-v2', token0: { symbol: 'A' } }] }],
    ['feeds: found "sim", expected array', { feeds: 'sim' }],
    ['feeds.0: found 7, expected string', { feeds: [7] }],
    ['limits.channelsPerSocket: found 0, expected number to be >=1', { limits: { channelsPerSocket: 0 } }],
    ['limits: found "chanels", which is not known here', { limits: { chanels: 5 } }],
  ])('that does not fit ends with file, path, %s', (line, json) => {
    const config = written('wrong.json', JSON.stringify(json))
    expect(lineOf({ config }).startsWith(`${config}: ${line}`), lineOf({ config })).toBe(true)
    expect(lineOf({ config })).not.toContain('\n')
  })

  it.each<[what: string, content: string | undefined, found: RegExp]>([
    ['is not there', undefined, /cannot be read \(ENOENT\), expected a configuration file$/],
    ['is empty', '', /found no JSON \(.*\), expected a configuration file$/],
    ['breaks off', '{"feeds": [', /found no JSON/],
    ['is no JSON over several lines', '{\n  "feeds": [\n    }\n', /^[^\n]*found no JSON[^\n]*$/],
  ])('that %s ends with one line', (_, content, found) => {
    const config = content === undefined ? join(folder, 'none.json') : written('no.json', content)
    expect(lineOf({ config })).toMatch(found)
    expect(lineOf({ config }).startsWith(`${config}: `)).toBe(true)
  })

  it('may hold an address of its own schema, for editors', () => {
    expect(lineOf({ config: written('schema.json', '{"$schema": "http://localhost:8080/schema/config.json"}') })).toBe('accepted')
  })
})
