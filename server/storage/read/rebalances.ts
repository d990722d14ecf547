import type { Entry } from '../../../streams/ledger/entry.ts'
import { readEntry } from '../../../streams/ledger/entryText.ts'
import { opened, type RebalanceState, stepped } from '../../../streams/ledger/rebalanceState.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { type Codec, codecOf } from '../engine/rowBinary.ts'
import { READ_LIMITS, select } from '../engine/select.ts'
import { openReader } from './reader.ts'

/** Rebalances of funds as they went. */
export interface Rebalances {
  /** Returns a fund's rebalances, newest first, at most `limit`, with numbers below `before`. Throws as a `Reader`. */
  of(fund: string, before: number, limit: number): Promise<readonly RebalanceState[]>
}

/** Steps of the trades of one page. */
const STEPS_MAX = 100_000

/** Opens the rebalances as the copy of the journal has them. */
export const openRebalances = (engine: Promise<Engine>, journal: string): Rebalances => {
  const read = openReader(engine)
  return { of: (fund, before, limit) => read(running => rebalancesOf(running, { journal, fund }, before, limit)) }
}

interface Of {
  readonly journal: string
  readonly fund: string
}

const rebalancesOf = async (engine: Engine, of: Of, before: number, limit: number): Promise<RebalanceState[]> => {
  const begun = await entriesOf(engine, "kind = 'rebalance' AND JSONExtractUInt(text, 'id') < {before:UInt64}", 'DESC', limit, {
    ...of,
    before,
  })
  const states = new Map<number, RebalanceState>()
  for (const entry of begun) if (entry.kind === 'rebalance') states.set(entry.id, opened(entry))
  if (states.size === 0) return []
  // A trade is named after its rebalance: `2-1` is the first of the second.
  const steps = await entriesOf(
    engine,
    `(kind = 'trade' AND toUInt64OrZero(splitByChar('-', JSONExtractString(text, 'trade'))[1]) IN {ids:Array(UInt64)})
      OR (kind = 'rebalanced' AND JSONExtractUInt(text, 'id') IN {ids:Array(UInt64)})`,
    'ASC',
    STEPS_MAX,
    { ...of, ids: [...states.keys()] },
  )
  for (const entry of steps) {
    if (entry.kind !== 'trade' && entry.kind !== 'rebalanced') continue
    const id = entry.kind === 'trade' ? Number.parseInt(entry.trade, 10) : entry.id
    const state = states.get(id)!
    states.set(id, entry.kind === 'trade' ? stepped(state, entry) : { ...state, ended: { t: entry.at, outcome: entry.outcome } })
  }
  return [...states.values()]
}

const entriesOf = async (
  engine: Engine,
  condition: string,
  order: 'ASC' | 'DESC',
  most: number,
  parameters: Readonly<Record<string, unknown>>,
): Promise<Entry[]> => {
  const input = await select(
    engine,
    `SELECT text FROM ${quoted(engine.database)}.entries FINAL
     WHERE journal = {journal:String} AND fund = {fund:String} AND (${condition}) ORDER BY seq ${order} LIMIT {most:UInt32} ${READ_LIMITS}`,
    { ...parameters, most },
  )
  const entries: Entry[] = []
  while (!input.ended) entries.push(readEntry(text.read(input)))
  return entries
}

const text = codecOf('String') as Codec<string>
