import { z } from 'zod'
import { floorTo, MINUTE } from '../../../../streams/market/candles.ts'
import { inRanges } from '../blockRanges.ts'
import { type Asked, assetByAsset, type CollectedFact, type Collector } from '../collector.ts'
import { type BlockTime, hex, JsonRpc, type NodeOptions } from '../jsonRpc.ts'
import { SourceError } from '../sourceError.ts'
import {
  AGGREGATOR_CONFIRMED,
  ANSWER_UPDATED,
  type FeedTerms,
  isPriceAt,
  LOG,
  type Log,
  phaseOf,
  priceOf,
  type Round,
  roundOf,
  roundOfCall,
} from './rounds.ts'

/** A feed by its proxy. */
export interface ChainlinkFeed {
  readonly proxy: string
  /** ms within which it updates, whatever the price does. */
  readonly heartbeatMs: number
}

/** The node of a chain, and feeds there. */
export interface ChainlinkOptions {
  readonly node: NodeOptions
  /** As facts name the chain. */
  readonly chain: string
  /** By asset; each gives USD for one. */
  readonly feeds: Readonly<Record<string, ChainlinkFeed>>
  readonly everyMs: number
}

const SELECTORS = {
  latestRoundData: '0xfeaf968c',
  decimals: '0x313ce567',
  aggregator: '0x245a7bfc',
  minAnswer: '0x22adbc78',
  maxAnswer: '0x70da2f67',
} as const

/** Minutes that are filled in at most after a rest: they are shown for two days. */
const FILLED_MAX = 2 * 24 * 60
/** Blocks that are looked through for older rounds: about two days of Ethereum. */
const BLOCKS_BACK_MAX = 16_000
const BLOCKS_A_STEP = 500

interface Constants extends Omit<FeedTerms, 'heartbeatMs'> {
  readonly decimals: number
  readonly aggregator: string
}

/** Collects the answers of Chainlink's feeds, each minute the one that stood at its beginning. A feed that is behind its heartbeat gives none. */
export const chainlinkCollector = ({ node, chain, feeds, everyMs }: ChainlinkOptions): Collector => {
  const rpc = new JsonRpc(node)
  /** By proxy and phase. */
  const known = new Map<string, Constants>()

  async function* of(asset: string, { proxy, heartbeatMs }: ChainlinkFeed, asked: Asked): AsyncGenerator<CollectedFact[]> {
    const { now, signal, since } = asked
    const newest = await rpc.newest(signal)
    const last = roundOfCall(await rpc.read(proxy, SELECTORS.latestRoundData, newest.number, signal))
    if (last === undefined) throw new SourceError(`chainlink ${asset}: found no round at ${proxy}, expected the proxy of a feed`, undefined)
    const { phase } = phaseOf(last.id)
    const key = `${proxy} ${phase}`
    const constants = known.get(key) ?? (await constantsOf(rpc, proxy, newest.number, signal))
    known.set(key, constants)
    // A node that is behind does not know what stood later.
    const minute = floorTo(Math.min(now, newest.t), MINUTE)
    const before = since(asset, 'oraclePrice')
    const first = before === undefined ? minute : Math.max(before + MINUTE, minute - FILLED_MAX * MINUTE)
    const search = { rpc, proxy, aggregator: constants.aggregator, phase, newest, first, signal }
    const found = last.updatedAt <= first ? { rounds: [], from: first } : await roundsBack(search)
    const stood = standing([...found.rounds, last], found.from, minute, { ...constants, heartbeatMs })
    yield stood.map(({ period, round }) => ({
      ...{ asset, metric: 'oraclePrice', period, value: priceOf(round, constants.decimals) },
      ref: `${chain} ${proxy} round ${round.id} (phase ${phaseOf(round.id).phase}, ${phaseOf(round.id).own})`,
    }))
  }

  return {
    source: 'chainlink',
    everyMs,
    get figures() {
      return rpc.figures
    },
    collect: asked => assetByAsset(feeds, asked, (asset, feed) => of(asset, feed, asked)),
  }
}

