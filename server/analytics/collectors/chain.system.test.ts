import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Metric } from '../../../streams/analytics/features/metrics.ts'
import { DAY } from '../../../streams/market/candles.ts'
import { collected } from '../../test/collecting.ts'
import { type AskedSource, hurriedEnvironment, type SourceAnswer, SourceServer } from '../../test/sourceServer.ts'
import { chainCollector } from './chain.ts'

/** A block every five minutes since before the 8th; 00:00 of a day is in the middle between two. */
const STEP = 300
const BEGIN = Date.UTC(2026, 0, 7, 12) / 1000 - 150
const NOW = Date.UTC(2026, 0, 10, 10)
/** The number of the first of them. */
const FIRST = 1_000_000
const NEWEST = FIRST + (NOW / 1000 - BEGIN - 150) / STEP
const KEY = 'node-access-key'
const TOKEN = '0x00000000000000000000000000000000000000aa'
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

const hex = (n: number | bigint): string => `0x${n.toString(16)}`
const address = (n: number): string => `0x${n.toString(16).padStart(40, '0')}`
const topic = (n: number): string => `0x${n.toString(16).padStart(64, '0')}`
const timeOf = (block: number): number => BEGIN + (block - FIRST) * STEP
const baseFee = (block: number): bigint => 1_000_000_000n + BigInt(block)
const usage = (block: number): number => (block % 10) / 10
/** The blocks of a day. */
const blocksOf = (day: number): number[] =>
  Array.from({ length: NEWEST - FIRST + 1 }, (_, i) => FIRST + i).filter(
    i => Math.floor((timeOf(i) * 1000) / DAY) === Date.UTC(2026, 0, day) / DAY,
  )

/** What a node may limit. */
const limits = { history: 1_024, blocks: Number.POSITIVE_INFINITY, base: true }

const resultOf = (method: string, params: readonly unknown[]): unknown => {
  if (method === 'eth_getBlockByNumber') {
    const number = params[0] === 'latest' ? NEWEST : Number(params[0])
    if (number > NEWEST) return null
    if (number < FIRST - 2_000) throw new Error('pruned history unavailable')
    const transactions = [
      { from: address(number % 7), to: address(100) },
      { from: address(7).toUpperCase().replace('X', 'x'), to: number % 2 ? null : address(200 + (number % 3)) },
    ]
    return { number: hex(number), timestamp: hex(timeOf(number)), transactions: params[1] ? transactions : [] }
  }
  if (method === 'eth_feeHistory') {
    const [count, newest] = [Math.min(limits.history, Number(params[0])), Number(params[1])]
    const all = Array.from({ length: count }, (_, i) => newest - count + 1 + i)
    const fees = limits.base ? [...all, newest + 1].map(i => hex(baseFee(i))) : all.map(() => '0x0')
    return { oldestBlock: hex(all[0]!), baseFeePerGas: fees, gasUsedRatio: all.map(usage) }
  }
  if (method === 'eth_call') return `0x${(123_456_789n * 10n ** 16n).toString(16).padStart(64, '0')}`
  const { fromBlock, toBlock } = params[0] as { fromBlock: string; toBlock: string }
  const [from, to] = [Number(fromBlock), Number(toBlock)]
  if (to - from >= limits.blocks) throw new Error('query exceeds max block range')
  return Array.from({ length: to - from + 1 }, (_, i) => ({
    address: TOKEN,
    topics: [TRANSFER, topic((from + i) % 5), topic(9)],
    data: '0x1',
  }))
}

const answers = ({ body }: AskedSource): SourceAnswer => {
  const { id, method, params } = body as { id: number; method: string; params: unknown[] }
  try {
    return { body: { jsonrpc: '2.0', id, result: resultOf(method, params) } }
  } catch (error) {
    return { body: { jsonrpc: '2.0', id, error: { code: -32000, message: (error as Error).message } } }
  }
}

let server: SourceServer
beforeAll(async () => {
  server = await SourceServer.start()
})
afterAll(() => server.close())
beforeEach(() => {
  server.begin(answers)
  Object.assign(limits, { history: 1_024, blocks: Number.POSITIVE_INFINITY, base: true })
})

const opened = (addresses = false, transfers = false) =>
  chainCollector({
    node: {
      source: 'chain',
      url: `${server.url}/v3/${KEY}`,
      rate: { perMinute: 600_000, burst: 10_000 },
      environment: hurriedEnvironment(NOW),
    },
    chain: 'ethereum',
    addresses,
    tokens: { TOK: { address: TOKEN, decimals: 18, transfers } },
    everyMs: DAY,
  })
const yesterday = '2026-01-09'
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

