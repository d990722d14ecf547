import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MINUTE } from '../../streams/market/candles.ts'
import type { ChainLog } from '../../streams/pools/chainLog.ts'
import type { PoolSpec } from '../../streams/pools/spec.ts'
import {
  initializeV3,
  logAt,
  mintV3,
  poolSpec,
  recordedLog,
  removed,
  type Said,
  swapV2,
  swapV3,
  sync,
  token,
} from '../../streams/test/chain.ts'
import { Driven, NOON } from '../../streams/test/drive.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { readPast } from '../storage/read/past.ts'
import { insertPoolLogs } from '../storage/write/poolLogs.ts'
import { tries } from './effort.ts'
import { haveRecordings, recordedLines } from './recordings.ts'
import { KINDS_ABOVE, sharedEngine } from './storageKit.ts'

const COINS = { token0: token('USDC', 6, 'USD'), token1: token('WETH', 18, 'ETH') } as const
const SQRT_ONE = 2n ** 96n

/** A pipeline with one pool that somebody watches, and the end of its last frame. */
class Run {
  readonly driven: Driven
  private version = 0n

  constructor(spec: PoolSpec, awaitsPast: boolean) {
    this.driven = new Driven({ pools: [spec], awaitsPast })
    this.driven.watch('pool:P')
  }

  /** Takes logs in, those of one time in one frame. */
  take(logs: readonly ChainLog[]): void {
    let end = 0
    for (const [i, log] of logs.entries()) {
      const last = end
      end = Math.max(last, Math.ceil(log.t / 20) * 20)
      if (end > last) {
        this.driven.clock(last)
        this.driven.clock(end - 20)
      }
      this.driven.send({ kind: 'chain', feed: 0, logs: [log], messages: 1, bad: {} })
      if (i === logs.length - 1) this.driven.clock(end)
    }
  }

  get state(): object {
    return this.driven.state('pool:P')
  }

  /** The rows of the pool after a time (ms). */
  rowsAfter(t: number): object[] {
    return this.driven.frames.flatMap(({ rows }) => rows.measures.filter(row => row.t > t))
  }

  /** Stores what its pool has taken in. */
  async store(engine: Engine, later = 0n): Promise<void> {
    const logs = this.driven.frames.flatMap(frame => frame.logs)
    for (let i = 0; i < logs.length; i += 5_000)
      await insertPoolLogs(
        engine,
        logs.slice(i, i + 5_000).map(log => ({ ...log, version: later + ++this.version })),
      )
  }
}

/** Runs the logs up to a place in one run and the others in a second one, which knows the first by the store alone. */
const cutAt = async (engine: Engine, spec: PoolSpec, logs: readonly ChainLog[], cut: number, lived = false) => {
  await engine.client.command({ query: `TRUNCATE TABLE ${engine.database}.pool_logs` })
  const first = new Run(spec, false)
  first.take(logs.slice(0, cut))
  await first.store(engine)
  const second = new Run(spec, true)
  const rest = logs.slice(cut)
  second.driven.send(await readPast(engine, lived ? Number.POSITIVE_INFINITY : (rest[0]?.t ?? Number.POSITIVE_INFINITY), { pools: [spec] }))
  second.take(rest)
  if (rest.length === 0) second.driven.clock(logs.at(-1)!.t)
  return second
}

const whole = (spec: PoolSpec, logs: readonly ChainLog[]): Run => {
  const run = new Run(spec, false)
  run.take(logs)
  return run
}

const swapsV2: Said[] = Array.from({ length: 12 }, (_, i) => swapV2(BigInt(i + 1) * 10n ** 6n, 0, 0, 10n ** 15n))
/** What logs of a small pool say, and its kind. */
const SMALL: { readonly [name: string]: { readonly spec: PoolSpec; readonly said: readonly Said[] } } = {
  'a pair': { spec: poolSpec({ ...COINS }), said: swapsV2.flatMap((swap, i) => [sync(10n ** 12n + BigInt(i), 10n ** 21n), swap]) },
  'a v3 pool from its beginning': {
    spec: poolSpec({ ...COINS, kind: 'uniswap-v3' }),
    said: [
      initializeV3(SQRT_ONE, 0),
      mintV3(-600, 600, 10n ** 20n),
      ...Array.from({ length: 20 }, (_, i) => swapV3(5n + BigInt(i), -4n, SQRT_ONE - BigInt(i), 10n ** 20n, i === 0 ? 0 : -1)),
    ],
  },
  'a v3 pool with an event that nobody knows': {
    spec: poolSpec({ ...COINS, kind: 'uniswap-v3' }),
    said: [
      ...Array.from({ length: 6 }, () => swapV3(5n, -4n, SQRT_ONE, 9n, 0)),
      { topics: [`0x${'ab'.repeat(32)}`], data: `0x${'00'.repeat(32 * 6)}` },
      ...Array.from({ length: 6 }, () => swapV3(5n, -4n, SQRT_ONE, 9n, 0)),
    ],
  },
}

