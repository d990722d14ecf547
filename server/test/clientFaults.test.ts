import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { JsonObject, Shown, TickState } from '../../clients/driftwire-client/src/index.ts'
import { fund, newUser, PASSWORD } from './clearingKit.ts'
import { becomes, codeOf, next, observed, once } from './clientKit.ts'
import { CuttingProxy } from './cuttingProxy.ts'
import { ProtocolServer } from './protocolKit.ts'

/** What users of other clients ran into, each with a real server and a line that can be cut. */

const CONFIG = {
  funds: [{ id: 'ONE', weighting: { scheme: 'units', units: { BTC: '0.5', ETH: '2' } }, creationUnit: '10' }],
  feeds: ['sim:7'],
}
const FUND = 'fund:ONE'
const TICK = 'tick:BTC-USD'

let server: ProtocolServer
let proxy: CuttingProxy
beforeAll(async () => {
  server = await ProtocolServer.start(CONFIG)
  proxy = await CuttingProxy.start(server.port)
})
afterAll(async () => {
  await proxy.close()
  await server.stop()
})
beforeEach(() => {
  proxy.watch = () => 'pass'
  proxy.hole = false
  proxy.down = false
})

describe('a lost line', () => {
  it('is made again, and every state in between is shown', async () => {
    const { wire } = observed(proxy.url)
    const shown: Shown<TickState>[] = []
    const states = wire.channel(TICK)
    states.subscribe(state => shown.push(state))
    await next(states, 3)
    proxy.cut()
    const back = await once(states, ({ recovered }) => recovered !== undefined)
    await next(states, 3)
    expect(back).toMatchObject({ recovered: true, stale: false })
    const seqs = [...new Set(shown.map(({ seq }) => seq))]
    expect(seqs).toEqual(Array.from(seqs, (_, k) => seqs[0]! + k))
    expect(wire.counts.healed).toBe(0)
  })

  it('makes what is shown stale at once, with its age, and says when it is tried again', async () => {
    const { wire, states } = observed(proxy.url)
    const [last] = await next(wire.channel(FUND), 1)
    proxy.down = true
    proxy.cut()
    const stale = await once(wire.channel(FUND), ({ stale }) => stale)
    expect(stale.state.units).toBe(last!.state.units)
    const waiting = await once(wire.connection, ({ state, age }) => state === 'reconnecting' && age! >= 400)
    expect(waiting.inSeconds).toBeGreaterThanOrEqual(0)
    expect(waiting.heard! + waiting.age!).toBeLessThanOrEqual(Date.now())
    proxy.down = false
    expect((await once(wire.channel(FUND), ({ stale }) => !stale)).stale).toBe(false)
    expect([...new Set(states.map(({ state }) => state))]).toEqual(['connecting', 'live', 'reconnecting'])
  })

  it('keeps the login, so that what is private goes on', async () => {
    const { name } = await newUser(server, 'keeps', { BTC: '5' })
    const { wire } = observed(proxy.url)
    await wire.login(name, PASSWORD)
    expect((await once(wire.channel('holdings'))).state).toEqual({ assets: { BTC: '5' }, shares: {} })
    proxy.cut()
    await becomes(wire, 'reconnecting')
    expect(await wire.request('holdings')).toEqual({ assets: { BTC: '5' }, shares: {} })
    expect((await once(wire.channel('holdings'), ({ stale }) => !stale)).state.assets).toEqual({ BTC: '5' })
  })

  it('refuses what was sent and not answered, and keeps what was not sent', async () => {
    const { wire } = observed(proxy.url)
    await becomes(wire, 'live')
    proxy.watch = text => (text.includes('"result"') ? 'cut' : 'pass')
    expect(await codeOf(wire.request('ping'))).toBe('not_connected')
    const waits = wire.request('ping')
    proxy.watch = () => 'pass'
    expect(await waits).toEqual(expect.any(Number))
  })
})

