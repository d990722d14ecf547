import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { ByteWriter, utf8Text } from '../../streams/channels/byteWriter.ts'
import { StateTree } from '../../streams/channels/stateTree.ts'
import { showStatus } from '../telemetry/statusChannel.ts'
import { FakeVenue } from './fakeVenue.ts'
import { LiveRun } from './liveRun.ts'

const T = Date.UTC(2026, 0, 1)
const time = new Date(T).toISOString()

let venue: FakeVenue
let url: string
let run: LiveRun
beforeEach(async () => {
  venue = new FakeVenue()
  url = await venue.listen()
})
afterEach(async () => {
  await run.close()
  await venue.close()
})

/** Lets the venue answer each message of a connection. */
const answering = (answer: (asked: string) => readonly unknown[]): void => {
  venue.onConnection = (socket: WebSocket) => {
    socket.on('message', asked => {
      for (const reply of answer(asked.toString())) socket.send(JSON.stringify(reply))
    })
  }
}

/** The feed as the channel `status` shows it. */
const status = (): { refused?: object; missing?: object; passed?: object } => {
  const state = new StateTree(12)
  const feeds = () => [run.health]
  showStatus(
    state,
    feeds,
    feed => feed.state,
    () => ({}),
  )()
  const out = new ByteWriter()
  state.snapshot(out)
  return JSON.parse(utf8Text(out.drain())).feeds[run.health.id]
}

const symbols = (): string[] => [...new Set(run.heard.rows.map(({ symbol }) => symbol))].sort()

const bybitBook = (symbol: string) => ({
  topic: `orderbook.1.${symbol}`,
  type: 'snapshot',
  ts: T,
  data: { s: symbol, b: [['1', '1']], a: [['2', '1']], u: 1 },
})

describe.each([
  ['names one topic of it', (_: string[]) => 'error:handler not found,topic:publicTrade.GONEUSDT', false],
  ['names each topic of it as it is asked for', (bad: string[]) => `error:handler not found,topic:${bad[0]}`, true],
  ['names nothing', (_: string[]) => 'error:invalid request', false],
])('bybit, which refuses a whole request and %s', (_, why, echoes) => {
  it('sends what was asked for beside it', async () => {
    answering(asked => {
      const { op, args, req_id } = JSON.parse(asked) as { op: string; args: string[]; req_id: string }
      if (op !== 'subscribe') return []
      const request = echoes ? { req_id, op } : {}
      const bad = args.filter(topic => topic.includes('GONE'))
      if (bad.length > 0) return [{ success: false, ret_msg: why(bad), ...request }]
      const books = args.filter(topic => topic.startsWith('orderbook'))
      return [{ success: true, ret_msg: '', ...request, op }, ...books.map(topic => bybitBook(topic.split('.')[2]!))]
    })
    run = await LiveRun.of('bybit:BTCUSDT,ETHUSDT,GONEUSDT,SOLUSDT,XRPUSDT,ADAUSDT', url)
    await run.until(() => symbols().length === 5 && Object.keys(run.health.refused).length === 2)
    expect(symbols()).toEqual(['ADA-USDT', 'BTC-USDT', 'ETH-USDT', 'SOL-USDT', 'XRP-USDT'])
    expect(Object.keys(status().refused!).sort()).toEqual(['orderbook.1.GONEUSDT', 'publicTrade.GONEUSDT'])
    await run.pass(31_000)
    expect(status().missing).toEqual({ 'GONE-USDT': 'no data of GONEUSDT since it was asked for' })
  })
})

describe('kraken, which refuses symbol by symbol', () => {
  it('sends what was asked for beside it', async () => {
    const asked: string[] = []
    answering(text => {
      const { method, params, req_id } = JSON.parse(text) as {
        method: string
        params: { channel: string; symbol: string[] }
        req_id: number
      }
      if (method !== 'subscribe') return []
      asked.push(text)
      return params.symbol.flatMap((symbol): unknown[] => {
        if (symbol === 'GONE/USD') return [{ method, success: false, error: 'Currency pair not supported GONE/USD', symbol, req_id }]
        const data = [{ symbol, side: 'buy', price: 1, qty: 1, trade_id: 1, timestamp: time }]
        return [
          { method, success: true, req_id, result: { channel: params.channel, symbol } },
          ...(params.channel === 'trade' ? [{ channel: 'trade', type: 'snapshot', data }] : []),
        ]
      })
    })
    run = await LiveRun.of('kraken:BTC/USD,GONE/USD,ETH/USD', url)
    await run.until(() => symbols().length === 2 && Object.keys(run.health.refused).length === 2)
    expect(status().refused).toEqual({
      'trade:GONE/USD': 'Currency pair not supported GONE/USD',
      'ticker:GONE/USD': 'Currency pair not supported GONE/USD',
    })
    expect(asked).toHaveLength(2)
  })
})

describe.each([
  ['names the product', 'GONE-USD is not a valid product'],
  ['names nothing', ' is not a valid product'],
])('coinbase, which refuses a whole subscription and %s', (_, reason) => {
  it('sends what was asked for beside it', async () => {
    let sequence_num = 0
    answering(text => {
      const { channel, product_ids } = JSON.parse(text) as { channel: string; product_ids: string[] }
      if (product_ids.includes('GONE-USD')) return [{ type: 'error', message: 'Failed to subscribe', reason }]
      const tickers = product_ids.map(product_id => ({ product_id, best_bid: '1', best_ask: '2' }))
      return [
        {
          channel: 'subscriptions',
          timestamp: time,
          sequence_num: sequence_num++,
          events: [{ subscriptions: { [channel]: product_ids } }],
        },
        ...(channel === 'ticker'
          ? [{ channel, timestamp: time, sequence_num: sequence_num++, events: [{ type: 'snapshot', tickers }] }]
          : []),
      ]
    })
    run = await LiveRun.of('coinbase:BTC-USD,GONE-USD,ETH-USD', url)
    await run.until(() => symbols().length === 2 && Object.keys(run.health.refused).length === 3)
    expect(Object.keys(status().refused!)).toEqual(
      expect.arrayContaining(['market_trades:GONE-USD', 'ticker:GONE-USD', 'heartbeats:GONE-USD']),
    )
  })
})

