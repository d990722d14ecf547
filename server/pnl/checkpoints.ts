import { createHash } from 'node:crypto'
import { type AssetEvent, writeAssetEvent } from '../../streams/market/assetEvent.ts'
import type { Checkpoint, HourRules } from '../../streams/pnl/hours.ts'
import type { Transaction } from '../../streams/pnl/transaction.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { quoted } from '../storage/engine/migrate.ts'
import { type Codec, codecOf } from '../storage/engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../storage/engine/select.ts'
import { TIME } from '../storage/engine/tables.ts'
import type { CandleFingerprint } from './closes.ts'

/** What is stored of a month's hours: from what they were computed, and what they led to. Times in ms. */
export interface MonthCheckpoint {
  /** Beginning of the month. */
  readonly month: number
  /** End of the last hour: the month's end, or an earlier hour if the month was not over. */
  readonly t: number
  /** Digest of rules, transactions and the checkpoint before: see `digestOf`. '' if the rows can no longer be trusted. */
  readonly digest: string
  /** Digest of the checkpoint itself. */
  readonly content: string
  /** Fingerprint of the candles. */
  readonly candles: CandleFingerprint
  /** When it was stored. */
  readonly stored: number
}

/** Raised when the same rules, transactions and candles lead to other rows. */
const FORM = 2

/**
 * Returns the digest of all that the hours after `from` (ms) depend on, except the candles: the rules, their transactions, what happened to
 * their assets, and the content of the checkpoint before, by which they depend on everything earlier.
 */
export const digestOf = (
  rules: HourRules,
  from: number,
  before: string,
  transactions: readonly Transaction[],
  events: readonly AssetEvent[] = [],
): string => {
  const { quote, method, feesInCost, tracksCash, ignore = [] } = rules
  const lines = transactions.map(({ t, type, asset, qty, price, fee, cost }) => `${t},${type},${asset},${qty},${price},${fee},${cost}`)
  const head = JSON.stringify([FORM, quote, method, feesInCost, tracksCash, [...ignore].sort(), from, before])
  const happened = events.map(event => JSON.stringify(writeAssetEvent(event)))
  return sha256([head, ...lines, ...happened].join('\n'))
}

/** Reads the checkpoints of all months of a portfolio, oldest first. */
export const readMonthCheckpoints = async (engine: Engine, id: string): Promise<MonthCheckpoint[]> => {
  const input = await select(
    engine,
    `SELECT month, t, digest, content, ticks, newest, stored FROM ${tableIn(engine)} FINAL WHERE id = {id:String} ORDER BY month ${READ_LIMITS}`,
    { id },
  )
  const months: MonthCheckpoint[] = []
  while (!input.ended) {
    months.push({
      month: ms.read(input),
      t: ms.read(input),
      digest: text.read(input),
      content: text.read(input),
      candles: { ticks: Number(count.read(input)), newest: ms.read(input) },
      stored: ms.read(input),
    })
  }
  return months
}

/** Reads the state from which the computing goes on after a month. */
export const readCheckpoint = async (engine: Engine, id: string, month: number): Promise<Checkpoint> => {
  const input = await select(
    engine,
    `SELECT checkpoint FROM ${tableIn(engine)} FINAL WHERE id = {id:String} AND month = ${timeOf('month')} ${READ_LIMITS}`,
    { id, month },
  )
  return JSON.parse(text.read(input)) as Checkpoint
}

/** Returns the digest of a checkpoint, given as JSON. */
export const contentOf = (checkpoint: string): string => sha256(checkpoint)

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Stores a month's checkpoint, whose state is `json`, in place of the one before it. */
export const storeCheckpoint = async (engine: Engine, id: string, checkpoint: MonthCheckpoint, json: string): Promise<void> => {
  const { month, t, digest, content, candles, stored } = checkpoint
  await engine.client.insert({
    table: tableIn(engine),
    values: [{ id, month, t, digest, content, ...candles, checkpoint: json, stored }],
    format: 'JSONEachRow',
    clickhouse_settings: { async_insert: 0 },
  })
}

const tableIn = ({ database }: Engine): string => `${quoted(database)}.pnl_checkpoints`

const text = codecOf('String') as Codec<string>
const count = codecOf('UInt64') as Codec<bigint>
const ms = codecOf(TIME) as Codec<number>
