import { z } from 'zod'
import type { Metric } from '../../../streams/analytics/features/metrics.ts'
import { DAY, floorTo } from '../../../streams/market/candles.ts'
import { inRanges } from './blockRanges.ts'
import { addressesIn, feesIn } from './blocks.ts'
import type { Asked, CollectedFact, Collector } from './collector.ts'
import { Distinct } from './distinct.ts'
import { type BlockTime, hex, JsonRpc, type NodeOptions } from './jsonRpc.ts'

/** A token by its contract. */
export interface ChainToken {
  readonly address: string
  readonly decimals: number
  /** Its transfers are counted: of busy tokens these are millions of events a day. */
  readonly transfers: boolean
}

/** The node of a chain, and what is counted there. */
export interface ChainOptions {
  readonly node: NodeOptions
  /** Its name: the asset of the metrics of the chain. */
  readonly chain: string
  /** Every block is read with its transactions: thousands of answers a day. */
  readonly addresses: boolean
  /** By asset. */
  readonly tokens: Readonly<Record<string, ChainToken>>
  readonly everyMs: number
}

const TOTAL_SUPPLY = '0x18160ddd'
/** keccak256("Transfer(address,address,uint256)") */
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
const NOBODY = `0x${'0'.repeat(64)}`
/** Days of the past that are made up for after a rest. */
const DAYS_MAX = 7
/** Blocks after which a day counts as settled. */
const SETTLED = 64

const TRANSFERS = z.array(z.object({ topics: z.array(z.string()), removed: z.boolean().optional() }))

/** The blocks of a whole day. */
interface DayOfBlocks {
  readonly first: number
  readonly last: number
}

/** Collects what a chain says of itself and of tokens, of whole days: block by block, from the first at or after 00:00 UTC on. */
export const chainCollector = ({ node, chain, addresses, tokens, everyMs }: ChainOptions): Collector => {
  const rpc = new JsonRpc(node)

  async function* collect({ since, now, signal, failed }: Asked): AsyncGenerator<CollectedFact[]> {
    /** Gives the facts of an asset; if there are none the others have their turn. */
    const attempt = async (asset: string, facts: () => Promise<CollectedFact[]>): Promise<CollectedFact[]> => {
      try {
        return await facts()
      } catch (error) {
        signal.throwIfAborted()
        failed(asset, error as Error)
        return []
      }
    }
    const newest = await rpc.newest(signal)
    const today = floorTo(now, DAY)
    for (const [asset, token] of Object.entries(tokens)) {
      if (since(asset, 'totalSupply') === today) continue
      yield await attempt(asset, () => supplyOf(rpc, chain, asset, token, newest, today, signal))
    }
    for (let period = today - DAYS_MAX * DAY; period < today; period += DAY) {
      const lacks = (asset: string, metric: Metric): boolean => (since(asset, metric) ?? today - 2 * DAY) < period
      const counted = Object.entries(tokens).filter(([asset, { transfers }]) => transfers && lacks(asset, 'transfers'))
      const lacksAddresses = addresses && lacks(chain, 'transactions')
      if (!lacks(chain, 'blocks') && !lacksAddresses && counted.length === 0) continue
      const day = await wholeDay(rpc, period, newest, signal)
      if (day === undefined) return
      const { first, last } = day
      const ref = `${chain} blocks ${first}-${last}`
      const facts = (asset: string, figures: Partial<Record<Metric, number | undefined>>): CollectedFact[] =>
        Object.entries(figures).flatMap(([metric, value]) =>
          value === undefined ? [] : [{ asset, metric: metric as Metric, period, value, ref }],
        )
      if (lacks(chain, 'blocks')) yield await attempt(chain, async () => facts(chain, await feesIn(rpc, first, last, signal)))
      for (const [asset, { address }] of counted)
        yield await attempt(asset, async () => facts(asset, await transfersIn(rpc, address, day, signal)))
      if (lacksAddresses) yield await attempt(chain, async () => facts(chain, await addressesIn(rpc, first, last, signal)))
    }
  }

  return {
    source: 'chain',
    everyMs,
    get figures() {
      return rpc.figures
    },
    collect,
  }
}

/** Returns the blocks of the day that begins at `period` (ms); undefined if the day is not settled yet. */
const wholeDay = async (rpc: JsonRpc, period: number, newest: BlockTime, signal: AbortSignal): Promise<DayOfBlocks | undefined> => {
  const next = await rpc.firstAt(period + DAY, newest, signal)
  if (next === undefined || newest.number - next.number < SETTLED) return undefined
  const first = await rpc.firstAt(period, next, signal)
  return first === undefined || first.number === next.number ? undefined : { first: first.number, last: next.number - 1 }
}

const supplyOf = async (
  rpc: JsonRpc,
  chain: string,
  asset: string,
  { address, decimals }: ChainToken,
  { number, t }: BlockTime,
  today: number,
  signal: AbortSignal,
): Promise<CollectedFact[]> => {
  // A node that is behind would say what was yesterday.
  if (t < today) return []
  const data = await rpc.read(address, TOTAL_SUPPLY, number, signal)
  if (data.length !== 66) throw new RangeError(`${chain} ${asset}: found no totalSupply() at ${address}, expected a token`)
  const value = Number(`${BigInt(data)}e-${decimals}`)
  return [{ asset, metric: 'totalSupply', period: today, value, ref: `${chain} block ${number}` }]
}

/** Returns transfers of a token, and how many sent and got some. What was made or destroyed was nobody's before or after. */
const transfersIn = async (rpc: JsonRpc, address: string, { first, last }: DayOfBlocks, signal: AbortSignal) => {
  const ask = (from: number, to: number) =>
    rpc.call('eth_getLogs', [{ fromBlock: hex(from), toBlock: hex(to), address, topics: [TRANSFER] }], TRANSFERS, signal)
  const [senders, receivers] = [new Distinct(), new Distinct()]
  let transfers = 0
  for await (const logs of inRanges(ask, first, last))
    for (const {
      topics: [, from, to],
    } of logs) {
      if (from === undefined || to === undefined) continue
      transfers += 1
      if (from !== NOBODY) senders.add(from)
      if (to !== NOBODY) receivers.add(to)
    }
  return { transfers, senders: senders.count, receivers: receivers.count }
}
