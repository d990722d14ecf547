import { afterEach, describe, expect, it } from 'vitest'
import type { ChainLog } from '../../streams/pools/chainLog.ts'
import type { PoolSpec } from '../../streams/pools/spec.ts'
import { ADDRESS, logAt, poolSpec, recordedLog, swapV2, sync, token } from '../../streams/test/chain.ts'
import { Driven } from '../../streams/test/drive.ts'
import type { Environment } from '../feeds/environment.ts'
import type { PoolParameters } from '../feeds/evm/contracts.ts'
import { evmFeed } from '../feeds/evm/evm.ts'
import { KEPT } from '../feeds/evm/follower.ts'
import type { Feed, FeedInput } from '../feeds/feed.ts'
import { CONNECTION_TIMEOUTS } from '../feeds/live/connection.ts'
import { SpecError } from '../feeds/specError.ts'
import { Chain, type ChainBlock, type Contract, oldTokenContract, poolContract, type Said, TestNode, tokenContract } from './evmChain.ts'
import { feedContext } from './feedKit.ts'
import { haveRecordings, recordedLines } from './recordings.ts'

/** Polls and waits between attempts pass two hundred times as fast; what a node has to answer is left. */
const quick: Environment = {
  now: Date.now,
  after(ms, run) {
    const timer = setTimeout(run, ms >= 10_000 ? ms : ms / 200)
    return () => clearTimeout(timer)
  },
  random: () => 0.5,
}

const TOKEN0 = '0x00000000000000000000000000000000000000a0'
const TOKEN1 = '0x00000000000000000000000000000000000000a1'
const TOKENS = { [TOKEN0]: tokenContract('USDC', 6), [TOKEN1]: oldTokenContract('WETH', 18) }

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const started = async (node: TestNode, kind: 'http' | 'ws'): Promise<string> => {
  ends.push(() => node.stop())
  return node.start(kind)
}

const feedAt = (url: string, pools: readonly PoolParameters[], fragment = ''): Feed =>
  evmFeed({ spec: `evm:${url}${fragment}`, pools, timeouts: CONNECTION_TIMEOUTS, environment: quick })

/** A feed that runs into a pipeline, and what can be waited for of it. */
class Run {
  readonly driven: Driven
  readonly lines: Record<string, unknown>[] = []
  readonly states: string[] = []
  readonly bad: Record<string, number> = {}
  readonly done: Promise<void>
  /** Logs that stand, by place. */
  private readonly standing = new Map<string, ChainLog>()
  taken = 0
  private readonly abort = new AbortController()
  private waiting: { holds: () => boolean; resolve: () => void }[] = []

  constructor(feed: Feed, pools: readonly PoolSpec[]) {
    this.driven = new Driven({ feeds: [{ id: feed.id, live: true }], pools, staleAfterMs: Number.MAX_SAFE_INTEGER })
    this.driven.watch(...pools.map(({ id }) => `pool:${id}`))
    const context = feedContext({ signal: this.abort.signal, onLog: line => this.lines.push(line) })
    this.done = (async () => {
      for await (const input of feed.open(context)) this.take(input)
    })()
    this.done.catch(() => {})
    ends.push(async () => {
      this.abort.abort()
      await this.done.catch(() => {})
    })
  }

  /** Resolves when it is so; looked at after every input. Rejects where the feed ends before. */
  async until(holds: () => boolean): Promise<void> {
    if (holds()) return
    await Promise.race([
      new Promise<void>(resolve => this.waiting.push({ holds, resolve })),
      this.done.then(() => {
        throw new Error('the feed has ended')
      }),
    ])
  }

  /** Has the logs of the chain as it is now, and no other. */
  has(chain: Chain): () => boolean {
    return () => {
      const { logs } = chain
      return this.standing.size === logs.length && logs.every(log => this.standing.get(placeOf(log))?.data === log.data)
    }
  }

  hasNewest(chain: Chain): boolean {
    const newest = chain.logs.at(-1)!
    return this.standing.get(placeOf(newest))?.data === newest.data
  }

  stop(): void {
    this.abort.abort()
  }

  /** The state of a pool when time has come to `t`. */
  state(pool: string, t: number): object {
    this.driven.clock(t)
    expect(this.driven.agrees()).toBe(true)
    return this.driven.state(`pool:${pool}`)
  }

