import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Subscriptions } from './subscriptions.ts'

const TOPICS = Array.from(
  { length: 12 },
  (_, i) => `${i % 2 === 0 ? 'publicTrade' : 'orderbook.1'}.COIN${String.fromCharCode(65 + (i >> 1))}USDT`,
)

/** A venue that refuses every request with a bad topic; `names`: what its words name. Returns what it accepted in the end. */
const answered = (
  subscriptions: Subscriptions,
  first: readonly string[],
  bad: ReadonlySet<string>,
  names: boolean,
  echoes: boolean,
): Set<string> => {
  const accepted = new Set<string>()
  const waiting = [...first]
  for (let n = 0; waiting.length > 0; n++) {
    expect(n).toBeLessThan(100)
    const { topics, id } = JSON.parse(waiting.shift()!) as { topics: string[]; id: number }
    const found = topics.find(topic => bad.has(topic))
    const request = echoes ? id : undefined
    if (found === undefined) {
      for (const topic of topics) accepted.add(topic)
      subscriptions.accepted(request, [])
    } else {
      const why = names ? `error:handler not found,topic:${found}` : 'error'
      waiting.push(...(subscriptions.refuse(why, request, false, 0) ?? []))
    }
  }
  return accepted
}

const open = (groups: readonly (readonly string[])[]) => new Subscriptions(groups, (topics, id) => JSON.stringify({ topics, id }))

describe('what a connection asks its venue for', () => {
  it('comes but for what the venue refuses, whatever it names of that, and whether it names the request', () => {
    fc.assert(
      fc.property(fc.subarray(TOPICS), fc.boolean(), fc.boolean(), fc.integer({ min: 1, max: 12 }), (refused, names, echoes, size) => {
        const groups = Array.from({ length: Math.ceil(TOPICS.length / size) }, (_, k) => TOPICS.slice(k * size, (k + 1) * size))
        const bad = new Set(refused)
        const subscriptions = open(groups)
        const accepted = answered(subscriptions, subscriptions.open(0), bad, names, echoes)
        expect([...accepted].sort()).toEqual(TOPICS.filter(topic => !bad.has(topic)).sort())
        expect([...subscriptions.refused.keys()].sort()).toEqual([...refused].sort())
        // A new connection asks for what was refused by itself, so that it costs nothing else.
        const again = subscriptions.open(60_000).map(text => JSON.parse(text).topics as string[])
        for (const topics of again) expect(topics.length === 1 || !topics.some(topic => bad.has(topic))).toBe(true)
        expect(again.flat().sort()).toEqual([...TOPICS].sort())
      }),
    )
  })

  it('is no longer refused once it is accepted', () => {
    const subscriptions = open([['a.X', 'a.Y']])
    subscriptions.open(0)
    subscriptions.refuse('no a.X', undefined, false, 0)
    expect(subscriptions.accepted(undefined, ['a.X'])).toBe(true)
    expect([...subscriptions.refused]).toEqual([])
  })

  it('leaves out for a while what cost the connection', () => {
    const subscriptions = open([['a.X', 'a.Y']])
    subscriptions.open(0)
    subscriptions.refuse('no a.X', undefined, false, 1_000)
    subscriptions.lost(1_500)
    expect(subscriptions.open(2_000).map(text => JSON.parse(text).topics)).toEqual([['a.Y']])
    expect(subscriptions.open(602_000).map(text => JSON.parse(text).topics)).toEqual([['a.Y'], ['a.X']])
  })

  it('takes no name for a part of a longer one', () => {
    const subscriptions = open([['ticker:BTC-USD', 'ticker:BTC-USDC', 'ticker:WBTC-USD']])
    subscriptions.open(0)
    subscriptions.refuse('BTC-USDC is not a valid product', undefined, false, 0)
    expect([...subscriptions.refused.keys()]).toEqual(['ticker:BTC-USDC'])
  })

  it('is not meant by a complaint that comes when nothing was asked', () => {
    const subscriptions = open([['a.X']])
    subscriptions.open(0)
    subscriptions.accepted(undefined, [])
    expect(subscriptions.refuse('Invalid request', undefined, false, 0)).toBeUndefined()
  })
})
