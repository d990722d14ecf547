import { afterAll, beforeAll, expect, it } from 'vitest'
import { projected } from '../../streams/wire/statePath.ts'
import { ADMIN, send } from './clearingKit.ts'
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