it('a symbol of binance, which refuses no name and never sends it, is missing after 30 s, until it comes', async () => {
  const said = (s: string) => JSON.stringify({ stream: 'x@bookTicker', data: { u: 1, s, b: '1', B: '1', a: '2', A: '1' } })
  let socket: WebSocket | undefined
  venue.onConnection = connected => {
    socket = connected
    connected.send(said('BTCUSDT'))
  }
  run = await LiveRun.of('binance:BTCUSDT,GONEUSDT', url)
  await run.until(() => symbols().length === 1)
  await run.pass(29_000)
  expect(status()).not.toHaveProperty('missing')
  await run.pass(2_000)
  await run.until(() => status().missing !== undefined)
  expect(status().missing).toEqual({ 'GONE-USDT': 'no data of GONEUSDT since it was asked for' })
  expect(run.logged.filter(({ msg }) => msg === 'symbols that were asked for do not come')).toMatchObject([{ missing: ['GONE-USDT'] }])
  socket!.send(said('GONEUSDT'))
  await run.until(() => symbols().length === 2, 100)
  await run.until(() => status().missing === undefined)
})

describe('coinbase, which answers for BTC-USDC under the name of BTC-USD', () => {
  let number = 0
  const answer = (asked: string): unknown[] => {
    const { channel, product_ids } = JSON.parse(asked) as { channel: string; product_ids: string[] }
    if (channel !== 'market_trades') return []
    const trades = product_ids.map(product => ({
      product_id: product.replace('USDC', 'USD'),
      trade_id: `${++number}`,
      price: product.endsWith('USDC') ? '101' : '100',
      size: '1',
      time,
      side: 'BUY',
    }))
    return [{ channel, timestamp: time, sequence_num: 0, events: [{ type: 'snapshot', trades }] }]
  }
  const price = (symbol: string) => run.driven.state<{ price?: number }>(`tick:${symbol}`).price

  it('is matched to what was asked for, and nobody gets what nobody asked for', async () => {
    answering(answer)
    run = await LiveRun.of('coinbase:BTC-USDC', url)
    run.driven.watch('tick:BTC-USDC', 'tick:BTC-USD')
    await run.until(() => price('BTC-USDC') !== undefined)
    expect([price('BTC-USDC'), price('BTC-USD'), run.heard.bad]).toEqual([101, undefined, {}])
  })

  it('is distinguished if both are asked for', async () => {
    answering(answer)
    run = await LiveRun.of('coinbase:BTC-USD,BTC-USDC', url)
    run.driven.watch('tick:BTC-USDC', 'tick:BTC-USD')
    await run.until(() => price('BTC-USDC') !== undefined && price('BTC-USD') !== undefined)
    expect([price('BTC-USDC'), price('BTC-USD')]).toEqual([101, 100])
  })
})

it('kraken, asked by an old name and answering by the new one, is mapped by the name that was asked for', async () => {
  answering(asked => {
    const { method, params } = JSON.parse(asked)
    if (method !== 'subscribe' || params.channel !== 'ticker') return []
    return [{ channel: 'ticker', type: 'snapshot', data: [{ symbol: params.symbol[0], bid: 1, ask: 2, timestamp: time }] }]
  })
  run = await LiveRun.of('kraken:XBT/EUR', url, { 'kraken:XBT/EUR': 'BITCOIN-EUR' })
  await run.until(() => symbols().length === 1)
  expect(symbols()).toEqual(['BITCOIN-EUR'])
})

it('what comes and was not asked for is no symbol of the feed', async () => {
  venue.onConnection = socket => {
    for (const s of ['ETHUSDT', 'BTCUSDT']) socket.send(JSON.stringify({ stream: 'x', data: { u: 1, s, b: '1', B: '1', a: '2', A: '1' } }))
  }
  run = await LiveRun.of('binance:BTCUSDT', url)
  await run.until(() => symbols().length === 1)
  expect([symbols(), run.heard.bad]).toEqual([['BTC-USDT'], { symbol: 1 }])
})

it('messages of kinds that are not read are counted by kind', async () => {
  venue.onConnection = socket => {
    for (const e of ['kline', 'kline', 'depthUpdate', '24hrTicker'])
      socket.send(JSON.stringify({ stream: 'x', data: { e, E: T, s: 'BTCUSDT' } }))
    for (let i = 0; i < 40; i++) socket.send(JSON.stringify({ stream: 'x', data: { e: `kind${i}`, E: T, s: 'BTCUSDT' } }))
  }
  run = await LiveRun.of('binance:BTCUSDT', url)
  await run.until(() => run.heard.messages === 44)
  const { passed } = status() as { passed: Record<string, number> }
  expect(passed).toMatchObject({ kline: 2, depthUpdate: 1, '24hrTicker': 1, kind0: 1, other: 11 })
  expect(Object.values(passed).reduce((sum, n) => sum + n, 0)).toBe(44)
})
