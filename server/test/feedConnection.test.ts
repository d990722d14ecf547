import { once } from 'node:events'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { symbolMap } from '../../streams/market/symbols.ts'
import type { FeedContext, FeedInput } from '../feeds/feed.ts'
import { CONNECTION_TIMEOUTS, type ConnectionTimeouts } from '../feeds/live/connection.ts'
import { live, type Wanted } from '../feeds/live/live.ts'
import { feedOf } from '../feeds/specs.ts'
import { binance } from '../feeds/venues/binance.ts'
import { bybit } from '../feeds/venues/bybit.ts'
import { FakeVenue } from './fakeVenue.ts'
import { type Collected, collected, feedContext } from './feedKit.ts'
import { VirtualEnvironment } from './virtualEnvironment.ts'

const T = Date.UTC(2026, 0, 1)
const trade = (t: number) =>
  JSON.stringify({ stream: 'btcusdt@trade', data: { e: 'trade', s: 'BTCUSDT', t, T, p: '100', q: '1', m: false, M: true } })
const quote = (bid: number) => JSON.stringify({ stream: 'btcusdt@bookTicker', data: { u: 1, s: 'BTCUSDT', b: `${bid}`, a: '200' } })

/** Reads a live feed and waits for what it says. */
class Listener {
  private readonly context: FeedContext
  readonly logged: Record<string, unknown>[] = []
  private readonly stop = new AbortController()
  private readonly inputs: FeedInput[] = []
  private readonly reading: Promise<void>
  private wake: () => void = () => {}

  constructor(
    url: string,
    environment: VirtualEnvironment,
    {
      timeouts = CONNECTION_TIMEOUTS,
      wanted = [{ venue: binance, symbols: ['BTCUSDT'] }],
    }: { timeouts?: ConnectionTimeouts; wanted?: Wanted[] } = {},
  ) {
    const context = feedContext({ signal: this.stop.signal, onLog: line => this.logged.push(line) })
    this.context = context
    const mirrors = { 'wss://stream.binance.com:9443': url, 'wss://stream.bybit.com': url }
    const feed = live({ id: 'f', wanted, symbols: ['BTC-USDT'], mirrors, timeouts, environment })
    this.reading = (async () => {
      for await (const input of feed.open(context)) {
        this.inputs.push(input)
        this.wake()
      }
    })()
  }

  get heard(): Collected {
    return collected(this.inputs, this.context)
  }

  get states(): string[] {
    return this.inputs.flatMap(input => (input.kind === 'feed' ? [input.state] : []))
  }

  /** Until what was heard is so. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>(resolve => {
        this.wake = resolve
      })
    }
  }

  async close(): Promise<void> {
    this.stop.abort()
    await this.reading
  }
}

describe('a live feed', () => {
  let venue: FakeVenue
  let url: string
  let environment: VirtualEnvironment
  let listener: Listener

  beforeEach(async () => {
    venue = new FakeVenue()
    url = await venue.listen()
    environment = new VirtualEnvironment(T)
  })
  afterEach(async () => {
    await listener.close()
    await venue.close()
  })

  const listen = (options?: ConstructorParameters<typeof Listener>[2]) => {
    listener = new Listener(url, environment, options)
    return venue.connection()
  }

  /** Lets the wait for the next attempt pass; chance is 1 here, so it is always the longest. */
  const retried = async (): Promise<WebSocket> => {
    await listener.until(() => listener.states.at(-1) === 'down')
    const next = venue.connection()
    await environment.pass(environment.waits[0]!)
    return next
  }

  it('asks at its address for its symbols and hands on what is said, one batch a read', async () => {
    const socket = await listen()
    expect(venue.urls).toEqual(['/stream?streams=btcusdt@trade/btcusdt@bookTicker'])
    socket.send(trade(1))
    await listener.until(() => listener.heard.trades.length === 1)
    expect(listener.states).toEqual(['connecting', 'live'])
    const underlying = (socket as unknown as { _socket: Socket })._socket
    underlying.cork()
    for (let i = 2; i <= 100; i++) socket.send(trade(i))
    underlying.uncork()
    await listener.until(() => listener.heard.trades.length === 100)
    const batches = listener.heard.batches.filter(batch => batch.kind === 'ticks')
    expect(batches.length).toBeLessThan(20)
    expect(listener.heard.trades.map(({ id }) => Number(id))).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
  })

