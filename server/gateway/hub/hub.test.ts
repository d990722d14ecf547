import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { canonical, type JsonObject } from '../../../streams/wire/mergePatch.ts'
import { RATES } from '../../../streams/wire/requests.ts'
import { Lab, type LabClient, type Line, type Reader, virtualTime } from '../../test/lab.ts'

const NOON = Date.UTC(2024, 7, 8, 12)
const SYMBOLS = ['BTC-USD', 'ETH-USD', 'SOL-USD']
const CHANNELS = SYMBOLS.flatMap(symbol => [`tick:${symbol}`, `trades:${symbol}`, `candle:1m:${symbol}`])

beforeEach(() => virtualTime(NOON))
afterEach(() => {
  vi.useRealTimers()
})

const fast = (): Reader => ({ bytesPerSecond: Number.POSITIVE_INFINITY })

/** Lets frames of one trade go by. */
const run = (lab: Lab, frames: number, trade: (i: number) => { symbol: string; price: number }[]): void => {
  for (let i = 0; i < frames; i++) {
    vi.advanceTimersByTime(20)
    lab.frame(trade(i))
  }
  vi.advanceTimersByTime(20)
}

describe('a follower', () => {
  it('gets a snapshot, then every patch, each from the one before', () => {
    const lab = new Lab()
    const client = lab.client(fast())
    const prices: unknown[] = []
    client.follow('tick:BTC-USD', { state: state => prices.push(state.price) })
    vi.advanceTimersByTime(50)
    expect(prices).toEqual([undefined])
    run(lab, 5, i => [{ symbol: 'BTC-USD', price: 100 + i }])
    expect(prices).toEqual([undefined, 100, 101, 102, 103, 104])
    client.close()
    lab.close()
  })

  it('who asked for two a second gets no more, but always the newest', () => {
    const lab = new Lab()
    const client = lab.client(fast())
    const seen: { at: number; price: unknown }[] = []
    client.follow('tick:BTC-USD', { state: state => seen.push({ at: Date.now(), price: state.price }) }, { maxRate: 2, checksum: true })
    vi.advanceTimersByTime(50)
    run(lab, 200, i => [{ symbol: 'BTC-USD', price: 100 + i }])
    vi.advanceTimersByTime(1000)
    expect(seen.length).toBeGreaterThanOrEqual(8)
    for (let i = 1; i < seen.length; i++) expect(seen[i]!.at - seen[i - 1]!.at).toBeGreaterThanOrEqual(480)
    expect(seen.at(-1)?.price).toBe(299)
    expect(lab.hub.stats().merged).toBeGreaterThan(5)
    client.close()
    lab.close()
  })

  it.each(RATES)('who asked for %i a second gets no more in any second after the snapshot, whatever happens', rate => {
    const happening = fc.oneof(
      fc.record({ what: fc.constant('frames' as const), count: fc.integer({ min: 1, max: 80 }) }),
      fc.record({ what: fc.constant('quiet' as const), ms: fc.integer({ min: 1, max: 1500 }) }),
      fc.record({ what: fc.constant('stall' as const), ms: fc.integer({ min: 1, max: 1500 }) }),
      fc.record({ what: fc.constant('follow' as const) }),
      fc.record({ what: fc.constant('slow' as const), bytesPerSecond: fc.constantFrom(20_000, Number.POSITIVE_INFINITY) }),
      fc.record({ what: fc.constant('cut' as const) }),
    )
    fc.assert(
      fc.property(fc.array(happening, { minLength: 3, maxLength: 25 }), script => {
        vi.setSystemTime(NOON)
        const lab = new Lab({ limits: { lagBytes: 400, lagMs: 100 } })
        // When each subscription was sent what, after its snapshot or what it had missed.
        const subscriptions: number[][] = []
        const sentTo = new Map<Line, number[]>()
        const clients: { client: LabClient; reader: Reader }[] = []
        const join = (): void => {
          const reader = fast()
          const client = lab.client(reader)
          clients.push({ client, reader })
          client.follow('tick:BTC-USD', {}, { maxRate: rate, checksum: true })
        }
        lab.sent = (line, text) => {
          const { ch, snap, d } = JSON.parse(text) as { ch?: string; snap?: object; d?: object }
          if (ch === undefined || (snap ?? d) === undefined) return
          const current = sentTo.get(line)
          if (current !== undefined && snap === undefined) {
            current.push(Date.now())
            return
          }
          const begun: number[] = []
          subscriptions.push(begun)
          sentTo.set(line, begun)
        }
        join()
        vi.advanceTimersByTime(100)
        let price = 0
        for (const action of script) {
          if (action.what === 'frames') run(lab, action.count, () => [{ symbol: 'BTC-USD', price: ++price }])
          else if (action.what === 'quiet') vi.advanceTimersByTime(action.ms)
          else if (action.what === 'stall') vi.setSystemTime(Date.now() + action.ms)
          else if (action.what === 'follow') join()
          else if (action.what === 'slow') clients.at(-1)!.reader.bytesPerSecond = action.bytesPerSecond
          else for (const line of lab.lines) line.cut()
        }
        run(lab, 150, () => [{ symbol: 'BTC-USD', price: ++price }])
        for (const at of subscriptions)
          for (let i = 0; i + rate < at.length; i++) expect(at[i + rate]! - at[i]!).toBeGreaterThanOrEqual(1000)
        for (const { client, reader } of clients) {
          reader.bytesPerSecond = Number.POSITIVE_INFINITY
          vi.advanceTimersByTime(40_000)
          expect(client.state('tick:BTC-USD')).toMatchObject({ price })
          expect(client.counts.healed).toBe(0)
          client.close()
        }
        lab.close()
      }),
      { numRuns: 15, endOnFailure: true },
    )
  })

  it('who reads slowly is served merged patches and never costs more than its window, while others get every frame', () => {
    const lab = new Lab()
    const slow = lab.client({ bytesPerSecond: 2000 })
    const quick = lab.client(fast())
    let quickStates = 0
    let slowStates = 0
    for (const channel of CHANNELS) {
      slow.follow(channel, { state: () => slowStates++ }, { checksum: true })
      quick.follow(channel, { state: () => quickStates++ })
    }
    vi.advanceTimersByTime(100)
    run(lab, 1500, i => SYMBOLS.map(symbol => ({ symbol, price: 100 + i })))
    expect(quickStates).toBe(CHANNELS.length * 1501)
    expect(slowStates).toBeLessThan(quickStates / 5)
    expect(lab.hub.stats()).toMatchObject({ sockets: 2, slow: 1, dropped: 0 })
    // It catches up as soon as there is less to read.
    vi.advanceTimersByTime(120_000)
    for (const channel of CHANNELS) expect(canonical(slow.state(channel)!)).toBe(canonical(lab.state(channel) as JsonObject))
    slow.close()
    quick.close()
    lab.close()
  })

  it('who reads nothing at all is cut off after the time for that, and not before', () => {
    const lab = new Lab({ limits: { deadAfterMs: 8_000 } })
    const client = lab.client({ bytesPerSecond: 0 })
    client.follow('tick:BTC-USD', {})
    vi.advanceTimersByTime(50)
    run(lab, 100, i => [{ symbol: 'BTC-USD', price: i + 1 }])
    vi.advanceTimersByTime(4_000)
    expect(lab.hub.stats().cutOff).toBe(0)
    vi.advanceTimersByTime(5_000)
    expect(lab.hub.stats().cutOff).toBeGreaterThanOrEqual(1)
    client.close()
    lab.close()
  })

  it('who comes back in time gets just what it missed', () => {
    const lab = new Lab()
    const client = lab.client(fast())
    const prices: unknown[] = []
    client.follow('tick:BTC-USD', { state: state => prices.push(state.price) })
    vi.advanceTimersByTime(50)
    run(lab, 3, i => [{ symbol: 'BTC-USD', price: 1 + i }])
    for (const line of lab.lines) line.cut()
    run(lab, 3, i => [{ symbol: 'BTC-USD', price: 4 + i }])
    vi.advanceTimersByTime(2000)
    run(lab, 1, () => [{ symbol: 'BTC-USD', price: 7 }])
    expect(prices).toEqual([undefined, 1, 2, 3, 4, 5, 6, 7])
    expect(lab.hub.stats()).toMatchObject({ resumed: 1, snapshots: 1 })
    client.close()
    lab.close()
  })

  it('who comes back too late gets a snapshot', () => {
    const lab = new Lab({ limits: { resumeMs: 10_000 } })
    const client = lab.client(fast())
    const prices: unknown[] = []
    client.follow('tick:BTC-USD', { state: state => prices.push(state.price) })
    vi.advanceTimersByTime(50)
    run(lab, 1, () => [{ symbol: 'BTC-USD', price: 1 }])
    const away = lab.client(fast())
    away.follow('trades:BTC-USD', {})
    client.close()
    run(lab, 800, i => [{ symbol: 'BTC-USD', price: 2 + i }])
    const back = lab.client(fast())
    back.follow('tick:BTC-USD', { state: state => prices.push(state.price) })
    vi.advanceTimersByTime(100)
    expect(prices.at(-1)).toBe(801)
    away.close()
    back.close()
    lab.close()
  })

  it('gets a snapshot of the new epoch when the core has started again, then its patches', () => {
    const lab = new Lab()
    const [each, few] = [lab.client(fast()), lab.client(fast())]
    const prices: unknown[] = []
    each.follow('tick:BTC-USD', { state: state => prices.push(state.price) }, { checksum: true })
    few.follow('tick:BTC-USD', {}, { checksum: true, maxRate: 10 })
    vi.advanceTimersByTime(50)
    run(lab, 20, i => [{ symbol: 'BTC-USD', price: 100 + i }])
    lab.restart()
    vi.advanceTimersByTime(50)
    run(lab, 20, i => [{ symbol: 'BTC-USD', price: 200 + i }])
    vi.advanceTimersByTime(7_000)
    expect(prices.slice(20)).toEqual([119, undefined, ...Array.from({ length: 20 }, (_, i) => 200 + i)])
    for (const client of [each, few]) {
      expect(client.state('tick:BTC-USD')).toMatchObject({ price: 219, day: { n: 20 } })
      expect(client.counts).toMatchObject({ healed: 0 })
      expect(client.counts.checked).toBeGreaterThan(1)
    }
    // What an earlier epoch knew cannot be resumed.
    for (const line of lab.lines) line.cut()
    lab.restart()
    vi.advanceTimersByTime(2_000)
    for (const client of [each, few]) {
      expect(client.state('tick:BTC-USD')).toEqual({})
      client.close()
    }
    lab.close()
  })

  it('whose rows of the past are under way when the core starts again gets the new snapshot after them', async () => {
    let release = (): void => {}
    const past = { until: () => new Promise<void>(resolve => (release = resolve)), rows: async () => ({ rows: [{ t: 1 }] }) }
    const lab = new Lab({ past })
    const client = lab.client(fast())
    const seen: unknown[] = []
    client.follow('tick:BTC-USD', { rows: rows => seen.push(...rows), state: ({ price }) => seen.push(price) }, { from: NOON - 1000 })
    await vi.advanceTimersByTimeAsync(45)
    lab.frame([{ symbol: 'BTC-USD', price: 1 }])
    lab.restart()
    lab.frame([{ symbol: 'BTC-USD', price: 2 }])
    release()
    await vi.advanceTimersByTimeAsync(50)
    expect(seen).toEqual([{ t: 1 }, 2])
    client.close()
    lab.close()
  })

  it('of the past gets rows up to the snapshot, then the snapshot, then patches, with nothing between and nothing twice', async () => {
    const asked: { from: number; to: number; asOf: number }[] = []
    let release = (): void => {}
    const past = {
      until: () => new Promise<void>(resolve => (release = resolve)),
      rows: async (query: { from: number; to: number; asOf: number; cursor?: string | undefined }) => {
        asked.push(query)
        return query.cursor === undefined ? { rows: [{ t: 1 }], next: 'c' } : { rows: [{ t: 2 }] }
      },
    }
    const lab = new Lab({ past })
    const client = lab.client(fast())
    const seen: string[] = []
    client.follow(
      'tick:BTC-USD',
      {
        rows: (rows, more) => seen.push(`rows ${rows.map(r => r.t)} ${more}`),
        state: (state, t) => seen.push(`${state.price} at ${t - NOON}`),
      },
      { from: NOON - 1000 },
    )
    await vi.advanceTimersByTimeAsync(45)
    lab.frame([{ symbol: 'BTC-USD', price: 1 }])
    await vi.advanceTimersByTimeAsync(20)
    lab.frame([{ symbol: 'BTC-USD', price: 2 }])
    expect(seen).toEqual([])
    release()
    await vi.advanceTimersByTimeAsync(50)
    lab.frame([{ symbol: 'BTC-USD', price: 3 }])
    await vi.advanceTimersByTimeAsync(50)
    expect(seen).toEqual(['rows 1 true', 'rows 2 false', `undefined at ${-NOON}`, '2 at 80', '3 at 120'])
    expect(asked[0]).toMatchObject({ from: NOON - 1000, to: 0, asOf: 0 })
    client.close()
    lab.close()
  })
})