  private take(input: FeedInput): void {
    if (input.kind === 'feed') this.states.push(input.state)
    else if (input.kind === 'chain') {
      for (const log of input.logs) {
        if (log.removed) this.taken += 1
        if (log.removed) this.standing.delete(placeOf(log))
        else this.standing.set(placeOf(log), log)
      }
      for (const [kind, n] of Object.entries(input.bad)) this.bad[kind] = (this.bad[kind] ?? 0) + n
    }
    this.driven.send(input)
    this.waiting = this.waiting.filter(({ holds, resolve }) => {
      if (!holds()) return true
      resolve()
      return false
    })
  }
}

const placeOf = ({ block, index }: ChainLog): string => `${block}:${index}`

const replayed = (pools: readonly PoolSpec[], logs: readonly ChainLog[]): Run => {
  const feed: Feed = {
    id: 'replayed',
    live: true,
    symbols: [],
    async *open({ feed: index }) {
      yield { kind: 'feed', feed: index, state: 'live' }
      yield { kind: 'chain', feed: index, logs, messages: 1, bad: {} }
    },
  }
  return new Run(feed, pools)
}

const KINDS = ['ws', 'http'] as const
const saidOf = ({ index, address, topics, data }: ChainLog): Said => ({ index, address, topics, data })

describe.skipIf(!haveRecordings)('a recorded day of a pool, told by a node (skipped where the recordings are not there)', () => {
  const POOL = '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640'
  const spec = poolSpec({
    id: 'USDC-WETH',
    kind: 'uniswap-v3',
    address: POOL,
    feePips: 500,
    token0: token('USDC', 6, 'USD'),
    token1: token('WETH', 18, 'ETH'),
  })
  const parameters: PoolParameters = { ...spec, feePips: 500, tickSpacing: 10 }

  it.each(KINDS)(
    'over %s, with three lost lines, two forks and a node that gives little at once, leaves the state of the clean replay',
    async kind => {
      const logs = recordedLines('dex/univ3_eth_usdc_weth_005_20240105_rawlogs.ndjson.gz').map(recordedLog)
      const byBlock = new Map<number, ChainLog[]>()
      for (const log of logs) byBlock.set(log.block, [...(byBlock.get(log.block) ?? []), log])
      const [first, last] = [logs[0]!.block, logs.at(-1)!.block]
      // The recording tells the times of blocks with logs only; the others take that of the one before.
      let t = logs[0]!.t / 1000
      const blocks = Array.from({ length: last - first + 1 }, (_, i) => {
        const here = byBlock.get(first + i) ?? []
        t = (here[0]?.t ?? t * 1000) / 1000
        return { t, logs: here.map(saidOf) }
      })
      const chain = new Chain(first)
      const add = (n: number): void => {
        for (const block of blocks.slice(chain.blocks.length, chain.blocks.length + n)) chain.add(block.t, block.logs)
      }
      /** Other blocks in the place of the next ones: half their logs, and in the other order of events. */
      const fork = (n: number): void => {
        for (const block of blocks.slice(chain.blocks.length, chain.blocks.length + n)) {
          const some = block.logs.filter((_, i) => i % 2 === 0)
          chain.add(
            block.t,
            some.map((log, i) => ({ ...log, data: some.at(-1 - i)!.topics[0] === log.topics[0] ? some.at(-1 - i)!.data : log.data })),
          )
        }
      }

      const node = new TestNode(chain, { [POOL]: poolContract(TOKEN0, TOKEN1, { fee: 500, tickSpacing: 10 }), ...TOKENS })
      node.mostBlocks = 700
      node.mostLogs = 400
      node.tellsTimes = kind === 'http'
      const url = await started(node, kind)
      add(blocks.length - 200)
      node.cutAfter = 30
      const run = new Run(feedAt(url, [parameters], `#from=${first}`), [spec])
      await run.until(run.has(chain))
      expect(node.cuts).toBe(1)

      // A fork that is seen as it happens.
      fork(6)
      node.tell()
      await run.until(run.has(chain))
      const gone: ChainBlock[] = chain.cut(6)
      add(9)
      node.tell(gone)
      await run.until(run.has(chain))
      expect(run.taken).toBe(gone.flatMap(block => block.logs).length)
      expect(run.taken).toBeGreaterThan(0)

      // A fork that is there before the line is lost, and another chain when it is back.
      fork(12)
      node.tell()
      await run.until(run.has(chain))
      node.goDown()
      await run.until(() => run.states.at(-1) === 'down')
      chain.cut(12)
      add(60)
      node.up()
      await run.until(run.has(chain))

      // A gap while there is no node, longer than what is kept.
      node.goDown()
      await run.until(() => run.states.at(-1) === 'down')
      add(KEPT + 30)
      node.up()
      await run.until(run.has(chain))
      add(blocks.length)
      node.tell()
      await run.until(run.has(chain))

      expect(node.cuts).toBe(3)
      expect(run.bad).toEqual({})
      expect(run.driven.pipeline.view.feeds[0]!.bad).toEqual({})
      const end = Math.ceil(logs.at(-1)!.t / 20) * 20
      const clean = replayed([spec], logs)
      await clean.done
      expect(run.state(spec.id, end)).toEqual(clean.state(spec.id, end))
      expect(run.state(spec.id, end)).toMatchObject({ day: { n: 6046 } })
    },
    120_000,
  )
})

