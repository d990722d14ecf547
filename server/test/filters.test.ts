import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projected } from '../../streams/wire/statePath.ts'
import { ADMIN, send } from './clearingKit.ts'
import { merged, type Replica, type State } from './protocolClient.ts'
import { ProtocolServer } from './protocolKit.ts'

const FIELDS = ['nav', 'inav.mid', 'weights']
const fund = (id: string, more: object = {}) => ({ id, weighting: { scheme: 'units', units: { BTC: '1' } }, ...more })

let server: ProtocolServer
beforeAll(async () => {
  server = await ProtocolServer.start({ funds: [fund('A'), fund('B'), fund('SECRET', { read: [] })], feeds: ['sim:5'] })
})
afterAll(() => server.stop())

it('some members of states are followed as the states are: numbers, checksums, merging and resumption', async () => {
  const [some, paced] = [await server.client(), await server.client()]
  const reply = await some.subscribe(['fund:*'], { fields: FIELDS, checksum: true })
  expect(reply).toMatchObject({ 'fund:*': { channels: 2 }, 'fund:A': { seq: expect.any(Number) }, 'fund:B': { seq: expect.any(Number) } })
  expect(Object.keys(reply)).not.toContain('fund:SECRET')
  await paced.subscribe(['fund:A'], { fields: FIELDS, maxRate: 5, checksum: true })
  const [live, slow] = [await some.replica('fund:A'), await paced.replica('fund:A')]
  await some.until(() => live.pushes.length > 30 && live.checksums > 0)
  await paced.until(() => slow.pushes.some(({ merged }) => merged !== undefined) && slow.checksums > 1)
  const whole = await server.client()
  await whole.subscribe(['fund:A'])
  const all = await whole.replica('fund:A')
  await whole.until(() => all.pushes.length > 10)
  for (const { d } of live.pushes) if (d) expect(Object.keys(d).every(key => ['nav', 'inav', 'weights'].includes(key))).toBe(true)
  expect(Object.keys(live.state).sort()).toEqual(Object.keys(projected(all.state as never, FIELDS)).sort())

  const again = await server.client()
  again.takeOver(some)
  const { epoch, seq } = live
  await some.close()
  const resumed = await again.subscribe(['fund:A'], { fields: FIELDS, checksum: true, resume: { 'fund:A': { epoch, seq } } })
  expect(resumed['fund:A']).toMatchObject({ recovered: true })
  const after = await again.replica('fund:A')
  const before = after.pushes.length
  await again.until(() => after.pushes.length > before + 5)
})

it('members that no state of the channel can have are refused, and leave other kinds out of what a pattern brings', async () => {
  const client = await server.client()
  const refused = (message: string) => ({ error: { code: 'invalid_params', message, retry: false } })
  expect(await client.subscribe(['fund:A', 'tick:BTC-USD', 'fund:*'], { fields: ['nav', 'inav.middle'] })).toEqual({
    'fund:A': refused('params.fields: found "inav.middle", expected a member of the states of fund'),
    'tick:BTC-USD': refused('params.fields: found "nav", expected a member of the states of tick'),
    'fund:*': refused('params.fields: found "inav.middle", expected a member of the states of fund'),
  })
  expect(await client.subscribe(['fund:A'], { when: { field: 'navv', change: 0.1 } })).toEqual({
    'fund:A': refused('params.when.field: found "navv", expected a member of the states of fund'),
  })
  const brought = await client.subscribe(['*'], { fields: ['nav', 'weights.NOBODY'] })
  expect(Object.keys(brought).filter(name => name !== '*')).toEqual(expect.arrayContaining(['fund:A', 'fund:B']))
  expect(Object.keys(brought).every(name => name === '*' || name.startsWith('fund:'))).toBe(true)
  await client.ask('unsubscribe', { channels: ['*'] })
})

it('a pattern also covers what appears later, until it is unsubscribed', async () => {
  const client = await server.client()
  await client.subscribe(['fund:*'], { fields: ['nav', 'pending'] })
  const body = fund('LATER', { read: 'public' })
  expect((await send(server, 'POST', '/v1/admin/funds', body, ADMIN)).status).toBe(200)
  await client.until(() => client.pushes.some(({ ch, snap }) => ch === 'fund:LATER' && snap !== undefined))
  expect(client.pushes.find(({ ch }) => ch === 'fund:LATER')).toMatchObject({
    epoch: expect.any(String),
    seq: expect.any(Number),
    t: expect.any(Number),
  })
  // The client of the tests takes a push without a reply for a fault; here it is what was promised.
  expect(client.faults.splice(0).every(fault => fault.includes('fund:LATER'))).toBe(true)
  await client.ask('unsubscribe', { channels: ['fund:*'] })
  const { length } = client.pushes
  await client.ask('ping')
  expect(client.pushes.slice(length).filter(({ ch }) => ch !== undefined).length).toBeLessThan(4)
  client.faults.length = 0
})

