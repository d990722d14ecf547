import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { MINUTE } from '../../../../streams/market/candles.ts'
import { collected } from '../../../test/collecting.ts'
import { Chain, type Contract, type Said, TestNode } from '../../../test/evmChain.ts'
import { haveRecordings, recordedLines, recordings } from '../../../test/recordings.ts'
import { hurriedEnvironment } from '../../../test/sourceServer.ts'
import { chainlinkCollector, standing } from './chainlink.ts'
import { AGGREGATOR_CONFIRMED, ANSWER_UPDATED, LOG, phaseOf, type Round, roundId, roundOf } from './rounds.ts'

interface Recorded {
  readonly block_number: number
  readonly log_index: number
  readonly address: string
  readonly topics: readonly string[]
  readonly data: string
}

const BLOCK = 17173049
/** s. */
const MINED = 1683029999
/** 18 and 8 decimals. */
const AGGREGATORS = ['0xbba12740de905707251525477bad74985dec46d2', '0x0ebdc65e7e9132cb41ac5cbd0101b799d7adb475'] as const
const PROXIES = ['0x00000000000000000000000000000000000000a1', '0x00000000000000000000000000000000000000a2'] as const
const HOUR = 60 * MINUTE

interface Expected {
  readonly answers: readonly {
    readonly aggregator: string
    readonly answer: string
    readonly round_id: string
    readonly updated_at: number
  }[]
}

const recorded: readonly Recorded[] = haveRecordings
  ? recordedLines('dex/eth_block_17173049_logs.ndjson.gz').map(line => JSON.parse(line))
  : []
const expected: Expected = haveRecordings
  ? JSON.parse(readFileSync(join(recordings, 'analytics/chainlink/expected_block_17173049.json'), 'utf8'))
  : { answers: [] }
const hex = (n: number): string => `0x${n.toString(16)}`
const word = (n: bigint | number): string => BigInt.asUintN(256, BigInt(n)).toString(16).padStart(64, '0')

describe.skipIf(!haveRecordings)('the rounds of a recorded block', () => {
  const logs = recorded.map(({ block_number, address, topics, data }) => ({ blockNumber: hex(block_number), address, topics, data }))
  const updates = logs.filter(({ topics: [topic] }) => topic === ANSWER_UPDATED).map(log => LOG.parse(log))

  it('are two, exactly as expected, and all other events are none', () => {
    expect(updates.map(log => ({ aggregator: log.address, ...roundOf(log, 0n)! }))).toEqual(
      expected.answers.map(({ aggregator, answer, round_id, updated_at }) => ({
        ...{ aggregator, answer: BigInt(answer), id: BigInt(round_id), updatedAt: updated_at * 1000 },
      })),
    )
    const others = logs.filter(({ topics: [topic] }) => topic !== ANSWER_UPDATED && topic !== undefined)
    expect(others.length).toBeGreaterThan(100)
    expect(others.flatMap(log => roundOf(LOG.parse(log), 0n) ?? [])).toEqual([])
  })

  it('have the phase in their upper bits', () => {
    for (const phase of [0n, 1n, 5n, 65_535n])
      for (const log of updates) {
        const { id } = roundOf(log, phase)!
        expect(phaseOf(id)).toEqual({ phase, own: BigInt(log.topics[2]!) })
        expect(id >> 64n).toBe(phase)
      }
    expect(roundId(6n, 7064n)).toBe(110680464442257316760n)
  })
})

describe('what stands at a minute', () => {
  const terms = { heartbeatMs: HOUR, least: 0n, most: 1_000n }
  const round = (own: bigint, updatedAt: number, answer = 100n): Round => ({ id: roundId(1n, own), updatedAt, answer })

  it('is the last answer at or before it', () => {
    const rounds = [round(3n, 121_000), round(1n, 60_000), round(2n, 119_999)]
    expect(standing(rounds, 0, 240_000, terms).map(({ period, round: { id } }) => [period / MINUTE, Number(phaseOf(id).own)])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 3],
    ])
  })

  it('is nothing once the heartbeat is over, forty seconds later', () => {
    const stood = standing([round(1n, 0)], 0, 3 * HOUR, terms)
    expect(stood.at(-1)!.period).toBe(HOUR)
    expect(standing([round(1n, 20_000)], 0, 3 * HOUR, terms).at(-1)!.period).toBe(HOUR + MINUTE)
  })

  it.each([0n, -5n, 1_000n, 1_001n])(
    'is nothing while the answer is %s: no price, or an end at which the aggregator is clamped',
    answer => {
      expect(standing([round(1n, 0, answer)], 0, HOUR, terms)).toEqual([])
    },
  )

  it('of two rounds of one moment is the later one', () => {
    expect(standing([round(8n, 0), round(7n, 0)], 0, 0, terms)[0]!.round.id).toBe(roundId(1n, 8n))
  })
})