const SPRING = Date.UTC(2024, 3) / 1000
const OTHER = '0x00000000000000000000000000000000000000bb'
const pools = [poolSpec({ id: 'P' }), poolSpec({ id: 'Q', address: OTHER })]

/** A block in which a pool says what it holds. */
const reserves = (chain: Chain, a: number, b: number, address = ADDRESS): ChainBlock =>
  chain.add(SPRING + 12 * chain.blocks.length, [
    { index: 0, address, ...sync(a, b) },
    { index: 1, address, ...swapV2(1, 0, 0, 1) },
  ])

const small = async (kind: 'http' | 'ws') => {
  const chain = new Chain(500)
  const pair = poolContract(TOKEN0, TOKEN1)
  const node = new TestNode(chain, { [ADDRESS]: pair, [OTHER]: pair, ...TOKENS })
  return { chain, node, url: await started(node, kind) }
}

describe('the logs of a chain, live', () => {
  it.each(KINDS)('of several pools come over one connection, %s', async kind => {
    const { chain, url, node } = await small(kind)
    reserves(chain, 100, 200)
    const run = new Run(feedAt(url, pools, '#from=500'), pools)
    await run.until(run.has(chain))
    reserves(chain, 300, 400, OTHER)
    node.tell()
    await run.until(run.has(chain))
    const t = chain.head.t * 1000
    expect(run.state('P', t)).toMatchObject({ reserves: { 0: '100', 1: '200' }, t: SPRING * 1000 })
    expect(run.state('Q', t)).toMatchObject({ reserves: { 0: '300', 1: '400' }, t })
  })

  it('are of the pools that the feed names, where it names some', async () => {
    const { chain, url } = await small('http')
    reserves(chain, 100, 200)
    reserves(chain, 300, 400, OTHER)
    const run = new Run(feedAt(url, pools, '#from=500&pools=Q'), pools)
    await run.until(() => 'reserves' in run.state('Q', chain.head.t * 1000))
    expect(run.state('P', chain.head.t * 1000)).not.toHaveProperty('reserves')
  })

  it.each([
    ['tells nothing unasked', { subscribes: false }],
    ['says of new blocks only', { tellsRemoved: false }],
    ['tells the times of logs', { tellsTimes: true }],
  ])('follow a reorganisation where the node %s', async (_, behaves) => {
    const { chain, url, node } = await small('ws')
    Object.assign(node, behaves)
    reserves(chain, 1, 2)
    const run = new Run(feedAt(url, pools, '#from=500'), pools)
    await run.until(run.has(chain))
    reserves(chain, 3, 4)
    node.tell()
    await run.until(run.has(chain))
    const gone = chain.cut(1)
    reserves(chain, 5, 6)
    node.tell(gone)
    await run.until(run.has(chain))
    expect(run.taken).toBe(2)
    expect(run.state('P', chain.head.t * 1000)).toMatchObject({ reserves: { 0: '5', 1: '6' }, trades24h: 2 })
  })

  it('are read again, reported in the log and counted, where the chain is taken back farther than it is kept', async () => {
    const { chain, url, node } = await small('ws')
    for (let i = 0; i < KEPT * 2; i++) reserves(chain, i + 1, 2)
    const run = new Run(feedAt(url, pools, '#from=500'), pools)
    await run.until(run.has(chain))
    node.goDown()
    await run.until(() => run.states.at(-1) === 'down')
    chain.cut(KEPT + 5)
    for (let i = 0; i < KEPT + 6; i++) reserves(chain, 7, 1_000 + i)
    node.up()
    await run.until(() => run.bad.gap === 1 && run.hasNewest(chain))
    expect(run.state('P', chain.head.t * 1000)).toMatchObject({ reserves: { 0: '7', 1: String(1_000 + KEPT + 5) } })
    expect(run.lines.filter(({ level }) => level === 50)).toMatchObject([
      { block: 500 + KEPT, msg: expect.stringContaining('taken back farther') },
    ])
  })

  it('say nothing of the address of the node but its host', async () => {
    const { chain, url, node } = await small('http')
    reserves(chain, 1, 2)
    const feed = feedAt(`${url}/v3/secret-of-mine`, pools)
    expect(feed.id).toMatch(/^evm:http:\/\/127\.0\.0\.1:\d+~[0-9a-f]{6}$/)
    const run = new Run(feed, pools)
    await run.until(run.has(chain))
    node.goDown()
    await run.until(() => run.states.at(-1) === 'down')
    expect(run.lines.some(({ msg }) => msg === 'lost the node; retrying')).toBe(true)
    expect(JSON.stringify(run.lines)).not.toContain('secret')
  })

  it('end when they are asked to, though the node answers nothing', async () => {
    const { chain, url, node } = await small('ws')
    reserves(chain, 1, 2)
    const run = new Run(feedAt(url, pools), pools)
    await run.until(run.has(chain))
    node.mute = true
    node.tell()
    run.stop()
    await run.done
  })
})