describe('a request', () => {
  it('waits for the connection', async () => {
    const { wire } = observed(proxy.url)
    expect(await wire.request('channels', { like: 'fund:*' })).toEqual([FUND])
  })

  it('ends after its time if no answer comes, though the line is live', async () => {
    const { wire } = observed(proxy.url)
    await becomes(wire, 'live')
    proxy.watch = text => (text.includes('"result"') ? 'lose' : 'pass')
    await expect(wire.request('ping', {}, { timeoutMs: 150 })).rejects.toMatchObject({ code: 'timeout', retry: true })
    await expect(observed('ws://127.0.0.1:9/ws').wire.request('ping', {}, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'timeout' })
  })

  it('is cancelled by an AbortSignal, before it is sent and after', async () => {
    const { wire } = observed(proxy.url)
    const [early, late] = [new AbortController(), new AbortController()]
    const unsent = wire.request('ping', {}, { signal: early.signal })
    early.abort(new Error('not needed any more'))
    await expect(unsent).rejects.toThrow('not needed any more')
    await becomes(wire, 'live')
    proxy.watch = text => (text.includes('"result"') ? 'lose' : 'pass')
    const sent = wire.request('ping', {}, { signal: late.signal })
    late.abort(new Error('nor this'))
    await expect(sent).rejects.toThrow('nor this')
    await expect(wire.request('ping', {}, { signal: late.signal })).rejects.toThrow('nor this')
  })

  it('is refused when the client is closed, and the connection says so and ends', async () => {
    const { wire, states } = observed(proxy.url)
    const ended = new Promise<void>(resolve => wire.channel(FUND).subscribe({ complete: resolve }))
    const waiting = wire.request('ping')
    wire.close()
    expect(await codeOf(waiting)).toBe('closed')
    expect(await codeOf(wire.request('ping'))).toBe('closed')
    await ended
    expect(states.at(-1)?.state).toBe('closed')
    const later: unknown[] = []
    for await (const { state } of wire.connection) later.push(state)
    for await (const shown of wire.channel(FUND)) later.push(shown)
    expect(later).toEqual(['closed'])
  })
})

describe('a login', () => {
  it('by a wrong token is reported', async () => {
    const { wire, events } = observed(proxy.url, { token: 'nonsense' })
    expect(await codeOf(wire.request('holdings'))).toBe('not_logged_in')
    expect(events).toEqual([{ kind: 'login', error: expect.objectContaining({ code: 'bad_credentials' }) }])
    expect(await codeOf(wire.auth('nonsense'))).toBe('bad_credentials')
    expect(await codeOf(once(wire.channel('holdings')))).toBe('not_logged_in')
  })

  it('has another token when the old one is refused', async () => {
    const { name, token } = await newUser(server, 'renews')
    const getToken = vi.fn(async () => token)
    const { wire } = observed(proxy.url, { token: 'old', getToken })
    expect(await wire.request('holdings')).toEqual({ assets: {}, shares: {} })
    expect([wire.user, wire.token, getToken.mock.calls.length]).toEqual([name, token, 1])
  })

  it('that is under way is waited for by a private channel', async () => {
    const { name } = await newUser(server, 'waits', { ETH: '1' })
    const { wire } = observed(proxy.url)
    const holdings = once(wire.channel('holdings'))
    const login = wire.login(name, PASSWORD)
    expect((await holdings).state.assets).toEqual({ ETH: '1' })
    await login
  })

  it('as another client shows what is the other’s, and none of what was the first one’s', async () => {
    const [first, second] = [await newUser(server, 'first', { BTC: '1' }), await newUser(server, 'second', { ETH: '7' })]
    const { wire } = observed(proxy.url)
    await wire.auth(first.token)
    const seen: unknown[] = []
    const states = wire.channel('holdings')
    states.subscribe(({ state }) => seen.push(state.assets))
    await next(states, 1)
    await wire.auth(second.token)
    await once(states, ({ state }) => state.assets?.ETH === '7')
    await fund(server, second.name, { ETH: '1' })
    await once(states, ({ state }) => state.assets?.ETH === '8')
    expect(seen.filter((assets, i) => JSON.stringify(assets) !== JSON.stringify(seen[i - 1]))).toEqual([
      { BTC: '1' },
      { ETH: '7' },
      { ETH: '8' },
    ])
    await wire.logout()
    expect(wire.user).toBeUndefined()
    expect(await codeOf(wire.request('holdings'))).toBe('not_logged_in')
  })
})

