import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { wandering } from '../../streams/analytics/test/worlds.ts'
import { codeWith, TOKEN } from '../../streams/contracts/test/code.ts'
import { sync, token } from '../../streams/test/chain.ts'
import { KINDS } from '../../streams/wire/channels.ts'
import { ADMIN, type Body, bearer, newUser, PASSWORD, type User } from './clearingKit.ts'
import { ContractNode } from './contractNode.ts'
import { DescribedHttp, DescribedSocket } from './described.ts'
import { ProtocolClient } from './protocolClient.ts'
import { ADMIN_TOKEN, file, NOON, type ProtocolServer, SETUPS, tradesFile } from './protocolKit.ts'
import { smallWorld } from './smallWorld.ts'

const HOUR = 3_600_000
const TRADES = Array.from({ length: 120 }, (_, i) => ({
  symbol: 'A-USD',
  t: NOON + 60 * HOUR + 500 * i,
  price: 100 + (i % 7),
  id: `t${i}`,
}))
const TO = NOON + 61 * HOUR
const V2 = '0x00000000000000000000000000000000000000bb'
const { topics, data } = sync(4_000_000, 1_000)
const recorded = JSON.stringify({ blockNumber: 9, logIndex: 0, blockTimestamp: NOON / 1000, address: V2, topics, data })
const MINE = { fund: 'F', amount: '1' }

let server: ProtocolServer
let http: DescribedHttp
let socket: DescribedSocket
let ann: User

/** Follows everything from before the first frame on. */
let observer: ProtocolClient

/** A client whose frames are held against the description, and against nothing else. */
const watched = async (): Promise<ProtocolClient> => {
  const client = await ProtocolClient.connect(`ws://127.0.0.1:${server.port}/ws`)
  socket.watch(client)
  return client
}

/** One request to a route. */
interface Asked {
  readonly path: string
  readonly body?: Body
  readonly headers?: Record<string, string>
  readonly status?: number
}

/** Asks a route, and holds the answer against its description. */
const ask = async (operation: string, { path, body, headers = {}, status = 200 }: Asked): Promise<string[]> => {
  const plain = typeof body === 'object' && !(body instanceof URLSearchParams)
  const response = await server.fetch(path, {
    method: operation.split(' ')[0]!.toUpperCase(),
    headers: { ...(plain && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: plain ? JSON.stringify(body) : body }),
  })
  const right = response.status === status
  const text = right ? '' : await response.clone().text()
  const fault = await http.fault(operation, response)
  return [
    ...(right ? [] : [`${operation} ${path}: found ${response.status}, expected ${status}: ${text}`]),
    ...(fault ? [`${operation} ${path}: ${fault}`] : []),
  ]
}

const lines = (...rows: readonly object[]): string => rows.map(row => JSON.stringify(row)).join('\n')
const NDJSON = { 'content-type': 'application/x-ndjson' }
const SWAP = {
  started_at: NOON / 1000,
  finished_at: NOON / 1000,
  maker_coin: 'KMD',
  taker_coin: 'LTC',
  maker_amount: '100',
  taker_amount: '0.5',
}

const METRIC = { asset: 'A', metric: 'tvl', period: '2024-08-08', value: 1, source: 'desk', ref: 'p. 7' }

/** Lists of assets: enough for a model, and a coin without a score. */
const LISTS = wandering(30, 33, 1).map(({ assets }, k) => ({
  t: Date.UTC(2021, 10 + k, 1),
  assets: [...assets, { name: 'USD Coin', symbol: 'USDC', rank: null, marketCap: 3e10, price: 1, supply: 3e10, volume: 1e9 }],
}))