describe('under a condition', () => {
  /** The states that a client has seen, by number. */
  const statesOf = ({ pushes }: Replica): Map<number, State> => {
    let state: State = {}
    return new Map(
      pushes.map(({ seq, snap, d }) => {
        state = merged(snap ? {} : state, snap ?? d) as State
        return [seq!, state]
      }),
    )
  }
  const WHEN = { field: 'nav', change: 0.00001 }

  it('changes come only when a figure has changed by more than a share since the last push, and then all of them', async () => {
    const [whole, some] = [await server.client(), await server.client()]
    await whole.subscribe(['fund:B'])
    const all = await whole.replica('fund:B')
    await some.subscribe(['fund:*'], { fields: ['nav', 'aum'], when: WHEN, checksum: true })
    const kept = await some.replica('fund:B')
    await some.until(() => kept.pushes.length > 6 && kept.checksums > 0)
    await whole.until(() => all.seq >= kept.seq)

    const states = statesOf(all)
    const expected: (readonly [seq: number, nav: unknown])[] = []
    const first = kept.pushes[0]!
    let last = first.snap!.nav as number
    for (const [seq, { nav }] of states)
      if (seq > first.seq! && seq <= kept.seq && Math.abs((nav as number) - last) > WHEN.change * Math.abs(last)) {
        expected.push([seq, nav])
        last = nav as number
      }
    expect(kept.pushes.slice(1).map(({ seq, d }) => [seq, d!.nav])).toEqual(expected)
    expect(all.pushes.filter(({ seq }) => seq! > first.seq!).length).toBeGreaterThan(expected.length)
    expect(kept.state).toEqual({ nav: states.get(kept.seq)!.nav, aum: states.get(kept.seq)!.aum })
  })

  it('the rest is as without: rates, resumption, another who joins gets the newest state', async () => {
    const [some, paced] = [await server.client(), await server.client()]
    await some.subscribe(['fund:A'], { when: WHEN, checksum: true })
    await paced.subscribe(['fund:A'], { when: { ...WHEN, change: 1e-9 }, maxRate: 2, checksum: true })
    const [live, slow] = [await some.replica('fund:A'), await paced.replica('fund:A')]
    await some.until(() => live.pushes.length > 3)
    await paced.until(() => slow.pushes.some(({ merged: count }) => count !== undefined) && slow.checksums > 1)

    const again = await server.client()
    again.takeOver(some)
    const { epoch, seq } = live
    await some.close()
    const resumed = await again.subscribe(['fund:A'], { when: WHEN, checksum: true, resume: { 'fund:A': { epoch, seq } } })
    expect(resumed['fund:A']).toMatchObject({ recovered: true })
    const after = await again.replica('fund:A')
    const before = after.pushes.length
    await again.until(() => after.pushes.length > before + 1)

    const whole = await server.client()
    await whole.subscribe(['fund:A'])
    const all = await whole.replica('fund:A')
    const joins = await server.client()
    const { seq: begun } = (await joins.subscribe(['fund:A'], { when: WHEN }))['fund:A']!
    const { state } = await joins.replica('fund:A')
    await whole.until(() => all.seq >= begun)
    expect(statesOf(all).get(begun)).toEqual(state)
  })

  it.each([
    [{ field: 'nav', change: 0 }, 'params.when.change: found 0, expected number to be >0'],
    [{ field: 'nav', change: -0.1 }, 'params.when.change: found -0.1, expected number to be >0'],
    [{ field: 'nav', change: 1001 }, 'params.when.change: found 1001, expected number to be <=1000'],
    [{ field: 'nav' }, 'params.when.change: found nothing, expected number'],
    [{ field: '', change: 1 }, 'params.when.field: found "", expected string to have >=1 characters'],
    [{ field: 'nav', above: 1, change: 1 }, 'params.when: found "above", which is not known here'],
    ['nav', 'params.when: found "nav", expected object'],
  ])('a wrong one is refused: %j', async (when, message) => {
    const { error } = await (await server.client()).request('subscribe', { channels: ['fund:A'], when })
    expect([error!.data.code, error!.message]).toEqual(['invalid_params', message])
  })
})