describe('a chain', () => {
  // Its node, as many, has not the oldest blocks any more.
  it('gives blocks, mean base fee and use of the whole day, with the blocks that say so', async () => {
    const { of, facts, failed } = await collected(opened(), NOW)
    const day = blocksOf(9)
    expect(failed).toEqual({})
    expect(of('ethereum', 'blocks')).toEqual({ [yesterday]: 288 })
    expect(of('ethereum', 'gasPrice')).toEqual({ [yesterday]: mean(day.map(i => Number(baseFee(i)))) })
    expect(of('ethereum', 'utilisation')[yesterday]).toBeCloseTo(mean(day.map(usage)), 12)
    expect(facts.find(({ metric }) => metric === 'blocks')!.ref).toBe(`ethereum blocks ${day[0]}-${day.at(-1)}`)
  })

  it('gives the same from a node that answers for fewer blocks', async () => {
    const whole = (await collected(opened(), NOW)).of('ethereum', 'gasPrice')
    limits.history = 100
    expect((await collected(opened(), NOW)).of('ethereum', 'gasPrice')).toEqual(whole)
  })

  it('without base fees has not said what gas costs', async () => {
    limits.base = false
    const { of } = await collected(opened(), NOW)
    expect([of('ethereum', 'gasPrice'), of('ethereum', 'blocks')]).toEqual([{}, { [yesterday]: 288 }])
  })

  it('counts transactions and different addresses on both sides, if that is asked for', async () => {
    const { of } = await collected(opened(true), NOW)
    const figures = (['transactions', 'activeAddresses', 'receivers'] as const).map(metric => of('ethereum', metric)[yesterday])
    expect(figures).toEqual([576, 8, 4])
  })

  it('gives the supply of a token as of now, and its transfers, from a node that refuses long ranges, too', async () => {
    limits.blocks = 50
    const { of, failed } = await collected(opened(false, true), NOW)
    expect(failed).toEqual({})
    expect(of('TOK', 'totalSupply')).toEqual({ '2026-01-10': 1_234_567.89 })
    // Of five senders one is nobody: what it sent was made.
    expect((['transfers', 'senders', 'receivers'] as const).map(metric => of('TOK', metric)[yesterday])).toEqual([288, 4, 1])
  })

  it('makes up for days that it missed, and asks for nothing that is stored', async () => {
    const since = (_: string, metric: Metric) => Date.UTC(2026, 0, metric === 'totalSupply' ? 10 : 7)
    const { of } = await collected(opened(), NOW, since)
    expect(of('ethereum', 'blocks')).toEqual({ '2026-01-08': 288, [yesterday]: 288 })
    expect(of('TOK', 'totalSupply')).toEqual({})
    server.begin(answers)
    expect((await collected(opened(), NOW, (_, metric) => Date.UTC(2026, 0, metric === 'totalSupply' ? 10 : 9))).facts).toEqual([])
    expect(server.asked.length).toBe(1)
  })

  it('says nothing of a day that is not settled, nor of today', async () => {
    const { of } = await collected(opened(), Date.UTC(2026, 0, 11, 1))
    expect([of('ethereum', 'blocks'), of('TOK', 'totalSupply')]).toEqual([{}, {}])
  })

  it.each<SourceAnswer>([
    'cut',
    'empty',
    'page',
    { status: 429 },
    { status: 503 },
    { body: { jsonrpc: '2.0', id: 1, error: { code: -32005, message: `daily request count exceeded, request rate limited for ${KEY}` } } },
    { body: { jsonrpc: '2.0', id: 1, error: { code: -32601, message: `no such method at /v3/${KEY}` } } },
    { body: { jsonrpc: '2.0', id: 1, result: null } },
    { body: { jsonrpc: '2.0', id: 1, result: { number: 'x', oldestBlock: '0x', gasUsedRatio: [2] } } },
  ])('gives no false value and no key, whatever its node does instead: %j', async fault => {
    const bad: { facts: unknown[]; said: string } = { facts: [], said: '' }
    // From the beginning, and in its middle.
    for (const healthy of [0, 3, 20]) {
      let asked = 0
      server.begin(request => (asked++ < healthy ? answers(request) : fault))
      const { facts, failed } = await collected(opened(true, true), NOW).catch(error => ({ facts: [], failed: { all: String(error) } }))
      bad.facts.push(...facts.filter(({ metric }) => metric !== 'totalSupply'))
      bad.said += Object.values(failed).join()
    }
    expect(bad.facts).toEqual([])
    expect(bad.said).toMatch(/chain at 127/)
    expect(bad.said).not.toContain(KEY)
  })
})