/** What is asked of each route, in this order. */
const walk = (): readonly (readonly [operation: string, ...asked: (string | Asked)[]])[] => {
  const own = bearer(ann.token)
  const wish = {
    fund: { weighting: { scheme: 'market-cap', count: 2, cap: 0.6 } },
    supplies: { A: '1000', B: '500' },
    from: NOON,
    to: NOON + 20 * HOUR,
    interval: '1h',
  }
  const at = NOON + 4 * HOUR
  return [
    ['get /healthz', '/healthz'],
    ['get /readyz', '/readyz'],
    ['get /metrics', '/metrics'],
    ['get /schema/config.json', '/schema/config.json'],
    ['get /openapi.json', '/openapi.json'],
    ['get /asyncapi.json', '/asyncapi.json'],
    [
      'post /register',
      { path: '/register', body: { username: 'eve', password: PASSWORD } },
      { path: '/register', body: { username: 'eve', password: PASSWORD }, status: 409 },
    ],
    ['post /v1/login', { path: '/v1/login', body: { username: 'eve', password: PASSWORD } }],
    ['get /v1/session', '/v1/session', { path: '/v1/session', headers: own }, { path: '/v1/session', headers: ADMIN }],
    [
      'post /create',
      { path: '/create', body: { etf_name: 'F', amount: '2' }, headers: { ...own, 'idempotency-key': 'c' } },
      { path: '/create', body: { etf_name: 'F', amount: '3' }, headers: { ...own, 'idempotency-key': 'c' }, status: 422 },
      { path: '/create', body: { etf_name: 'F', amount: '900000' }, headers: own, status: 400 },
    ],
    [
      'post /redeem',
      { path: '/redeem', body: { etf_name: 'F', amount: '1' }, headers: own },
      { path: '/redeem', body: { amount: '1' }, headers: own, status: 400 },
    ],
    ['get /holdings', { path: '/holdings', headers: own }, { path: '/holdings', status: 401 }],
    ['get /v1/orders', { path: '/v1/orders', headers: own }, { path: '/v1/orders?limit=1', headers: own }],
    ['get /v1/orders/{key}', { path: '/v1/orders/c', headers: own }, { path: '/v1/orders/none', headers: own, status: 404 }],
    ['get /v1/funds/{id}/basket', '/v1/funds/F/basket', { path: '/v1/funds/NONE/basket', status: 404 }],
    [
      'post /v1/admin/deposits',
      { path: '/v1/admin/deposits', body: { username: 'ann', asset: 'A', amount: '1', key: 'd' }, headers: ADMIN },
      { path: '/v1/admin/deposits', body: { username: 'ann', asset: 'A', amount: '1', key: 'e' }, headers: own, status: 403 },
    ],
    [
      'post /v1/admin/withdrawals',
      { path: '/v1/admin/withdrawals', body: { username: 'ann', asset: 'A', amount: '1', key: 'w' }, headers: ADMIN },
      { path: '/v1/admin/withdrawals', body: { username: 'ann', asset: 'A', amount: '1000000', key: 'v' }, headers: ADMIN, status: 400 },
    ],
    [
      'post /v1/admin/funds',
      { path: '/v1/admin/funds', body: { id: 'NEW', weighting: { scheme: 'units', units: { A: '1' } } }, headers: ADMIN },
    ],
    ['post /v1/admin/funds/{id}/halt', { path: '/v1/admin/funds/NEW/halt', headers: ADMIN }],
    [
      'post /v1/admin/funds/{id}/resume',
      { path: '/v1/admin/funds/NEW/resume', headers: ADMIN },
      { path: '/v1/admin/funds/NONE/resume', headers: ADMIN, status: 404 },
    ],
    ['get /v1/admin/clients', { path: '/v1/admin/clients', headers: ADMIN }, { path: '/v1/admin/clients?limit=1', headers: ADMIN }],
    ['get /v1/admin/invitations', { path: '/v1/admin/invitations', headers: ADMIN }],
    [
      'post /v1/admin/tokens/{name}/revoke',
      { path: '/v1/admin/tokens/spare/revoke', headers: ADMIN },
      { path: '/v1/admin/tokens/none/revoke', headers: ADMIN, status: 404 },
    ],
    ['get /v1/admin/tokens', { path: '/v1/admin/tokens', headers: ADMIN }],
    ['get /v1/audit', { path: '/v1/audit', headers: ADMIN }, { path: '/v1/audit?limit=2', headers: ADMIN }],
    ['post /v1/admin/supplies', { path: '/v1/admin/supplies', body: { supplies: { A: '1001' } }, headers: ADMIN }],
    [
      'post /v1/admin/events',
      { path: '/v1/admin/events', body: { events: [{ t: TO, asset: 'Z', kind: 'delisting' }, { t: 'never' }] }, headers: ADMIN },
      { path: '/v1/admin/events', body: 't,asset,kind,ratio,to\n', headers: { ...ADMIN, 'content-type': 'text/yaml' }, status: 415 },
    ],
    [
      'post /v1/admin/candles',
      {
        path: '/v1/admin/candles',
        body: lines({ symbol: 'Q-USD', open_t: NOON, span: 60_000, o: 1, h: 1, l: 1, c: 1, v: 1, id: 'q' }, {}),
        headers: { ...ADMIN, ...NDJSON },
      },
    ],
    [
      'post /v1/admin/swaps',
      {
        path: '/v1/admin/swaps',
        body: lines({ uuid: '00000000-0000-4000-8000-000000000001', ...SWAP }, {}),
        headers: { ...ADMIN, ...NDJSON },
      },
    ],
    [
      'post /v1/admin/metrics',
      {
        path: '/v1/admin/metrics',
        body: lines(METRIC, { ...METRIC, value: null, available_at: NOON }, { ...METRIC, metric: 'none' }),
        headers: { ...ADMIN, ...NDJSON },
      },
      { path: '/v1/admin/metrics', body: lines(METRIC), headers: { ...own, ...NDJSON }, status: 403 },
    ],
    ['post /v1/admin/backups', { path: '/v1/admin/backups', headers: ADMIN }],
    ['get /v1/admin/backups', { path: '/v1/admin/backups', headers: ADMIN }],
    ['post /v1/admin/spool/retry', { path: '/v1/admin/spool/retry', headers: ADMIN }],
    [
      'post /v1/admin/sql',
      ...['json', 'csv', 'table'].map(format => ({
        path: `/v1/admin/sql?format=${format}`,
        body: "SELECT 1 AS n, 'x' AS s",
        headers: ADMIN,
      })),
    ],
    [
      'post /v1/allocate',
      { path: '/v1/allocate', body: { assets: [{ symbol: 'A', market_cap: 2, price: 1 }], cap: 1, capital: 10 } },
      { path: '/v1/allocate', body: 'no JSON', headers: { 'content-type': 'application/json' }, status: 400 },
    ],
    ['post /v1/backtests', { path: '/v1/backtests', body: wish, headers: own }],
    [
      'get /v1/contracts/{chain}/{address}',
      { path: `/v1/contracts/here/${V2}`, headers: own },
      { path: `/v1/contracts/none/${V2}`, headers: own, status: 404 },
    ],
    ['get /v1/channels', '/v1/channels', '/v1/channels?like=fund:*'],
    ['get /v1/funds', '/v1/funds'],
    ['get /v1/portfolios', '/v1/portfolios', { path: '/v1/portfolios', headers: ADMIN }],
    ['get /v1/pools', '/v1/pools'],
    [
      'get /v1/state/{channel}',
      ...[
        'tick:A-USD',
        'trades:A-USD',
        'candle:1h:A-USD',
        'pnl:OPEN',
        'fund:F',
        'pool:V3',
        'pool:BOOK',
        'rebalances:F',
        'metrics:A',
        'status',
      ].map(channel => `/v1/state/${channel}`),
      { path: '/v1/state/orders', headers: own },
      { path: '/v1/state/fund:NONE', status: 404 },
    ],
    [
      'get /v1/explain/{channel}',
      '/v1/explain/fund:F?field=nav',
      '/v1/explain/pnl:OPEN?field=value',
      '/v1/explain/pool:V3?field=price',
      { path: '/v1/explain/fund:F?field=none', status: 404 },
    ],
    [
      'post /v1/pools/{id}/quote',
      { path: '/v1/pools/V3/quote', body: { token: 'WETH', amountIn: '1000' } },
      { path: '/v1/pools/V3/quote', body: { token: 1, amountOut: '9'.repeat(30) }, status: 400 },
    ],
    ['get /v1/pools/{id}/depth', '/v1/pools/V3/depth?within=0.02&within=0.05'],
    ['get /v1/pools/{id}/ticks', '/v1/pools/V3/ticks', '/v1/pools/V3/ticks?limit=1'],
    ['get /v1/pools/{id}/book', '/v1/pools/BOOK/book'],
    ['get /v1/pools/{id}/swaps', '/v1/pools/V3/swaps', '/v1/pools/V3/swaps?limit=1', { path: '/v1/pools/BOOK/swaps', status: 404 }],
    ['get /v1/portfolios/{id}/lots', '/v1/portfolios/OPEN/lots', '/v1/portfolios/OPEN/lots?limit=1'],
    [
      'post /v1/portfolios/{id}/transactions',
      {
        path: '/v1/portfolios/OPEN/transactions?knownRows=true',
        body: { transactions: [{ t: NOON, type: 'buy', asset: 'A', qty: '1', price: '1', id: 'one' }, {}] },
        headers: ADMIN,
      },
    ],
    ['get /v1/funds/{id}/rebalances', '/v1/funds/F/rebalances', '/v1/funds/F/rebalances?limit=1'],
    [
      'get /v1/history/{channel}',
      ...['tick:A-USD', 'candle:1h:A-USD', 'candle:1d:A-USD', 'pnl:OPEN', 'fund:F', 'pool:V3', 'pool:BOOK'].flatMap(channel => [
        `/v1/history/${channel}`,
        `/v1/history/${channel}?columns=true&step=${24 * HOUR}`,
        `/v1/history/${channel}?format=csv`,
      ]),
      `/v1/history/fund:F?step=${24 * HOUR}&agg=avg&fields=nav,inav.mid`,
      `/v1/history/pool:V3?step=${24 * HOUR}&agg=avg`,
      `/v1/history/pnl:OPEN?step=${HOUR}`,
      { path: '/v1/history/fund:F?from=x', status: 400 },
    ],
    ['get /v1/coverage/{symbol}', '/v1/coverage/A-USD'],
    [
      'get /v1/metrics/{asset}',
      '/v1/metrics/A?metric=tvl&revisions=true&limit=1',
      '/v1/metrics/A',
      { path: '/v1/metrics/A?metric=none', status: 400 },
      { path: '/v1/metrics/NONE', status: 404 },
    ],
    ['get /v1/alerts', '/v1/alerts?limit=1', { path: '/v1/alerts?state=none', status: 400 }],
    [
      'post /v1/admin/snapshots',
      { path: '/v1/admin/snapshots', body: lines(...LISTS), headers: { ...ADMIN, ...NDJSON } },
      { path: '/v1/admin/snapshots', body: '{}', headers: { ...ADMIN, ...NDJSON }, status: 400 },
    ],
    [
      'post /v1/admin/models/train',
      { path: '/v1/admin/models/train', body: { horizon: 1, seed: 1 }, headers: ADMIN },
      { path: '/v1/admin/models/train', body: { horizon: 24 }, headers: ADMIN, status: 503 },
      { path: '/v1/admin/models/train', body: {}, headers: own, status: 403 },
    ],
    ['get /v1/models', '/v1/models'],
    ['get /v1/models/{version}', { path: '/v1/models/none', status: 404 }],
    [
      'post /v1/admin/models/{version}/alias',
      { path: '/v1/admin/models/none/alias', body: { alias: 'champion', why: 'a try' }, headers: ADMIN, status: 404 },
    ],
    ['get /v1/scores', '/v1/scores', { path: '/v1/scores?asOf=1', status: 404 }, { path: '/v1/scores?horizon=99', status: 400 }],
    ['get /v1/scores/{asset}', '/v1/scores/COIN4', { path: '/v1/scores/NOBODY', status: 404 }],
    ['get /v1/peers/{asset}', '/v1/peers/COIN4', '/v1/peers/USDC?count=1', { path: '/v1/peers/NOBODY', status: 404 }],
    [
      'post /v1/admin/scores/recompute',
      { path: '/v1/admin/scores/recompute', body: { asOf: TO + 24 * HOUR }, headers: ADMIN },
      { path: '/v1/admin/scores/recompute', body: { asOf: 1 }, headers: ADMIN, status: 404 },
    ],
    ['get /gecko/pairs', `/gecko/pairs?at=${at}`],
    ['get /gecko/tickers', '/gecko/tickers', `/gecko/tickers?at=${at}`],
    ['get /gecko/orderbook/{id}', '/gecko/orderbook/V2', { path: '/gecko/orderbook/nothing', status: 404 }],
    ['get /gecko/historical_trades/{id}', `/gecko/historical_trades/KMD_LTC?at=${at}`],
    ['get /cmc/summary', '/cmc/summary', `/cmc/summary?at=${at}`],
    ['get /cmc/assets', `/cmc/assets?at=${at}`],
    ['get /cmc/ticker', `/cmc/ticker?at=${at}`],
    ['get /cmc/orderbook/{pair}', '/cmc/orderbook/WETH_USDC'],
    ['get /cmc/trades/{pair}', `/cmc/trades/KMD_LTC?at=${at}`],
    ['get /v1/dex/top', `/v1/dex/top?at=${at}`],
    ['get /v1/dex/candles/{id}', `/v1/dex/candles/KMD_LTC?from=${NOON - HOUR}&to=${NOON + HOUR}`],
    ['get /v1/dex/liquidity/{id}', `/v1/dex/liquidity/V3?from=${NOON - HOUR}&to=${TO}`],
    ['post /v1/logout', { path: '/v1/logout', headers: own }, { path: '/v1/logout', headers: own, status: 401 }],
  ]
}