describe('a node that knows a block before it has the logs of it', () => {
  const ether = 10n ** 18n
  /** A block with 3,000,000 USDC and 1,000 WETH in the pool, one with a swap, and some without logs. */
  const blocks = (empty: number): { t: number; logs: Said[] }[] => [
    { t: SPRING, logs: [{ index: 0, address: ADDRESS, ...sync(3_000_000_000_000n, 1_000n * ether) }] },
    {
      t: SPRING + 12,
      logs: [
        { index: 0, address: ADDRESS, ...sync(3_300_000_000_000n, 910n * ether) },
        { index: 1, address: ADDRESS, ...swapV2(300_000_000_000n, 0, 0, 90n * ether) },
      ],
    },
    ...Array.from({ length: empty }, (_, i) => ({ t: SPRING + 24 + 12 * i, logs: [] })),
  ]
  const priced = [poolSpec({ id: 'P', token0: token('USDC', 6, 'USD') })]

  it.each<[what: string, times: number, later: number]>([
    ['of the newest block, once', 1, 0],
    ['of the newest block, more often', 4, 0],
    ['in a range of new blocks', 1, 2],
    ['in a range of old blocks', 1, KEPT + 30],
  ])('is asked again, by the bloom of the block: it answers with nothing %s', async (_, times, later) => {
    const chain = new Chain(1)
    const node = new TestNode(chain, { [ADDRESS]: poolContract(TOKEN0, TOKEN1), ...TOKENS })
    let left = times
    node.hasLogsOf = ({ logs }) => logs.length < 2 || left-- <= 0
    const url = await started(node, 'http')
    const [first, swap, ...others] = blocks(later)
    const run = new Run(feedAt(url, priced, '#from=1'), priced)
    for (const { t, logs } of later === 0 ? [first!] : [first!, swap!, ...others]) chain.add(t, logs)
    if (later === 0) {
      await run.until(run.has(chain))
      chain.add(swap!.t, swap!.logs)
    }
    await run.until(run.has(chain))
    const state = run.state('P', chain.head.t * 1000)
    expect(state).toMatchObject({ price: 3626.37362637, partial: false, trades24h: 1, volume24h: 300_000 })
    expect(left).toBeLessThan(0)
    expect(run.bad).toEqual({})
  })

  it.each(KINDS)('has all logs of a block asked for where the bloom fits by chance, and goes on, %s', async kind => {
    const { chain, url, node } = await small(kind)
    reserves(chain, 1, 2)
    const run = new Run(feedAt(url, pools, '#from=500'), pools)
    await run.until(run.has(chain))
    // Both pools' addresses are topics of another contract's log: the bloom has them, and no log of theirs.
    const wide = (address: string): string => `0x${address.slice(2).padStart(40, '0')}`
    chain.add(SPRING + 12, [{ index: 0, address: TOKEN0, topics: [wide(ADDRESS), wide(OTHER)], data: '0x' }])
    reserves(chain, 3, 4)
    node.tell()
    await run.until(() => run.hasNewest(chain))
    expect(run.bad).toEqual({})
    expect(run.state('P', chain.head.t * 1000)).toMatchObject({ partial: false, reserves: { 0: '3', 1: '4' } })
  })

  it.each([
    ['has none of the block', () => {}],
    ['gives the logs of all contracts to nobody', (node: TestNode) => Object.assign(node, { wantsAddresses: true })],
  ])('and never has them makes the pool partial, without figures of a day: it %s', async (_, also) => {
    const chain = new Chain(1)
    for (const { t, logs } of blocks(2)) chain.add(t, logs)
    const node = new TestNode(chain, { [ADDRESS]: poolContract(TOKEN0, TOKEN1), ...TOKENS })
    also(node)
    node.hasLogsOf = block => block.logs.length < 2
    const run = new Run(feedAt(await started(node, 'http'), priced, '#from=1'), priced)
    await run.until(() => run.bad.gap === 1)
    const state = run.state('P', chain.head.t * 1000)
    expect(state).toMatchObject({ partial: true })
    for (const name of ['price', 'volume24h', 'fees24h', 'trades24h']) expect(state).not.toHaveProperty(name)
    // The next Sync gives the reserves whole again; what was traded in the day stays unknown.
    node.hasLogsOf = () => true
    chain.add(SPRING + 60, [{ index: 0, address: ADDRESS, ...sync(3_300_000_000_000n, 910n * ether) }])
    await run.until(() => run.hasNewest(chain))
    expect(run.state('P', chain.head.t * 1000)).toMatchObject({ partial: true, price: 3626.37362637 })
    expect(run.state('P', chain.head.t * 1000)).not.toHaveProperty('volume24h')
  })
})