describe('whatever the network does', () => {
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ what: fc.constant('frames' as const), count: fc.integer({ min: 1, max: 40 }), symbols: fc.subarray(SYMBOLS) }),
    },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('cut' as const), line: fc.nat({ max: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('restart' as const) }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('pause' as const), ms: fc.integer({ min: 1, max: 70_000 }) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        what: fc.constant('read' as const),
        client: fc.nat({ max: 2 }),
        bytesPerSecond: fc.constantFrom(0, 500, 5000, 50_000, Number.POSITIVE_INFINITY),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        what: fc.constant('follow' as const),
        client: fc.nat({ max: 2 }),
        channel: fc.constantFrom(...CHANNELS),
        maxRate: fc.constantFrom(undefined, 1, 5, 50),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ what: fc.constant('unfollow' as const), client: fc.nat({ max: 2 }), channel: fc.constantFrom(...CHANNELS) }),
    },
  )

  it('the client’s state becomes the server’s, proved by checksum', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), fc.integer({ min: 1, max: 1000 }), (script, seed) => {
        vi.setSystemTime(NOON)
        const lab = new Lab({ limits: { resumeMs: 20_000, resumeBytes: 40_000 } })
        const readers = [fast(), fast(), fast()]
        const clients = readers.map(reader => lab.client(reader))
        const unfollow = clients.map(() => new Map<string, () => void>())
        clients.forEach((client, i) => {
          for (const channel of CHANNELS.slice(0, 3 + 3 * i))
            unfollow[i]!.set(channel, client.follow(channel, {}, { checksum: true, ...(i === 2 && { maxRate: 5 }) }))
        })
        let price = seed
        const next = (): number => {
          price = ((price * 7919) % 10007) + 1
          return price
        }
        for (const action of script) {
          if (action.what === 'frames') run(lab, action.count, () => action.symbols.map(symbol => ({ symbol, price: next() })))
          else if (action.what === 'cut') [...lab.lines][action.line]?.cut()
          else if (action.what === 'restart') lab.restart()
          else if (action.what === 'pause') vi.advanceTimersByTime(action.ms)
          else if (action.what === 'read') readers[action.client]!.bytesPerSecond = action.bytesPerSecond
          else if (action.what === 'follow')
            unfollow[action.client]!.set(
              action.channel,
              clients[action.client]!.follow(action.channel, {}, { checksum: true, ...(action.maxRate && { maxRate: action.maxRate }) }),
            )
          else {
            unfollow[action.client]!.get(action.channel)?.()
            unfollow[action.client]!.delete(action.channel)
          }
        }
        for (const reader of readers) reader.bytesPerSecond = Number.POSITIVE_INFINITY
        vi.advanceTimersByTime(60_000)
        lab.frame(SYMBOLS.map(symbol => ({ symbol, price: 4242 })))
        vi.advanceTimersByTime(3000)
        clients.forEach((client, i) => {
          for (const channel of unfollow[i]!.keys())
            expect(canonical(client.state(channel)!)).toBe(canonical(lab.state(channel) as JsonObject))
        })
        expect(lab.hub.stats().dropped).toBe(0)
        for (const { counts } of clients) {
          expect(counts.healed).toBe(0)
          expect(counts.checked).toBeGreaterThan(0)
        }
        for (const client of clients) client.close()
        lab.close()
      }),
      { numRuns: 40, endOnFailure: true },
    )
  }, 180_000)
})
