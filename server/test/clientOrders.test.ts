import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AnsweredOrder, OrderStorage } from '../../clients/driftwire-client/src/index.ts'
import { fileStorage } from '../../clients/driftwire-client/src/node.ts'
import { ADMIN, engineReady, newUser, stateOnce, type User } from './clearingKit.ts'
import { becomes, codeOf, observed, once } from './clientKit.ts'
import { CuttingProxy } from './cuttingProxy.ts'
import { file, ProtocolServer } from './protocolKit.ts'

/** Orders of the client package: each done exactly once, whatever becomes of the line or of the program. */

const CONFIG = { funds: [{ id: 'ONE', weighting: { scheme: 'units', units: { BTC: '0.5' } }, creationUnit: '10' }], feeds: ['sim:7'] }
const UNIT = { fund: 'ONE', amount: '10' }

let server: ProtocolServer
let proxy: CuttingProxy
beforeAll(async () => {
  server = await ProtocolServer.start(CONFIG)
  proxy = await CuttingProxy.start(server.port)
  await stateOnce(server, 'fund:ONE', ({ nav }) => nav !== undefined)
})
afterAll(async () => {
  await proxy.close()
  await engineReady(server)
  await server.stop()
})
beforeEach(() => {
  proxy.watch = () => 'pass'
  proxy.hole = false
  proxy.asked.length = 0
})

/** Keeps what a browser would. */
const memory = (): OrderStorage & { readonly items: Map<string, string> } => {
  const items = new Map<string, string>()
  return {
    items,
    getItem: key => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: key => void items.delete(key),
  }
}
let names = 0
const client = (): Promise<User> => newUser(server, `orders-${++names}`, { BTC: '100' })

/** Resolves when an order has come as far as the line goes. */
const sent = (key: string): Promise<void> => expect.poll(() => proxy.asked.some(text => text.includes(`"${key}"`))).toBe(true)

/** The entries of the journal that a client has made, by key. */
const entries = async (name: string): Promise<string[]> => {
  const { entries: all } = await server.json<{ entries: { who: string; kind: string; key?: string }[] }>('/v1/audit?limit=10000', {
    headers: ADMIN,
  })
  return all.filter(({ who, kind }) => who === name && /create|redeem|transfer/.test(kind)).map(({ key }) => key!)
}

describe('an order', () => {
  it('is done and answered; one that is rejected is an answer, too; one that is refused is an error', async () => {
    const { name, token } = await client()
    const { wire } = observed(proxy.url, { token })
    const answered: AnsweredOrder[] = []
    wire.orders.answered.subscribe(answer => answered.push(answer))
    const order = await wire.orders.create({ ...UNIT, key: 'one' })
    expect(order).toMatchObject({ key: 'one', side: 'create', status: 'settled', legs: [{ asset: 'BTC', amount: '5' }] })
    expect(await wire.orders.create({ fund: 'ONE', amount: '10000', key: 'too much' })).toMatchObject({
      status: 'rejected',
      code: 'insufficient_assets',
    })
    expect(await codeOf(wire.orders.redeem({ fund: 'NONE', amount: '10' }))).toBe('unknown_fund')
    expect(await wire.orders.transfer({ to: name, fund: 'ONE', amount: '1', key: 'own' })).toMatchObject({
      side: 'transfer',
      status: 'settled',
    })
    expect(answered.map(({ key }) => key)).toEqual(['one', 'too much', expect.stringMatching(/^[0-9a-f]{32}$/), 'own'])
    expect(await entries(name)).toEqual(['one', 'too much', 'own'])
    expect(wire.orders.waiting).toEqual([])
  })

  it('whose answer is lost is asked for, and not done again', async () => {
    const { name, token } = await client()
    const { wire } = observed(proxy.url, { token })
    await becomes(wire, 'live')
    let lost = 0
    proxy.watch = text => (text.includes('"side":"create"') && text.includes('"result"') && lost++ === 0 ? 'cut' : 'pass')
    proxy.asked.length = 0
    expect(await wire.orders.create({ ...UNIT, key: 'lost' })).toMatchObject({ key: 'lost', status: 'settled' })
    expect(lost).toBeGreaterThan(0)
    expect(proxy.asked.map(text => JSON.parse(text).method).filter(method => /order|create/.test(method))).toEqual(['create', 'order'])
    expect(await entries(name)).toEqual(['lost'])
  })

  it('that never arrived is sent again, once it is known that it did not', async () => {
    const { name, token } = await client()
    const { wire } = observed(proxy.url, { token })
    expect(await wire.request('holdings')).toHaveProperty('assets')
    proxy.hole = true
    const order = wire.orders.create({ ...UNIT, key: 'swallowed' })
    expect(wire.orders.waiting).toMatchObject([{ method: 'create', params: { key: 'swallowed' } }])
    await sent('swallowed')
    proxy.cut()
    proxy.hole = false
    expect(await order).toMatchObject({ status: 'settled' })
    expect(await entries(name)).toEqual(['swallowed'])
  })

  it('under a key that waits already is the same order, or an error if it is another', async () => {
    const { name, token } = await client()
    const { wire } = observed(proxy.url, { token })
    const [first, second] = [wire.orders.create({ ...UNIT, key: 'twice' }), wire.orders.create({ key: 'twice', ...UNIT })]
    expect(await codeOf(wire.orders.create({ fund: 'ONE', amount: '20', key: 'twice' }))).toBe('key_reused_differently')
    expect(await first).toEqual(await second)
    expect(await wire.orders.create({ ...UNIT, key: 'twice' })).toEqual(await first)
    expect(await entries(name)).toEqual(['twice'])
  })

  it('is not sent by a program that was closed', async () => {
    const { name, token } = await client()
    const { wire } = observed(proxy.url, { token })
    const order = wire.orders.create({ ...UNIT, key: 'closed' })
    wire.close()
    expect(await codeOf(order)).toBe('closed')
    expect(await entries(name)).toEqual([])
  })
})

