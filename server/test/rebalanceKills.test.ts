import { describe, expect, it } from 'vitest'
import { scaled } from './kills.ts'
import { DriftwireProcess, pathOf, written } from './processKit.ts'
import type { State } from './protocolClient.ts'
import { Venue } from './rebalanceVenue.ts'

const ADMIN_TOKEN = 'a-token-for-kills'
const ASSETS = ['BTC', 'ETH', 'SOL']
/**
 * How far each life gets, in questions to the venue that it asks and in answers that are ready: so that each kind of either is a last one. The
 * lives after them get farther and farther.
 */
const LIVES = [1, 8, 3, 4, 1, 2]
/** It would not end with as many. */
const MOST_LIVES = 40

const CONFIG = {
  assets: Object.fromEntries(ASSETS.map(asset => [asset, { supply: '1' }])),
  funds: [
    {
      id: 'F',
      weighting: { scheme: 'equal' },
      initialShares: '1000000',
      rebalance: {
        mode: 'execute',
        assetThreshold: 0.000001,
        coolOffMs: 1_000_000_000,
        lots: Object.fromEntries(ASSETS.map(asset => [asset, '0.000001'])),
      },
    },
  ],
  feeds: ['sim:3'],
}

interface Entry {
  readonly kind: string
  readonly trade?: string
  readonly trades?: readonly { readonly id: string; readonly amount: string }[]
  readonly fill?: {
    readonly order: string
    readonly id: string
    readonly amount: string
    readonly price: string
    readonly fee: { readonly amount: string }
  }
  readonly postings?: readonly (readonly [account: string, asset: string, amount: string, after: string])[]
}

const auditOf = async (url: string): Promise<Entry[]> => {
  const response = await fetch(`${url}/v1/audit?limit=10000`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
  return ((await response.json()) as { entries: Entry[] }).entries
}

/** Resolves when the rebalance is over. */
const over = async (server: DriftwireProcess): Promise<State> => {
  const client = await server.client()
  await client.subscribe(['rebalances:F'])
  const replica = await client.replica('rebalances:F')
  await client.until(() => replica.state.ended !== undefined)
  await client.close()
  return replica.state
}

describe('a server killed again and again while it rebalances', () => {
  it('ends the rebalance once, and the books have what the venue has traded, nothing twice', async () => {
    const venue = await Venue.open(ASSETS)
    // Some orders get only a part, in pieces.
    venue.manners = at => (at % 3 === 1 ? { fills: [40, 20] } : at % 5 === 4 ? { rejects: true } : {})
    const config = written('rebalance.json', JSON.stringify({ ...CONFIG, exchange: venue.config }))
    const args = ['serve', '--port', '0', '--log-level', 'warn', '--data', pathOf('rebalance'), '--config', config]
    const begin = (): DriftwireProcess => new DriftwireProcess(args, { DRIFTWIRE_ADMIN_TOKEN: ADMIN_TOKEN })

    const steps: string[] = []
    let server = begin()
    let lives = 1
    let ended: State | undefined
    for (; ended === undefined && lives < MOST_LIVES; lives++) {
      // It gets so far and no further: to where the venue is asked, or has done it and not said so.
      let left = LIVES[lives - 1] ?? lives + 1
      const victim = server
      const killed = new Promise<undefined>(resolve => {
        venue.meets = async (phase, what) => {
          left -= 1
          if (left > 0) return true
          if (left === 0) {
            steps.push(`${phase} ${what}`)
            await victim.end('SIGKILL')
            resolve(undefined)
          }
          return false
        }
      })
      ended = await Promise.race([killed, over(server).catch(() => killed)])
      if (ended === undefined) server = begin()
    }
    expect(ended?.status, `${JSON.stringify(ended)} after ${steps.join(', ')}`).toBeOneOf(['completed', 'partial'])
    // Every kind of step was a last one.
    for (const step of [
      'asked POST order',
      'done POST order',
      'asked GET order',
      'done GET order',
      'asked GET myTrades',
      'done GET myTrades',
    ])
      expect(steps).toContain(step)

    const entries = await auditOf(await server.url())
    expect(
      entries.filter(({ kind }) => kind === 'rebalance'),
      JSON.stringify(entries, undefined, 1),
    ).toHaveLength(1)
    expect(entries.filter(({ kind }) => kind === 'rebalanced')).toHaveLength(1)
    const booked = entries.flatMap(({ fill }) => fill ?? [])
    const readable = (order: string, id: string, ...amounts: string[]): string => [order, id, ...amounts.map(scaled)].join(' ')
    expect(booked.map(fill => readable(fill.order, fill.id, fill.amount, fill.price, fill.fee.amount)).toSorted()).toEqual(
      venue.trades.map(t => readable(t.clientOrderId.replace(/^\w+-/, ''), t.id, t.qty, t.price, t.commission)).toSorted(),
    )
    expect(venue.twice).toEqual([])
    for (const { id, amount } of entries.find(({ kind }) => kind === 'rebalance')!.trades!) {
      const traded = booked.filter(({ order }) => order.startsWith(`${id}-`)).reduce((sum, fill) => sum + scaled(fill.amount), 0n)
      expect(traded, id).toBeLessThanOrEqual(scaled(amount))
    }

    // What custody has is what it began with and what the venue says was traded.
    const custody = new Map<string, bigint>()
    for (const { postings = [] } of entries)
      for (const [account, asset, , after] of postings) {
        if (account !== 'custody:F') continue
        expect(scaled(after)).toBeGreaterThanOrEqual(0n)
        custody.set(asset, scaled(after))
      }
    const began = entries.find(({ kind }) => kind === 'inception')!.postings!.filter(([account]) => account === 'custody:F')
    for (const [, asset, amount] of began) {
      const traded = venue.trades
        .filter(({ symbol }) => symbol === `${asset}USDT`)
        .reduce((sum, { orderId, qty }) => sum + (venue.orders[orderId - 1]!.side === 'BUY' ? scaled(qty) : -scaled(qty)), 0n)
      expect(custody.get(asset), asset).toBe(scaled(amount) + traded)
    }
    await server.end('SIGTERM')
    venue.close()
    console.log(`${lives} lives: ${steps.join(', ')}`)
  }, 300_000)
})
