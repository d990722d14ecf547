import { formatDecimal } from '../../streams/lib/decimal.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { quoted } from '../storage/engine/migrate.ts'
import { tickerOf } from './coin.ts'
import type { AtomicSwap } from './swap.ts'

/** What became of swaps. */
export interface Stored {
  /** Swaps that were not there, or of which less was known. */
  readonly accepted: number
  /** Swaps that were there with all that these rows know. */
  readonly known: number
}

/** Ids in one query. */
const IDS_PER_QUERY = 1_000

/** Stores swaps in ClickHouse, each once however often it comes. Two calls at once may both count a swap as new, so one waits for the other. */
export const storeSwaps = async (engine: Engine, swaps: readonly AtomicSwap[]): Promise<Stored> => {
  const newest = new Map<string, AtomicSwap>()
  for (const swap of swaps) if (!((newest.get(swap.id)?.version ?? -1n) >= swap.version)) newest.set(swap.id, swap)
  const there = new Map<string, bigint>()
  const ids = [...newest.keys()]
  for (let i = 0; i < ids.length; i += IDS_PER_QUERY)
    for (const [id, version] of await versionsOf(engine, ids.slice(i, i + IDS_PER_QUERY))) there.set(id, version)
  const fresh = [...newest.values()].filter(({ id, version }) => version > (there.get(id) ?? -1n))
  await insertSwaps(engine, fresh)
  return { accepted: fresh.length, known: swaps.length - fresh.length }
}

const versionsOf = async ({ client, database }: Engine, ids: readonly string[]): Promise<[string, bigint][]> => {
  const answer = await client.query({
    query: `SELECT id, toString(max(version)) AS version FROM ${quoted(database)}.swaps WHERE id IN {ids:Array(String)} GROUP BY id`,
    query_params: { ids },
    format: 'JSONEachRow',
  })
  return (await answer.json<{ id: string; version: string }>()).map(({ id, version }) => [id, BigInt(version)])
}

/** Inserts swaps as they are: all of pools, or none of them. A reorganisation took back those in `removed`. */
export const insertSwaps = async (
  { client, database }: Engine,
  swaps: readonly AtomicSwap[],
  removed: ReadonlySet<AtomicSwap> = new Set(),
): Promise<void> => {
  if (swaps.length === 0) return
  await client.insert({
    table: `${quoted(database)}.${swaps[0]!.market === '' ? 'swaps' : 'pool_trades'}`,
    values: swaps.map(swap => ({
      id: swap.id,
      version: String(swap.version),
      deleted: removed.has(swap) ? 1 : 0,
      market: swap.market,
      t: timeText(swap.t),
      started: timeText(swap.started),
      maker_coin: swap.makerCoin,
      taker_coin: swap.takerCoin,
      maker: tickerOf(swap.makerCoin) ?? swap.makerCoin,
      taker: tickerOf(swap.takerCoin) ?? swap.takerCoin,
      maker_amount: formatDecimal(swap.makerAmount),
      taker_amount: formatDecimal(swap.takerAmount),
      maker_usd: known(swap.makerUsd),
      taker_usd: known(swap.takerUsd),
    })),
    format: 'JSONEachRow',
    clickhouse_settings: { async_insert: 0, max_partitions_per_insert_block: '0' },
  })
}

/** Returns a time (ms) as ClickHouse reads it. */
export const timeText = (t: number): string => new Date(t).toISOString().slice(0, -1).replace('T', ' ')

const known = (value: number): number | null => (Number.isFinite(value) ? value : null)