/** One call of every method, some of them refused. */
const talk = async (client: ProtocolClient): Promise<void> => {
  const asked: readonly (readonly [method: string, params?: object])[] = [
    ['register', { username: 'kim', password: PASSWORD }],
    ['login', { username: 'kim', password: PASSWORD }],
    ['login', { username: 'kim', password: 'another' }],
    ['session'],
    ['ping'],
    ['channels', { like: 'fund:*' }],
    ['holdings'],
    ['subscribe', { channels: ['orders', 'holdings'], checksum: true }],
    ['transfer', { to: 'ann', asset: 'A', amount: '1', key: 'none held' }],
    ['order', { key: 'none held' }],
    ['order', { key: 'never seen' }],
    ['quote', { side: 'create', ...MINE }],
    ['history', { channel: 'fund:F', from: NOON, to: TO }],
    ['history', { channel: 'tick:A-USD', from: NOON, to: TO, columns: true, fields: ['price'] }],
    ['explain', { channel: 'fund:F', field: 'nav' }],
    ['record', { portfolio: 'OPEN', transactions: [] }],
    ['subscribe', { channels: ['fund:F', 'status', 'fund:NONE', 'pool:*'], maxRate: 5 }],
    ['unsubscribe', { channels: ['pool:*'] }],
    ['nothing'],
    ['logout'],
  ]
  for (const [method, params] of asked) await client.request(method, params)
}