describe('a pool that is not what the configuration says', () => {
  const contracts = { [ADDRESS]: poolContract(TOKEN0, TOKEN1, { fee: 500, tickSpacing: 10 }), ...TOKENS }
  const right: PoolParameters = {
    id: 'P',
    kind: 'uniswap-v3',
    address: ADDRESS,
    feePips: 500,
    tickSpacing: 10,
    token0: { symbol: 'USDC', decimals: 6 },
    token1: { symbol: 'WETH', decimals: 18 },
  }

  it.each<[string, Partial<PoolParameters>, string]>([
    ['fee', { feePips: 3000 }, 'pool P: feePips: found 3000, expected 500, as the contract says'],
    ['tick spacing', { tickSpacing: 60 }, 'pool P: tickSpacing: found 60, expected 10, as the contract says'],
    ['decimals', { token0: { symbol: 'USDC', decimals: 18 } }, 'pool P: token0.decimals: found 18, expected 6, as the contract says'],
    [
      'tokens the other way round',
      { token0: right.token1, token1: right.token0 },
      'pool P: token0.symbol: found "WETH", expected "USDC", as the contract says',
    ],
    [
      'an old token',
      { token1: { symbol: 'ETH', decimals: 18 } },
      'pool P: token1.symbol: found "ETH", expected "WETH", as the contract says',
    ],
    [
      'no contract',
      { address: OTHER },
      `pool P: address: found no contract at ${OTHER}, expected the address of a pool on the chain of this node`,
    ],
    [
      'no pool',
      { address: TOKEN0 },
      `pool P: address: found a contract at ${TOKEN0} that names no tokens, expected a pool of the kind uniswap-v3`,
    ],
  ])('ends the feed with one line: %s', async (_, wrong, line) => {
    const chain = new Chain(500)
    chain.add(SPRING)
    const url = await started(new TestNode(chain, contracts), 'http')
    const run = new Run(feedAt(url, [{ ...right, ...wrong }]), [])
    await expect(run.done).rejects.toThrow(SpecError)
    await expect(run.done).rejects.toThrow(line)
  })

  it('has the tokens that the contracts name, a symbol of 32 bytes too, if the configuration names none', async () => {
    const chain = new Chain(500)
    chain.add(SPRING, [{ index: 0, address: ADDRESS, ...sync(4_000_000_000n, 2n * 10n ** 18n) }])
    const url = await started(new TestNode(chain, { [ADDRESS]: poolContract(TOKEN0, TOKEN1), ...TOKENS }), 'http')
    const unnamed = { ...poolSpec({ id: 'P' }), token0: undefined, token1: undefined }
    const run = new Run(feedAt(url, [{ id: 'P', kind: 'uniswap-v2', address: ADDRESS }], '#from=500'), [unnamed])
    await run.until(run.has(chain))
    expect(run.state('P', chain.head.t * 1000)).toMatchObject({ price: 2_000, reserves: { 0: '4000000000' } })
    expect(run.driven.pipeline.view.pools.get('P')!.spec).toMatchObject({
      token0: { symbol: 'USDC', decimals: 6, asset: 'USDC' },
      token1: { symbol: 'WETH', decimals: 18, asset: 'WETH' },
    })
  })

  it.each<[what: string, over: Record<string, Contract>, line: string]>([
    [
      'no decimals',
      { [TOKEN0]: {} },
      'pool P: token0: found no symbol, expected them in the configuration, because the contract does not say',
    ],
    [
      'a symbol that is no name',
      { [TOKEN1]: tokenContract('W E', 18) },
      'pool P: token1: found the symbol "W E", expected them in the configuration, because the contract does not say',
    ],
    [
      'another curve',
      { [ADDRESS]: { ...poolContract(TOKEN0, TOKEN1), '0x22be3de1': `0x${'1'.padStart(64, '0')}` } },
      'pool P: kind: found "uniswap-v2", expected "a pair',
    ],
  ])('cannot be followed where neither the contract nor the configuration says enough: %s', async (_, over, line) => {
    const chain = new Chain(500)
    chain.add(SPRING)
    const url = await started(new TestNode(chain, { [ADDRESS]: poolContract(TOKEN0, TOKEN1), ...TOKENS, ...over }), 'http')
    const run = new Run(feedAt(url, [{ id: 'P', kind: 'uniswap-v2', address: ADDRESS }]), [])
    await expect(run.done).rejects.toThrow(line.replace(/"/g, line.startsWith('pool P: kind') ? '' : '"'))
  })

  it('is followed where the configuration says what the contract says, or nothing', async () => {
    const chain = new Chain(500)
    chain.add(SPRING)
    const url = await started(new TestNode(chain, contracts), 'http')
    for (const pool of [right, { id: 'P', kind: 'uniswap-v3', address: ADDRESS } as const]) {
      const run = new Run(feedAt(url, [pool]), [])
      await run.until(() => run.states.at(-1) === 'live')
    }
  })
})

describe('a chain as a feed is asked for', () => {
  it.each([
    ['evm:', 'evm: found no address of a node'],
    ['evm:ftp://host', 'evm: found no address of a node'],
    ['evm:wss://host/key#from=newest', /^evm:wss:\/\/host~[0-9a-f]{6}#from=newest: found from=newest, expected the number of a block/],
    ['evm:wss://host#since=1', 'evm:wss://host#since=1: found "since"'],
    ['evm:wss://host#pools=X', 'evm:wss://host#pools=X: found pool "X", expected one under "pools" that has an address'],
  ])('%s is refused', (spec, why) => {
    expect(() => evmFeed({ spec, pools, timeouts: CONNECTION_TIMEOUTS, environment: quick })).toThrow(why)
  })

  it('is refused where no pool has an address', () => {
    expect(() => feedAt('wss://host', [{ id: 'P', kind: 'uniswap-v2' }])).toThrow('found no pool to follow')
  })
})

it('a log keeps its place and its block’s time', async () => {
  const { chain, url } = await small('http')
  reserves(chain, 1, 2)
  const run = new Run(feedAt(url, pools), pools)
  await run.until(run.has(chain))
  expect(chain.logs).toEqual([logAt(500, 0, sync(1, 2), SPRING * 1000), logAt(500, 1, swapV2(1, 0, 0, 1), SPRING * 1000)])
})
