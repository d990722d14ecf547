import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { utf8Text } from '../../streams/channels/byteWriter.ts'
import { ONE } from '../../streams/lib/decimal.ts'
import { offerPrivateChannels } from '../bus/privateChannels.ts'
import { ServerChannels } from '../bus/serverChannels.ts'
import type { ClearingPort } from '../clearing/port.ts'
import { openThreadPort } from '../clearing/threadPort.ts'
import type { State } from './protocolClient.ts'
import { Bench } from './storageKit.ts'

describe('a private channel that opens while orders are done', () => {
  let bench: Bench
  let clearing: ClearingPort
  let side: ServerChannels
  let keys = 0

  const deposit = (client: string, amount: bigint): Promise<unknown> =>
    clearing.ask('execute', {
      command: { kind: 'deposit', key: `k${++keys}`, client, asset: 'BTC', amount: amount * ONE },
      who: 'admin',
      t: 1,
    })
  const give = (client: string, to: string, key: string): Promise<unknown> =>
    clearing.ask('execute', { command: { kind: 'transfer', key, to, asset: 'BTC', amount: ONE }, who: client, t: 1 })
  const ready = (name: string): Promise<void> =>
    new Promise(resolve => {
      const subscription = side.flushes$.subscribe(flush => {
        if (!flush.ready.some(({ channel }) => channel === name)) return
        subscription.unsubscribe()
        resolve()
      })
    })

  beforeAll(async () => {
    bench = await Bench.open()
    clearing = await openThreadPort({ file: join(bench.dir, 'journal.db') })
    side = new ServerChannels('e', 12, () => 1)
    offerPrivateChannels(side, clearing)
    for (const client of ['ann', 'bob'])
      await clearing.ask('execute', { command: { kind: 'register', client }, who: client, t: 1, secret: 'a hash' })
  })
  afterAll(async () => {
    await clearing.close()
    await bench.close()
  })

  it.each([0, 1, 2, 3])('has what was done in the very commit in which it was asked for, %i orders before it', async before => {
    const client = 'ann'
    const names = [`holdings@${client}`, `orders@${client}`]
    // All of this goes over as one message and is one commit.
    const opening = names.map(ready)
    const done = [deposit(client, 10n)]
    for (let i = 0; i < before; i++) done.push(give(client, 'bob', `before ${before} ${i}`))
    for (const name of names) side.watch(name, true)
    for (let i = 0; i < 3; i++) done.push(give(client, 'bob', `after ${before} ${i}`))
    await Promise.all([...done, ...opening])

    const holdings = await clearing.ask('holdings', { who: client })
    const orders = await clearing.ask('orders', { who: client })
    const snap = (name: string): State => (JSON.parse(utf8Text(side.channels.snapshot(name)!.bytes)) as { snap: State }).snap
    expect(snap(names[0]!)).toEqual(holdings)
    expect(snap(names[1]!)).toEqual(
      Object.fromEntries(orders.map(({ order }) => JSON.parse(order) as { key: string }).map(order => [order.key, order])),
    )
    for (const name of names) side.watch(name, false)
  })

  it('and that nobody wants any more when it is there is forgotten, and opens again', async () => {
    side.watch('holdings@bob', true)
    side.watch('holdings@bob', false)
    await deposit('bob', 1n)
    expect(side.channels.snapshot('holdings@bob')).toBeUndefined()
    const opening = ready('holdings@bob')
    side.watch('holdings@bob', true)
    await Promise.all([opening, deposit('bob', 1n)])
    const { snap } = JSON.parse(utf8Text(side.channels.snapshot('holdings@bob')!.bytes)) as { snap: State }
    expect(snap).toEqual(await clearing.ask('holdings', { who: 'bob' }))
  })

  it('shows the newest hundred orders', async () => {
    const opening = ready('orders@bob')
    side.watch('orders@bob', true)
    await opening
    for (let i = 0; i < 3; i++) await Promise.all(Array.from({ length: 40 }, (_, k) => give('bob', 'ann', `many ${i * 40 + k}`)))
    const { snap } = JSON.parse(utf8Text(side.channels.snapshot('orders@bob')!.bytes)) as { snap: Record<string, { seq: number }> }
    const known = (await clearing.ask('orders', { who: 'bob' })).map(({ order }) => (JSON.parse(order) as { key: string }).key)
    expect(known.length).toBe(100)
    expect(Object.keys(snap).sort()).toEqual(known.sort())
  })
})