const node = new ContractNode()

const begin = async (start: typeof ProtocolServer.start): Promise<void> => {
  const world = smallWorld()
  node.contracts[V2] = { code: codeWith({ functions: TOKEN }) }
  const config = {
    ...world,
    analytics: { assets: { COIN4: { categories: ['exchange'] }, COIN5: { categories: ['exchange', 'layer'] } } },
    pools: [
      ...world.pools,
      { id: 'V2', kind: 'uniswap-v2', address: V2, token0: token('USDC', 3, 'USD'), token1: token('WETH', 3, 'ETH') },
    ],
    alerts: { rules: [{ id: 'any', channel: 'tick:A-USD', figure: 'price', above: 0 }] },
    chains: { here: { id: 1, node: await node.start() } },
    tokens: [{ name: 'spare', digest: '0'.repeat(64), scopes: ['audit'] }],
    feeds: [...world.feeds, `replay:${tradesFile('trades.csv', TRADES)}`, `replay:${file('v2.ndjson', recorded)}`],
  }
  server = await start(config, '--speed', 'max', '--wait-clients', '1')
  http = new DescribedHttp(await server.json<object>('/openapi.json'))
  socket = new DescribedSocket(await server.json<object>('/asyncapi.json'))
  observer = await watched()
  await observer.ask('auth', { token: ADMIN_TOKEN })
  await observer.subscribe(
    [
      ...['tick:*', 'trades:*', 'candle:*', 'pnl:*', 'fund:*', 'pool:*', 'rebalances:*', 'metrics:*', 'score:*', 'models', 'alerts'],
      ...['allalerts', 'status'],
    ],
    { checksum: true },
  )
  await server.replayed()
  ann = await newUser(server, 'ann', { A: '1000', B: '1000', C: '1000', D: '1000', USD: '1000' })
  socket.watch(ann.socket)
}