describe.each(KINDS_ABOVE)('a pool after a restart is what it would have been without (%s)', kind => {
  const database = sharedEngine(kind)

  it.each(Object.keys(SMALL))('cut anywhere, with blocks taken back: %s', async name => {
    const engine = await database()
    const { spec, said } = SMALL[name]!
    await fc.assert(
      fc.asyncProperty(fc.nat(said.length), fc.nat(6), fc.boolean(), async (at, gone, lived) => {
        // Four blocks a minute; the newest are taken back and stand again, later in their block.
        const placed = said.map((each, i) => logAt(100 + (i >> 1), i % 2, each, NOON + (i >> 1) * 15_000))
        const before = placed.slice(0, at)
        const back = before.slice(Math.max(0, at - gone))
        const again = back.map(log => ({ ...log, index: log.index + 5 }))
        const logs = [...before, ...back.map(removed).reverse(), ...again, ...placed.slice(at)].map((log, i) => ({
          ...log,
          ...(i > at && !log.removed && { block: log.block + 10 }),
        }))
        const cut = lived ? at : Math.min(at + back.length, logs.length)
        const full = whole(spec, logs)
        const second = await cutAt(engine, spec, logs, cut, lived)
        expect(second.state).toEqual(full.state)
        expect(second.driven.agrees()).toBe(true)
      }),
      { numRuns: tries(5) },
    )
  })

  it('with the same rows, when the same logs come again from the beginning', async () => {
    const engine = await database()
    const { spec, said } = SMALL['a pair']!
    const logs = said.map((each, i) => logAt(100 + (i >> 1), i % 2, each, NOON + (i >> 1) * 15_000))
    const full = whole(spec, logs)
    await engine.client.command({ query: `TRUNCATE TABLE ${engine.database}.pool_logs` })
    await full.store(engine)
    const again = new Run(spec, true)
    again.driven.send(await readPast(engine, NOON, { pools: [spec] }))
    again.take(logs)
    expect(again.state).toEqual(full.state)
    await again.store(engine, 1_000n)
    const third = new Run(spec, true)
    third.driven.send(await readPast(engine, Number.POSITIVE_INFINITY, { pools: [spec] }))
    third.driven.clock(logs.at(-1)!.t)
    expect(third.state).toEqual(full.state)
  })

  it('but for what was lost on the way to the store: that is known, and said', async () => {
    const engine = await database()
    const { spec, said } = SMALL['a pair']!
    const logs = said.map((each, i) => logAt(100 + (i >> 1), i % 2, each, NOON + (i >> 1) * MINUTE))
    await engine.client.command({ query: `TRUNCATE TABLE ${engine.database}.pool_logs` })
    await whole(spec, logs).store(engine)
    await engine.client.command({
      query: `DELETE FROM ${engine.database}.pool_logs WHERE block IN (104, 105)`,
      clickhouse_settings: { mutations_sync: '2' },
    })
    const run = new Run(spec, true)
    run.driven.send(await readPast(engine, Number.POSITIVE_INFINITY, { pools: [spec] }))
    run.driven.clock(logs.at(-1)!.t)
    expect(run.state).toMatchObject({ since: NOON + 6 * MINUTE, reserves: { 0: String(10n ** 12n + 11n) } })
  })

  it.each([true, false])('also if its tokens are known by its contract alone, before the store has answered: %s', async early => {
    const engine = await database()
    const { spec, said } = SMALL['a pair']!
    const logs = said.map((each, i) => logAt(100 + (i >> 1), i % 2, each, NOON + (i >> 1) * MINUTE))
    await engine.client.command({ query: `TRUNCATE TABLE ${engine.database}.pool_logs` })
    const full = whole(spec, logs)
    await full.store(engine)
    const unnamed: PoolSpec = { ...spec, token0: undefined, token1: undefined }
    const run = new Run(unnamed, true)
    const tokens = [{ address: spec.address, token0: { symbol: 'USD', decimals: 6 }, token1: { symbol: 'ETH', decimals: 18 } }]
    const past = await readPast(engine, Number.POSITIVE_INFINITY, { pools: [unnamed] })
    const learn = (): void => run.driven.send({ kind: 'chain', feed: 0, logs: [], messages: 0, bad: {}, tokens })
    if (early) learn()
    run.driven.send(past)
    if (!early) learn()
    run.driven.clock(logs.at(-1)!.t)
    expect(run.state).toEqual(full.state)
  })

  it.skipIf(!haveRecordings)('a recorded day, cut in two: every figure, and every row after the cut', { timeout: 120_000 }, async () => {
    const engine = await database()
    const spec = poolSpec({ ...COINS, kind: 'uniswap-v3', address: '0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640', feePips: 500 })
    const logs = recordedLines('dex/univ3_eth_usdc_weth_005_20240105_rawlogs.ndjson.gz').map(recordedLog)
    const full = whole(spec, logs)
    for (const cut of [1, 2_711, logs.length - 1]) {
      const second = await cutAt(engine, spec, logs, cut)
      expect(second.state).toEqual(full.state)
      const end = Math.ceil(logs[cut]!.t / 1_000) * 1_000
      expect(second.rowsAfter(end)).toEqual(full.rowsAfter(end))
    }
    expect(full.state).toMatchObject({ day: { n: 6046 } })
  })
})