describe.skipIf(!haveRecordings)('Chainlink', () => {
  let chain: Chain
  let node: TestNode
  let url: string
  beforeAll(async () => {
    node = new TestNode(new Chain(BLOCK))
    url = await node.start('http')
  })
  afterAll(() => node.stop())

  const latest = (phase: bigint, own: bigint, answer: bigint, updatedAt: number): string =>
    `0x${word(roundId(phase, own))}${word(answer)}${word(updatedAt)}${word(updatedAt)}${word(roundId(phase, own))}`
  const contracts: Record<string, Contract> = {}

  beforeEach(() => {
    chain = new Chain(BLOCK)
    ;(node as { chain: Chain }).chain = chain
    chain.add(
      MINED,
      recorded.map(({ log_index: index, address, topics, data }): Said => ({ index, address, topics, data })),
    )
    for (const [i, { aggregator, answer, round_id, updated_at }] of expected.answers.entries()) {
      contracts[PROXIES[i]!] = {
        '0xfeaf968c': latest(6n, BigInt(round_id), BigInt(answer), updated_at),
        '0x313ce567': `0x${word([18, 8][i]!)}`,
        '0x245a7bfc': `0x${word(BigInt(aggregator))}`,
      }
      contracts[aggregator] = { '0x22adbc78': `0x${word(1)}`, '0x70da2f67': `0x${word(10n ** 30n)}` }
    }
    Object.assign(node.contracts, contracts)
  })

  const opened = (heartbeatMs = HOUR) =>
    chainlinkCollector({
      node: { source: 'chainlink', url, rate: { perMinute: 60_000, burst: 1_000 }, environment: hurriedEnvironment(0) },
      chain: 'ethereum',
      feeds: { A: { proxy: PROXIES[0], heartbeatMs }, B: { proxy: PROXIES[1], heartbeatMs } },
      everyMs: MINUTE,
    })
  const minuteOf = (s: number): number => Math.floor((s * 1000) / MINUTE) * MINUTE

  it('gives the two answers of the recorded block, exactly, with round, phase and proxy', async () => {
    chain.add(MINED + 12)
    const { facts, failed } = await collected(opened(), (MINED + 12) * 1000)
    expect(failed).toEqual({})
    const period = minuteOf(MINED + 12)
    expect(facts).toEqual([
      {
        asset: 'A',
        metric: 'oraclePrice',
        period,
        value: 0.00374992,
        ref: `ethereum ${PROXIES[0]} round ${(6n << 64n) + 7064n} (phase 6, 7064)`,
      },
      {
        asset: 'B',
        metric: 'oraclePrice',
        period,
        value: 0.19974433,
        ref: `ethereum ${PROXIES[1]} round ${(6n << 64n) + 4337n} (phase 6, 4337)`,
      },
    ])
  })

  it('fills minutes since the last one by the events of the aggregator', async () => {
    const own = (round: bigint, answer: bigint, t: number): Said => ({
      ...{ index: 0, address: AGGREGATORS[0], topics: [ANSWER_UPDATED, `0x${word(answer)}`, `0x${word(round)}`], data: `0x${word(t)}` },
    })
    chain.add(MINED + 90, [own(7065n, 4n * 10n ** 15n, MINED + 90)])
    chain.add(MINED + 150, [own(7066n, 5n * 10n ** 15n, MINED + 150)])
    chain.add(MINED + 240)
    Object.assign(node.contracts[PROXIES[0]]!, { '0xfeaf968c': latest(6n, 7066n, 5n * 10n ** 15n, MINED + 150) })
    const { of } = await collected(opened(), (MINED + 240) * 1000, () => minuteOf(MINED - 60))
    // The first of the minutes had an answer that is in a block before: it is not known here.
    expect(Object.values(of('A', 'oraclePrice'))).toEqual([0.00374992, 0.00374992, 0.004, 0.005])
    expect(Object.values(of('B', 'oraclePrice'))).toEqual([0.19974433, 0.19974433, 0.19974433, 0.19974433])
  })

  it('gives nothing of the time before the proxy took the aggregator', async () => {
    const taken: Said = {
      index: 0,
      address: PROXIES[0],
      topics: [AGGREGATOR_CONFIRMED, `0x${word(1)}`, `0x${word(BigInt(AGGREGATORS[0]))}`],
      data: '0x',
    }
    chain.add(MINED + 90, [taken])
    chain.add(MINED + 240)
    const { of } = await collected(opened(), (MINED + 240) * 1000, () => minuteOf(MINED - 60))
    expect(Object.keys(of('A', 'oraclePrice')).map(t => (Date.parse(t) - minuteOf(MINED + 240)) / MINUTE)).toEqual([-1, 0])
  })

  it('gives nothing any more once the heartbeat is over', async () => {
    chain.add(MINED + 3_600 + 120)
    const now = (MINED + 3_600 + 120) * 1000
    const { facts, failed } = await collected(opened(), now)
    expect([facts, failed]).toEqual([[], {}])
    expect((await collected(opened(24 * HOUR), now)).facts.length).toBe(2)
  })

  it('of one feed whose address is none says so, and gives the other', async () => {
    delete node.contracts[PROXIES[0]]
    chain.add(MINED + 12)
    const { facts, failed } = await collected(opened(), (MINED + 12) * 1000)
    expect(failed).toEqual({ A: `chainlink A: found no round at ${PROXIES[0]}, expected the proxy of a feed` })
    expect(facts.map(({ asset }) => asset)).toEqual(['B'])
  })
})