describe.each(SETUPS)('each answer and each push of a server %s is as described, without a field more', (_, start) => {
  beforeAll(() => begin(start))
  afterAll(async () => {
    await server.stop()
    await node.stop()
  })

  it('by the websocket: every method, every kind of channel, every push', { timeout: 60_000 }, async () => {
    const own = await watched()
    await own.ask('auth', { token: ann.token })
    await own.subscribe(['orders', 'holdings'], { checksum: true })
    await ann.socket.ask('create', { ...MINE, key: 'one' })
    await ann.socket.ask('redeem', { ...MINE, key: 'two' })
    await ann.socket.ask('transfer', { to: 'ann', asset: 'A', amount: '1', key: 'self' }).catch(() => {})
    await observer.ask('record', {
      portfolio: 'OPEN',
      transactions: [{ t: NOON, type: 'buy', asset: 'A', qty: '1', price: '1', id: 'r' }, {}],
    })
    await talk(await watched())
    const past = await watched()
    await past.subscribe(['tick:A-USD', 'candle:1h:A-USD', 'pnl:OPEN', 'fund:F', 'pool:V3'], { from: NOON })
    for (const channel of ['tick:A-USD', 'candle:1h:A-USD', 'pnl:OPEN', 'fund:F', 'pool:V3']) await past.replica(channel)
    // The line lives and its checksums come, as every five seconds.
    await observer.until(() => observer.heartbeats.length > 0)
    expect(socket.faults).toEqual([])
  })

  it('by HTTP: every route', { timeout: 60_000 }, async () => {
    const faults: string[] = []
    const asked: string[] = []
    for (const [operation, ...requests] of walk()) {
      asked.push(operation)
      for (const request of requests) faults.push(...(await ask(operation, typeof request === 'string' ? { path: request } : request)))
    }
    expect(faults).toEqual([])
    expect(asked.sort()).toEqual(http.operations.sort())
  })

  it('down to the last push', async () => {
    // A newer list is scored, so what was shown before is patched.
    const newer = lines({ ...LISTS.at(-1)!, t: NOON })
    await server.fetch('/v1/admin/snapshots', { method: 'POST', body: newer, headers: { ...ADMIN, ...NDJSON } })
    await observer.until(() => socket.seen.has('score/patch'))
    await server.stop()
    expect(socket.faults).toEqual([])
    const requests = new Set(Object.keys(socket.channels.ws!.messages).filter(name => `${name}Result` in socket.channels.ws!.messages))
    const expected = socket.messages.filter(name => !requests.has(name.slice('ws/'.length)))
    // Nothing is stale here, and silence.test.ts of the hub shows what is said if something is.
    expect(expected.filter(name => !socket.seen.has(name))).toEqual(['ws/stale'])
    expect(KINDS.every(kind => socket.seen.has(`${kind}/patch`))).toBe(true)
  })
})