/** Returns the round that stood at the beginning of each minute, without those at which none gave a price. */
export const standing = (
  rounds: readonly Round[],
  first: number,
  last: number,
  terms: FeedTerms,
): { readonly period: number; readonly round: Round }[] => {
  const inOrder = [...rounds].sort((a, b) => a.updatedAt - b.updatedAt || Number(a.id - b.id))
  const found: { period: number; round: Round }[] = []
  for (let period = first; period <= last; period += MINUTE) {
    const round = inOrder.findLast(({ updatedAt }) => updatedAt <= period)
    if (round && isPriceAt(round, period, terms)) found.push({ period, round })
  }
  return found
}

const constantsOf = async (rpc: JsonRpc, proxy: string, block: number, signal: AbortSignal): Promise<Constants> => {
  /** Returns a word; undefined if the contract does not have the function. */
  const word = async (to: string, selector: string): Promise<bigint | undefined> => {
    try {
      const data = await rpc.read(to, selector, block, signal)
      return data.length === 66 ? BigInt(data) : undefined
    } catch (error) {
      if (error instanceof SourceError && error.status === 200) return undefined
      throw error
    }
  }
  const decimals = await word(proxy, SELECTORS.decimals)
  if (decimals === undefined) throw new SourceError(`chainlink: found no decimals at ${proxy}, expected the proxy of a feed`, undefined)
  // What has no aggregator is one, and not all are clamped.
  const found = await word(proxy, SELECTORS.aggregator)
  const aggregator = found === undefined ? proxy.toLowerCase() : `0x${found.toString(16).padStart(40, '0')}`
  const least = BigInt.asIntN(256, (await word(aggregator, SELECTORS.minAnswer)) ?? 0n)
  const most = BigInt.asIntN(256, (await word(aggregator, SELECTORS.maxAnswer)) ?? (1n << 255n) - 1n)
  return { decimals: Number(decimals), aggregator, least, most }
}

interface Search {
  readonly rpc: JsonRpc
  readonly proxy: string
  readonly aggregator: string
  readonly phase: bigint
  readonly newest: BlockTime
  /** ms: rounds are wanted from the one on that stood then. */
  readonly first: number
  readonly signal: AbortSignal
}

/** Returns the rounds of the phase by their events, and from when on (ms) the proxy has answered with them, as far as blocks are looked through. */
const roundsBack = async ({ rpc, proxy, aggregator, phase, newest, first, signal }: Search) => {
  const address = [aggregator, proxy]
  const topics = [[ANSWER_UPDATED, AGGREGATOR_CONFIRMED]]
  const ask = (fromBlock: number, toBlock: number): Promise<Log[]> =>
    rpc.call('eth_getLogs', [{ fromBlock: hex(fromBlock), toBlock: hex(toBlock), address, topics }], z.array(LOG), signal)
  const rounds: Round[] = []
  for (let to = newest.number; to > Math.max(0, newest.number - BLOCKS_BACK_MAX); to -= BLOCKS_A_STEP) {
    const logs: Log[] = []
    for await (const some of inRanges(ask, Math.max(0, to - BLOCKS_A_STEP + 1), to)) logs.push(...some)
    rounds.push(...logs.flatMap(log => (log.address.toLowerCase() === aggregator ? (roundOf(log, phase) ?? []) : [])))
    const confirmed = logs.findLast(({ topics: [topic] }) => topic === AGGREGATOR_CONFIRMED)
    // Before that the proxy answered with another aggregator's rounds.
    if (confirmed) return { rounds, from: Math.max(first, ceilTo((await rpc.block(confirmed.blockNumber, signal))?.t ?? newest.t, MINUTE)) }
    if (rounds.some(({ updatedAt }) => updatedAt <= first)) break
  }
  return { rounds, from: first }
}

const ceilTo = (t: number, step: number): number => Math.ceil(t / step) * step