describe('a channel', () => {
  it('is subscribed once for all who follow it, and each sees every state', async () => {
    const { wire } = observed(proxy.url)
    proxy.asked.length = 0
    const seen: number[][] = [[], [], []]
    for (const seqs of seen) wire.channel(TICK).subscribe(({ seq }) => seqs.push(seq))
    const states = wire.channel(TICK)
    await next(states, 5)
    expect(proxy.asked.filter(text => text.includes('"subscribe"') && text.includes(TICK))).toHaveLength(1)
    expect(seen[1]).toEqual(seen[0])
    expect(seen[2]).toEqual(seen[0])
    // Who comes later has the newest state at once.
    expect((await once(wire.channel(TICK))).seq).toBe(seen[0]!.at(-1))
  })

  it('is subscribed while somebody follows it, and no longer', async () => {
    const { wire } = observed(proxy.url)
    await once(wire.channel(TICK))
    proxy.asked.length = 0
    await expect.poll(() => proxy.asked.map(text => JSON.parse(text).method)).toEqual(['unsubscribe'])
  })

  it('has new objects where something changed, and shares all others', async () => {
    const { wire } = observed(proxy.url)
    const states = await next(wire.channel(FUND), 6)
    expect(Object.keys(states[0]!.state.units!)).not.toEqual([])
    const text = JSON.stringify(states[0]!.state)
    for (const [i, { state }] of states.entries()) {
      const before = states[i - 1]?.state
      if (before === undefined) continue
      for (const name of Object.keys(state) as (keyof typeof state)[])
        if (JSON.stringify(state[name]) === JSON.stringify(before[name])) expect(state[name]).toBe(before[name])
      expect(state).not.toBe(before)
    }
    expect(JSON.stringify(states[0]!.state)).toBe(text)
  })

  it('outlives a follower that throws, which is reported', async () => {
    const { wire, events } = observed(proxy.url)
    wire.channel(TICK).subscribe(() => {
      throw new Error('a fault of the program')
    })
    await next(wire.channel(TICK), 3)
    expect(events.length).toBeGreaterThanOrEqual(3)
    expect(events[0]).toEqual({ kind: 'follower', channel: TICK, error: new Error('a fault of the program') })
  })

  it('outlives a frame that is no JSON, which is reported', async () => {
    const { wire, events } = observed(proxy.url)
    await next(wire.channel(TICK), 1)
    for (const text of ['{"ch":', '7', 'null', '"ch"', '[]', '{"ch":7}', '{"ch":"tick:BTC-USD"}', '{"id":{}}', '{}']) proxy.inject(text)
    await next(wire.channel(TICK), 3)
    expect(events.length).toBeGreaterThan(0)
    expect(events.every(({ kind }) => kind === 'unreadable' || kind === 'healed')).toBe(true)
    expect(wire.counts.healed).toBeLessThanOrEqual(1)
  })

  it('reads lists of messages, of which one that it does not know takes no other with it', async () => {
    const { wire, events } = observed(proxy.url)
    await next(wire.channel(TICK), 1)
    const pushes = ['{"unknown":1}', '{"hb":1}', '{"bye":{"reason":"a test","reconnectInMs":1}}', '7']
    proxy.inject(`[${pushes.join(',')}]`)
    await next(wire.channel(TICK), 2)
    const text = `[${pushes.join(',')}]`
    expect(events).toEqual([
      { kind: 'unreadable', text },
      { kind: 'bye', reason: 'a test', reconnectInMs: 1 },
      { kind: 'unreadable', text },
    ])
    const { wire: listed, events: none } = observed(`${proxy.url}?lists=true`)
    const states = await next(listed.channel(TICK, { checksum: true }), 20)
    expect(states.map(({ seq }) => seq)).toEqual(states.map((_, i) => states[0]!.seq + i))
    expect(none).toEqual([])
  })

  it('that does not exist fails, or is waited for until it appears', async () => {
    const { wire, events } = observed(proxy.url)
    expect(await codeOf(once(wire.channel('fund:NONE')))).toBe('unknown_channel')
    wire.channel('fund:LATER', { wait: true }).subscribe()
    await once(wire.events, event => event.kind === 'refused' && event.channel === 'fund:LATER')
    expect(events.filter(event => event.kind === 'refused').map(event => event.again)).toEqual([false, true])
    // Without a callback for errors nothing ends, either.
    wire.channel('fund:NONE').subscribe(() => {})
    await once(wire.events, event => event.kind === 'follower')
  })

  it('that is refused for the moment is asked for again', async () => {
    const { wire } = observed(proxy.url)
    await becomes(wire, 'live')
    let refused = 0
    proxy.watch = text => {
      if (!text.includes('"result":{"status"') || refused++ > 0) return 'pass'
      const { id } = JSON.parse(text) as { id: number }
      const error = { code: 'not_ready', message: 'not yet', retry: true }
      proxy.inject(JSON.stringify({ jsonrpc: '2.0', id, result: { status: { error } } }))
      return 'lose'
    }
    expect(Object.keys((await once(wire.channel('status'))).state.feeds!)).not.toEqual([])
    expect(refused).toBeGreaterThan(1)
  })

  it('begins again with a snapshot when a patch was lost, and says that something is missing', async () => {
    const { wire, events } = observed(proxy.url)
    const states = wire.channel(TICK)
    await next(states, 2)
    let lost = 0
    proxy.watch = text => (text.includes('"d":') && lost++ === 0 ? 'lose' : 'pass')
    expect(await once(states, ({ recovered }) => recovered !== undefined)).toMatchObject({ recovered: false, stale: false })
    expect(events.map(({ kind }) => kind)).toEqual(['healed'])
    expect(wire.counts.healed).toBe(1)
  })

  it('is proved by checksums, if that is asked for', async () => {
    const { wire } = observed(proxy.url)
    await next(wire.channel(TICK, { maxRate: 2, checksum: true }), 4)
    expect(wire.counts.checked).toBeGreaterThan(0)
    expect(wire.counts.healed).toBe(0)
  })

  it('comes to each follower as fast as that one wants it', async () => {
    const { wire } = observed(proxy.url)
    const times: number[] = []
    const all = wire.channel(TICK)
    all.subscribe()
    wire.channel(TICK, { maxRate: 4 }).subscribe(() => times.push(performance.now()))
    await next(all, 12)
    for (let i = 1; i < times.length; i++) expect(times[i]! - times[i - 1]!).toBeGreaterThanOrEqual(240)
  })

  it('is read by a loop, which gets the newest state when it is behind', async () => {
    const { wire } = observed(proxy.url)
    const all: number[] = []
    wire.channel(TICK).subscribe(({ seq }) => all.push(seq))
    const looped: number[] = []
    for await (const { seq } of wire.channel(TICK)) {
      looped.push(seq)
      if (looped.length === 1) await next(wire.channel(TICK), 5)
      if (looped.length === 3) break
    }
    expect(looped[1]! - looped[0]!).toBeGreaterThanOrEqual(4)
    expect(looped[2]! - looped[1]!).toBe(1)
    expect(all.length).toBeGreaterThan(looped.length)
  })

  it('is stale when the gateway hears nothing of its core, and only that channel', async () => {
    const { wire } = observed(proxy.url)
    wire.channel(FUND).subscribe()
    wire.channel('status').subscribe()
    await Promise.all([once(wire.channel(FUND)), once(wire.channel('status'))])
    proxy.inject(JSON.stringify({ stale: [FUND], since: Date.now() }))
    await once(wire.channel(FUND), ({ stale }) => stale)
    expect((await once(wire.channel('status'))).stale).toBe(false)
    proxy.inject(JSON.stringify({ stale: [] }))
    await once(wire.channel(FUND), ({ stale }) => !stale)
  })
})

it('five hundred channels that are followed in one go are few requests', async () => {
  const { wire, events } = observed(proxy.url)
  proxy.asked.length = 0
  const symbols = await wire.request('channels', { like: 'candle:*' })
  const names = [...symbols, ...symbols.map(name => name.replace(/^candle:\w+/, 'trades'))].slice(0, 500)
  const states: JsonObject[] = []
  for (const name of names) wire.channel(name).subscribe(({ state }) => states.push(state as JsonObject))
  await wire.request('ping')
  await wire.request('ping')
  expect(names.length).toBeGreaterThan(100)
  expect(proxy.asked.filter(text => text.includes('"subscribe"')).length).toBeLessThanOrEqual(3)
  expect(events).toEqual([])
})