  it('says hello message by message, and what keeps the connection alive as often as the venue wants it', async () => {
    const socket = await listen({ wanted: [{ venue: bybit, symbols: ['A', 'B', 'C', 'D', 'E', 'F'].map(s => `${s}USDT`) }] })
    const said: string[] = []
    await new Promise<void>(resolve => {
      socket.on('message', data => {
        said.push(data.toString())
        if (said.length === 2) resolve()
      })
    })
    expect(said.map(text => JSON.parse(text).args.length)).toEqual([10, 2])
    const ping = once(socket, 'message')
    await environment.pass(20_000)
    expect((await ping)[0].toString()).toBe('{"op":"ping"}')
    expect(said).toHaveLength(3)
  })

  it('gives up a connection that only answers pings, and counts no answer as a message', async () => {
    const socket = await listen()
    let pings = 0
    socket.on('ping', () => {
      pings += 1
    })
    await listener.until(() => listener.states.includes('live'))
    const closed = once(socket, 'close')
    for (let i = 1; i <= 6; i++) {
      expect(listener.states.at(-1)).toBe('live')
      await environment.pass(5_000)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    await closed
    await listener.until(() => listener.states.at(-1) === 'down')
    expect(pings).toBeGreaterThanOrEqual(5)
    expect(listener.heard.messages).toBe(0)
  })

  it('stays connected as long as the venue shows by itself that it is there, however quiet the market is', async () => {
    const socket = await listen()
    await listener.until(() => listener.states.includes('live'))
    for (let i = 1; i <= 6; i++) {
      await environment.pass(20_000)
      const pong = once(socket, 'pong')
      socket.ping()
      await pong
    }
    expect(listener.states).toEqual(['connecting', 'live'])
    expect(listener.heard.rows).toEqual([])
  })

  it('gives up a connection that has fallen silent, and makes another', async () => {
    venue.sockets.options.autoPong = false
    const socket = await listen()
    socket.send(trade(1))
    await listener.until(() => listener.heard.trades.length === 1)
    const closed = once(socket, 'close')
    await environment.pass(CONNECTION_TIMEOUTS.silentMs)
    await closed
    const second = await retried()
    second.send(trade(2))
    await listener.until(() => listener.heard.trades.length === 2)
    expect(listener.states).toEqual(['connecting', 'live', 'down', 'connecting', 'live'])
  })

  it.each([1000, 1006, 1008, 1012, 4000])('comes back after a close with %d', async code => {
    const socket = await listen()
    await listener.until(() => listener.states.includes('live'))
    if (code === 1006) socket.terminate()
    else socket.close(code, 'go away')
    const second = await retried()
    second.send(trade(1))
    await listener.until(() => listener.heard.trades.length === 1)
    expect(listener.logged.find(({ msg }) => msg === 'connection lost; retrying')).toMatchObject({ code, retryMs: 500 })
  })

  it('waits longer each time a venue refuses, and from the beginning after a healthy minute', async () => {
    venue.refuse.push(503, 429, 403)
    const accepted = listen()
    for (const _ of [1, 2, 3]) {
      await listener.until(() => listener.states.at(-1) === 'down')
      const lost = listener.states.length
      await environment.pass(environment.waits[0]!)
      await listener.until(() => listener.states.length > lost + 1 || listener.states.at(-1) === 'live')
    }
    const socket = await accepted
    await listener.until(() => listener.states.at(-1) === 'live')
    socket.close(1012)
    const again = await retried()
    await listener.until(() => listener.states.at(-1) === 'live')
    for (let i = 0; i < 12; i++) {
      again.send(trade(i))
      await listener.until(() => listener.heard.trades.length === i + 1)
      await environment.pass(5_000)
    }
    again.close(1012)
    await retried()
    const lost = listener.logged.filter(({ msg }) => msg === 'connection lost; retrying')
    expect(lost.map(({ retryMs }) => retryMs)).toEqual([500, 1_000, 2_000, 4_000, 500])
    expect(lost[0]!.reason).toContain('503')
  })

  it('does not wait for ever for a handshake', async () => {
    venue.refuse.push('silent')
    const accepted = listen()
    while (venue.urls.length === 0) await environment.pass(0)
    await environment.pass(CONNECTION_TIMEOUTS.connectMs - 1)
    expect(listener.states).toEqual(['connecting'])
    await environment.pass(1)
    await listener.until(() => listener.states.at(-1) === 'down')
    await environment.pass(environment.waits[0]!)
    await accepted
    await listener.until(() => listener.states.at(-1) === 'live')
  })

  it('counts garbage and binary messages and goes on', async () => {
    const socket = await listen()
    socket.send('pong?')
    socket.send('{"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT"')
    socket.send(Buffer.from([0x1f, 0x8b, 8, 0]))
    socket.send(trade(1))
    await listener.until(() => listener.heard.trades.length === 1)
    expect(listener.heard.bad).toEqual({ unreadable: 3 })
    expect(listener.heard.messages).toBe(4)
    expect(listener.logged.filter(({ msg }) => msg === 'left out')).toHaveLength(1)
  })

  it('survives half a frame, invalid UTF-8 and frames that no protocol knows', async () => {
    let socket = await listen()
    for (const bytes of [
      [0x81, 0x7e, 0x10], // a frame broken off in its length
      [0x81, 0x02, 0xff, 0xfe], // text that is none
      [0xff, 0xff, 0xff, 0xff], // no frame at all
      [0x81, 0x7f, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff], // longer than anything
    ]) {
      await listener.until(() => listener.states.at(-1) === 'live')
      const underlying = (socket as unknown as { _socket: Socket })._socket
      underlying.end(Buffer.from(bytes))
      socket = await retried()
    }
    socket.send(trade(1))
    await listener.until(() => listener.heard.trades.length === 1)
  })

  it('lets both copies pass of what is sent again after a new connection, and misses nothing by that', async () => {
    const first = await listen()
    for (const id of [1, 2, 3]) first.send(trade(id))
    await listener.until(() => listener.heard.trades.length === 3)
    first.close(1012)
    const second = await retried()
    await environment.pass(1_000)
    second.send(quote(99)) // without a time: that of the connection before is not its own
    for (const id of [2, 3, 9]) second.send(trade(id))
    await listener.until(() => listener.heard.trades.length === 6)
    expect(listener.heard.quotes.map(({ t }) => t)).toEqual([environment.now()])
    expect(listener.heard.trades.map(({ id }) => Number(id))).toEqual([1, 2, 3, 2, 3, 9])
    expect(listener.heard.bad).toEqual({ gap: 5 })
  })

  it('makes a new connection where a book has a hole', async () => {
    const book = (type: string, u: number, bid: string) =>
      JSON.stringify({ topic: 'orderbook.1.BTCUSDT', type, ts: T, data: { s: 'BTCUSDT', b: [[bid, '1']], a: [['200', '1']], u } })
    const first = await listen({ wanted: [{ venue: bybit, symbols: ['BTCUSDT'] }] })
    first.send(book('snapshot', 1, '100'))
    first.send(book('delta', 5, '101'))
    const second = await retried()
    second.send(book('snapshot', 9, '102'))
    await listener.until(() => listener.heard.quotes.length === 3)
    expect(listener.heard.quotes.map(({ price }) => price)).toEqual([100, Number.NaN, 102])
    expect(listener.heard.bad).toEqual({ gap: 3 })
  })

  it('says what a venue complains of, at most once a second', async () => {
    const socket = await listen()
    for (let i = 0; i < 50; i++) socket.send(JSON.stringify({ error: { code: 2, msg: `Invalid request ${i}` } }))
    socket.send(trade(1))
    await listener.until(() => listener.heard.trades.length === 1)
    expect(listener.logged.filter(({ msg }) => msg === 'the venue reports an error')).toMatchObject([{ complaint: 'Invalid request 0' }])
  })

  it('is as good as the worst of its connections', async () => {
    const wanted = [
      { venue: binance, symbols: ['BTCUSDT'] },
      { venue: bybit, symbols: ['BTCUSDT'] },
    ]
    venue.refuse.push(503)
    const socket = await listen({ wanted })
    await listener.until(() => listener.states.at(-1) === 'down')
    socket.send(trade(1))
    await listener.until(() => listener.heard.messages === 1)
    await environment.pass(500)
    await listener.until(() => listener.states.at(-1) === 'live')
    expect(venue.urls).toHaveLength(3)
  })

  it('ends when it is asked to, and leaves neither socket nor timer behind', async () => {
    const socket = await listen()
    await listener.until(() => listener.states.at(-1) === 'live')
    const closed = once(socket, 'close')
    await listener.close()
    await closed
    expect(environment.waits).toEqual([])
  })

  it('comes from a SPEC, with another address in the place of the venue’s', async () => {
    const feed = await feedOf('bybit:BTCUSDT', {
      map: symbolMap({}),
      sim: () => feed,
      base: '.',
      mirrors: { 'wss://stream.bybit.com': url },
      environment,
    })
    const socket = await listen() // another feed, so that there is one to end
    const stop = new AbortController()
    const inputs = feed.open(feedContext({ signal: stop.signal }))[Symbol.asyncIterator]()
    expect((await inputs.next()).value).toMatchObject({ kind: 'feed', state: 'connecting' })
    const own = await venue.connection()
    expect(own).not.toBe(socket)
    expect((await inputs.next()).value).toMatchObject({ kind: 'feed', state: 'live' })
    stop.abort()
    expect(await inputs.next()).toMatchObject({ done: true })
    expect(venue.urls.at(-1)).toBe('/v5/public/spot')
  })
})