describe('after a reload, an order that was not answered', () => {
  it.each<[what: string, arrived: boolean]>([
    ['was done: it is not done again', true],
    ['never arrived: it is done', false],
  ])('%s', async (_, arrived) => {
    const { name, token } = await client()
    const storage = memory()
    const before = observed(proxy.url, { token, storage }).wire
    await before.request('holdings')
    if (arrived) proxy.watch = text => (text.includes('"side":"create"') ? 'lose' : 'pass')
    else proxy.hole = true
    const order = before.orders.create({ ...UNIT, key: 'reload' })
    if (arrived) await expect.poll(() => entries(name)).toEqual(['reload'])
    else await sent('reload')
    before.close()
    expect(await codeOf(order)).toBe('closed')
    expect(storage.items.size).toBe(1)
    proxy.watch = () => 'pass'
    proxy.hole = false
    const { wire } = observed(proxy.url, { storage })
    expect(wire.orders.waiting).toMatchObject([{ params: { key: 'reload' }, user: name }])
    const answer = once(wire.orders.answered)
    await wire.auth(token)
    expect(await answer).toMatchObject({ key: 'reload', order: { status: 'settled' } })
    expect(await entries(name)).toEqual(['reload'])
    expect([wire.orders.waiting, storage.items.size]).toEqual([[], 0])
  })

  it('and is old was never meant for now: it is not sent', async () => {
    const { name, token } = await client()
    const storage = memory()
    const before = observed(proxy.url, { token, storage }).wire
    await before.request('holdings')
    proxy.hole = true
    const order = before.orders.create({ ...UNIT, key: 'old' })
    await sent('old')
    before.close()
    expect(await codeOf(order)).toBe('closed')
    proxy.hole = false
    const { wire } = observed(proxy.url, { token, storage, resendWithinMs: -1 })
    expect(await once(wire.orders.answered)).toMatchObject({ key: 'old', error: { code: 'expired', retry: false } })
    expect(await entries(name)).toEqual([])
    expect(storage.items.size).toBe(0)
  })

  it('of another client stays where it is', async () => {
    const [first, second] = [await client(), await client()]
    const storage = memory()
    const before = observed(proxy.url, { token: first.token, storage }).wire
    await before.request('holdings')
    proxy.hole = true
    before.orders.create({ ...UNIT, key: 'whose' }).catch(() => {})
    await sent('whose')
    before.close()
    proxy.hole = false
    const { wire } = observed(proxy.url, { token: second.token, storage })
    await wire.orders.create({ ...UNIT, key: 'another' })
    expect(await entries(second.name)).toEqual(['another'])
    expect(wire.orders.waiting).toMatchObject([{ params: { key: 'whose' }, user: first.name }])
  })

  it('can be kept in a file', async () => {
    const { name, token } = await client()
    const path = file('orders.json', '{}')
    const before = observed(proxy.url, { token, storage: fileStorage(path) }).wire
    await before.request('holdings')
    proxy.hole = true
    before.orders.create({ ...UNIT, key: 'on disk' }).catch(() => {})
    await sent('on disk')
    before.close()
    proxy.hole = false
    const { wire } = observed(proxy.url, { token, storage: fileStorage(path) })
    expect(await once(wire.orders.answered)).toMatchObject({ key: 'on disk', order: { status: 'settled' } })
    expect(await entries(name)).toEqual(['on disk'])
  })
})
