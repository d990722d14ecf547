import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { ADMIN, send } from './clearingKit.ts'
import { becomes, next, observed, once } from './clientKit.ts'
import { CuttingProxy } from './cuttingProxy.ts'
import { ProtocolServer } from './protocolKit.ts'

const fund = (id: string) => ({ id, weighting: { scheme: 'units', units: { BTC: '1' } }, read: 'public' })

let server: ProtocolServer
beforeAll(async () => {
  server = await ProtocolServer.start({ funds: [fund('A'), fund('B')], feeds: ['sim:5'] })
})
afterAll(() => server.stop())
const url = (): string => `ws://127.0.0.1:${server.port}/ws`

describe('a channel', () => {
  it('is followed by some members, and by those of all who follow it', async () => {
    const { wire } = observed(url())
    const some = wire.channel('fund:A', { fields: ['nav', 'inav.mid'] })
    const { state } = await once(some, ({ state: { nav } }) => nav !== undefined)
    expect(Object.keys(state).sort()).toEqual(['inav', 'nav'])
    expect(Object.keys(state.inav!)).toEqual(['mid'])

    const others: string[][] = []
    const following = some.subscribe(shown => others.push(Object.keys(shown.state)))
    await once(wire.channel('fund:A', { fields: ['aum'] }), shown => shown.state.aum !== undefined && shown.state.nav !== undefined)
    await once(wire.channel('fund:A'), shown => shown.state.weights !== undefined)
    expect(others.some(keys => keys.includes('weights'))).toBe(true)
    // Those who wanted more have gone.
    await once(some, shown => Object.keys(shown.state).length === 2)
    following.unsubscribe()
    expect(wire.counts.healed).toBe(0)
  })

  it('is followed under a condition', async () => {
    const { wire } = observed(url())
    const shown = await next(wire.channel('fund:A', { fields: ['nav'], when: { field: 'nav', change: 0.00001 }, checksum: true }), 5)
    const navs = shown.map(({ state }) => state.nav!)
    for (let i = 1; i < navs.length; i++) expect(Math.abs(navs[i]! - navs[i - 1]!)).toBeGreaterThan(0.00001 * navs[i - 1]!)
  })

  it('has members by their paths, as its type says', () => {
    const { wire } = observed(url())
    wire.channel('fund:A', { fields: ['nav', 'inav.mid', 'weights.BTC', 'rebalance'], when: { field: 'premium', change: 1 } })
    wire.channel('pool:P', { fields: ['reserves.0', 'day.n'] })
    wire.channel('fund:A' as string, { fields: ['whatever'] })
    // @ts-expect-error A fund has no such member.
    wire.channel('fund:A', { fields: ['navv'] })
    // @ts-expect-error Nor here.
    wire.channel('fund:*', { when: { field: 'inav.middle', change: 1 } })
    expectTypeOf(wire.channel('fund:*')).toExtend<AsyncIterable<{ channel: string; state: { nav?: number } }>>()
  })
})

describe('a pattern', () => {
  it('gives all channels that fit it by their names, also those that appear later, and over a lost line', async () => {
    const proxy = await CuttingProxy.start(server.port)
    const { wire, states } = observed(proxy.url)
    const seen = new Map<string, number>()
    const all = wire.channel('fund:*', { fields: ['nav'], checksum: true })
    const following = all.subscribe(({ channel, state, stale }) => {
      // All of B is followed by somebody else.
      expect(channel === 'fund:B' || Object.keys(state).every(key => key === 'nav')).toBe(true)
      expectTypeOf(channel).toEqualTypeOf<string>()
      if (!stale) seen.set(channel, (seen.get(channel) ?? 0) + 1)
    })
    const own = wire.channel('fund:B').subscribe(() => {})
    await expect.poll(() => [...seen.keys()].sort(), { timeout: 10_000 }).toEqual(['fund:A', 'fund:B'])
    expect((await send(server, 'POST', '/v1/admin/funds', fund('LATER'), ADMIN)).status).toBe(200)
    await expect.poll(() => [...seen.keys()].sort(), { timeout: 10_000 }).toContain('fund:LATER')

    proxy.cut()
    await becomes(wire, 'reconnecting')
    await becomes(wire, 'live')
    seen.clear()
    await expect.poll(() => [...seen.keys()].sort(), { timeout: 10_000 }).toContain('fund:A')
    expect(states.filter(({ state }) => state === 'reconnecting').length).toBeGreaterThan(0)
    expect(wire.counts.healed).toBe(0)

    // A follower of one of them by its name goes on when the pattern has ended; a reply shows that the server has ended it.
    following.unsubscribe()
    await wire.request('ping')
    const before = wire.channel('fund:B')
    expect((await next(before, 5)).at(-1)!.state.aum).toEqual(expect.any(Number))
    own.unsubscribe()
    await proxy.close()
  })

  it('read in a loop that is behind keeps the newest state of each channel', async () => {
    const { wire } = observed(url())
    const seen = new Set<string>()
    for await (const { channel } of wire.channel('fund:*')) {
      seen.add(channel)
      if (seen.size >= 2) break
      await next(wire.channel('fund:A'), 3)
    }
    expect(seen.size).toBe(2)
  })
})