describe('a consumer that is slow', () => {
  it('costs bounded memory: the oldest quotes are dropped and counted, and no trade is', async () => {
    const venue = new FakeVenue()
    const url = await venue.listen()
    const stop = new AbortController()
    const context = feedContext({ signal: stop.signal })
    const feed = live({
      id: 'f',
      wanted: [{ venue: binance, symbols: ['BTCUSDT'] }],
      symbols: ['BTC-USDT'],
      mirrors: { 'wss://stream.binance.com:9443': url },
      timeouts: { ...CONNECTION_TIMEOUTS, waitingTicks: 1_000 },
      environment: new VirtualEnvironment(T),
    })
    const inputs = feed.open(context)[Symbol.asyncIterator]()
    expect((await inputs.next()).value).toMatchObject({ state: 'connecting' })
    const socket = await venue.connection()
    expect((await inputs.next()).value).toMatchObject({ state: 'live' })
    // Nobody asks for more while the venue says this; its answer to a ping shows that all of it was read.
    for (let i = 1; i <= 3_000; i++) socket.send(i % 10 === 0 ? trade(i / 10) : quote(100 + (i % 50)))
    const pong = once(socket, 'pong')
    socket.ping()
    await pong
    const got = collected([(await inputs.next()).value], context)
    expect(got.trades.map(({ id }) => Number(id))).toEqual(Array.from({ length: 300 }, (_, i) => i + 1))
    expect(got.rows.length).toBeLessThanOrEqual(1_000)
    expect(got.quotes.at(-1)!.price).toBe(100 + (2_999 % 50))
    expect(got.bad).toEqual({ dropped: 2_700 - got.quotes.length })
    stop.abort()
    await inputs.return?.()
    await venue.close()
  })
})

describe('a machine where nothing listens', () => {
  it('is tried again and again, politely', async () => {
    const probe = createTcpServer()
    probe.listen(0, '127.0.0.1')
    await once(probe, 'listening')
    const { port } = probe.address() as AddressInfo
    await new Promise(resolve => probe.close(resolve))
    const environment = new VirtualEnvironment(T)
    const listener = new Listener(`ws://127.0.0.1:${port}`, environment)
    for (let attempt = 1; attempt <= 8; attempt++) {
      await listener.until(() => listener.states.filter(state => state === 'down').length === attempt)
      await environment.pass(environment.waits[0]!)
    }
    await listener.close()
    const lost = listener.logged.filter(({ msg }) => msg === 'connection lost; retrying').slice(0, 8)
    expect(lost.map(({ retryMs }) => retryMs)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
    expect(lost[0]!.reason).toContain('ECONNREFUSED')
  })
})
