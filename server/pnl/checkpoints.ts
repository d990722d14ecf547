import { createHash } from 'node:crypto'
import type { Checkpoint } from '../../streams/pnl/hours.ts'
import type { PositionRules } from '../../streams/pnl/positions.ts'
import type { Transaction } from '../../streams/pnl/transaction.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { quoted } from '../storage/engine/migrate.ts'
import { type Codec, codecOf } from '../storage/engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../storage/engine/select.ts'
import { TIME } from '../storage/engine/tables.ts'
import type { CandleFingerprint } from './closes.ts'

/** What is kept of a month's hours: from what they were computed, and what they led to. Times in ms. */
export interface MonthCheckpoint {
  /** Beginning of the month. */
  readonly month: number
  /** The last hour's end: that of the month, or where it was not over, an earlier one. */
  readonly t: number
  /** Of rules, transactions and the checkpoint before: see `digestOf`. '' where the rows are no longer to be trusted. */
  readonly digest: string
  /** Digest of the checkpoint itself. */
  readonly content: string
  /** Of the candles. */
  readonly mark: CandleFingerprint
  /** When it was stored. */
  readonly stored: number
}

/** Goes up when the same rules, transactions and candles come to other rows. */
const FORM = 1

/**
 * What the hours after `from` (ms) depend on, but for the candles: the rules, their transactions, and the content of the
 * checkpoint before, by which it depends on all that came earlier.
 */
export const digestOf = (rules: PositionRules, from: number, before: string, transactions: readonly Transaction[]): string => {
  const { quote, method, feesInCost, tracksCash } = rules
  const lines = transactions.map(({ t, type, asset, qty, price, fee, cost }) => `${t},${type},${asset},${qty},${price},${fee},${cost}`)
  const head = JSON.stringify([FORM, quote, method, feesInCost, tracksCash, from, before])
  return sha256([head, ...lines].join('\n'))
}

/** Of all months of a portfolio, oldest first. */
export const readKept = async (engine: Engine, id: string): Promise<MonthCheckpoint[]> => {
  const input = await select(
    engine,
    `SELECT month, t, digest, content, ticks, newest, stored FROM ${tableIn(engine)} FINAL WHERE id = {id:String} ORDER BY month ${READ_LIMITS}`,
    { id },
  )
  const kept: MonthCheckpoint[] = []
  while (!input.ended) {
    kept.push({
      month: ms.read(input),
      t: ms.read(input),
      digest: text.read(input),
      content: text.read(input),
      mark: { ticks: Number(count.read(input)), newest: ms.read(input) },
      stored: ms.read(input),
    })
  }
  return kept
}

export const readCheckpoint = async (engine: Engine, id: string, month: number): Promise<Checkpoint> => {
  const input = await select(
    engine,
    `SELECT checkpoint FROM ${tableIn(engine)} FINAL WHERE id = {id:String} AND month = ${timeOf('month')} ${READ_LIMITS}`,
    { id, month },
  )
  return JSON.parse(text.read(input)) as Checkpoint
}

export const contentOf = (checkpoint: string): string => sha256(checkpoint)

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Keeps a month's checkpoint in place of the one before it. */
export const keep = async (engine: Engine, id: string, kept: MonthCheckpoint, checkpoint: string): Promise<void> => {
  const { month, t, digest, content, mark, stored } = kept
  await engine.client.insert({
    table: tableIn(engine),
    values: [{ id, month, t, digest, content, ...mark, checkpoint, stored }],
    format: 'JSONEachRow',
    clickhouse_settings: { async_insert: 0 },
  })
}

const tableIn = ({ database }: Engine): string => `${quoted(database)}.pnl_checkpoints`

const text = codecOf('String') as Codec<string>
const count = codecOf('UInt64') as Codec<bigint>
const ms = codecOf(TIME) as Codec<number>
